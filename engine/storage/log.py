"""The log of one partition on a Disk: append, roll, and the doors to reading and deleting.

Record batches stay opaque: of each we read the 61-byte header, compare the CRC, and
stamp base offset and leader epoch, which lie outside the CRC. `append` is the hot path
of the whole engine; what is rare in it lives in functions of its own.

Invariants:
- `log_start_offset <= log_end_offset`; offsets of batches strictly increase.
- `segments` is never empty, in offset order; the last one, `active`, is appended to.
- An append that fails leaves the log as it was.
- The state is plain data: files are the Disk's numbers.

Not here: reading (reading.py), opening (recovery.py), deleting (deletion.py), records
that must be looked at (rewriting.py), who may read how far (broker/partition.py), which
sync covers what (broker/durability.py).
Spec: org.apache.kafka.storage.internals.log.UnifiedLog.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from struct import Struct

from crc32c import crc32c

from engine.core.connection.out_queue import Region
from engine.core.log.config import LOG_APPEND_TIME, LONG_MAX, LogConfig
from engine.core.log.leader_epochs import LeaderEpochs
from engine.core.log.offsets import LogPosition
from engine.core.log.producer_state import SEQUENCE_MASK, ProducerState
from engine.core.log.rolling import RELATIVE_OFFSET_MAX
from engine.core.log.validation import refusal
from engine.core.records.batch import CRC_START, HEADER, HEADER_BYTES, LENGTH_END, new_tuple
from engine.core.records.builder import BatchBuilder
from engine.storage import checkpoints, deletion, reading, rewriting
from engine.storage.deletion import DeletedSegment
from engine.storage.disk import Disk, StorageError
from engine.storage.indexes import save_indexes, write_unsynced
from engine.storage.producer_snapshots import encode_snapshot
from engine.storage.reading import TimedOffset
from engine.storage.segment import LOG_SUFFIX, SNAPSHOT_SUFFIX, Segment, segment_name

__all__ = ["Log", "LogPosition"]

_unpack_header = HEADER.unpack_from
_pack_stamp = Struct(">qii").pack_into  # base offset, length (as it was), leader epoch
# A batch whose attributes are more than a codec needs a closer look.
_PLAIN_ATTRIBUTES_MAX = 4


@dataclass(slots=True, eq=False)
class Log:
    """One partition's log. Made by recovery.open_log."""

    disk: Disk
    directory: str  # "orders-0"
    config: LogConfig
    segments: list[Segment]
    log_start_offset: int = 0
    log_end_offset: int = 0
    recovery_point: int = 0  # everything below is known to be synced; its owner moves it
    producers: ProducerState = field(default_factory=ProducerState)
    leader_epochs: LeaderEpochs = field(default_factory=LeaderEpochs)
    leader_epoch: int = -1  # of the newest record, or assigned since
    active: Segment = field(init=False)
    segment_bytes: int = field(init=False)
    batch_bytes_max: int = field(init=False)  # larger ones need a closer look
    timestamp_after_max_ms: int = field(init=False)
    stamps_append_time: bool = field(init=False)
    looks_inside: bool = field(init=False)  # batches must be parsed, or stamped beyond offsets
    unsynced: list[int] = field(default_factory=list)  # files of closed segments that no sync was asked for yet
    deleted: list[DeletedSegment] = field(default_factory=list)  # renamed, not yet unlinked; oldest first

    def __post_init__(self) -> None:
        self.active = self.segments[-1]
        self.leader_epoch = self.leader_epochs.latest
        self.reconfigure(self.config)

    def reconfigure(self, config: LogConfig) -> None:
        """Use other configs from now on."""
        self.config = config
        self.segment_bytes = config.segment_bytes
        self.batch_bytes_max = min(config.max_message_bytes, config.segment_bytes)
        self.stamps_append_time = config.message_timestamp_type == LOG_APPEND_TIME
        self.timestamp_after_max_ms = LONG_MAX if self.stamps_append_time else config.message_timestamp_after_max_ms
        self.looks_inside = self.stamps_append_time or rewriting.must_parse(config)

    # ---- append
    def append(
        self, buffer: bytearray | memoryview, view: memoryview, start: int, length: int, leader_epoch: int, wall_ms: int
    ) -> int:
        """Check, stamp in place and write ONE batch of a producer; return its base offset, also a known duplicate's.

        `view` is a view of `buffer`. A duplicate leaves `log_end_offset` as it was.
        """
        if length < HEADER_BYTES:
            self._refuse(view, start, length, wall_ms)
        (
            claimed_offset, claimed_length, _, magic, crc, attributes, last_delta, _, max_timestamp,
            producer_id, producer_epoch, sequence, count,
        ) = _unpack_header(buffer, start)  # fmt: skip
        if (
            magic != 2
            or claimed_length + LENGTH_END != length
            or count != last_delta + 1
            or count < 1
            or length > self.batch_bytes_max
            or max_timestamp - wall_ms > self.timestamp_after_max_ms
            or claimed_offset
            or not 0 <= attributes <= _PLAIN_ATTRIBUTES_MAX
            or crc32c(view[start + CRC_START : start + length]) != crc
        ):
            self._refuse(view, start, length, wall_ms)
        if self.looks_inside:
            buffer, max_timestamp = rewriting.rewrite(view[start : start + length], self.config, wall_ms)
            view, start, length = memoryview(buffer), 0, len(buffer)
        if producer_id >= 0:
            if sequence < 0:
                self._refuse(view, start, length, wall_ms)
            last_sequence = sequence + last_delta & SEQUENCE_MASK
            known = self.producers.check(producer_id, producer_epoch, sequence, last_sequence)
            if known is not None:
                return known
        base_offset = self.log_end_offset
        last_offset = base_offset + last_delta
        _pack_stamp(buffer, start, base_offset, length - LENGTH_END, leader_epoch)
        active = self.active
        position = active.size
        try:
            if (
                0 < position <= active.index_due
                and position + length <= self.segment_bytes
                and max_timestamp <= active.roll_after_timestamp
                and wall_ms <= active.roll_after_wall_ms
                and leader_epoch == self.leader_epoch
                and last_offset - active.base_offset <= RELATIVE_OFFSET_MAX
            ):  # the common case of _write, in place
                self.disk.append(active.file, view[start : start + length])
                active.size = position + length
                if max_timestamp > active.max_timestamp:
                    active.max_timestamp, active.max_timestamp_offset = max_timestamp, last_offset
                self.log_end_offset = last_offset + 1
            else:
                self._write(view[start : start + length], length, last_offset, max_timestamp, leader_epoch, wall_ms)
        except StorageError:
            _pack_stamp(buffer, start, 0, length - LENGTH_END, -1)  # as it came, so that it can be appended again
            raise
        if producer_id >= 0:
            self.producers.remember(
                producer_id, producer_epoch, (sequence, last_sequence, base_offset, last_offset, max_timestamp)
            )
        return base_offset

    def _refuse(self, view: memoryview, start: int, length: int, wall_ms: int) -> None:
        """Raise what is wrong with the batch, if anything is: some headers only need a closer look."""
        error = refusal(view, start, length, self.config, wall_ms)
        try:
            if error is not None:
                raise error
        finally:
            del error  # it holds this frame, and the frame holds the view: a circle that outlives the event

    def append_records(
        self,
        records: Sequence[tuple[bytes | None, bytes | None]],
        *,
        leader_epoch: int,
        wall_ms: int,
        control: bool = False,
    ) -> int:
        """Append one batch of the broker's own (key, value) records; return its base offset."""
        builder = BatchBuilder()
        for key, value in records:
            builder.add(key=key, value=value, timestamp=wall_ms)
        batch = builder.build(base_offset=self.log_end_offset, leader_epoch=leader_epoch, control=control)
        base_offset = self.log_end_offset
        last_offset = base_offset + builder.last_offset_delta
        self._write(memoryview(batch), len(batch), last_offset, wall_ms, leader_epoch, wall_ms)
        return base_offset

    def _write(
        self, batch: memoryview, length: int, last_offset: int, max_timestamp: int, leader_epoch: int, wall_ms: int
    ) -> None:
        """Write a stamped batch at the end, in a new segment if it is time."""
        active = self.active
        if (
            active.size + length > self.segment_bytes
            or max_timestamp > active.roll_after_timestamp
            or wall_ms > active.roll_after_wall_ms
            or last_offset - active.base_offset > RELATIVE_OFFSET_MAX
        ) and active.size:
            active = self.roll(wall_ms)
        if leader_epoch != self.leader_epoch:
            self.assign_leader_epoch(leader_epoch)
        self.disk.append(active.file, batch)
        active.note_batch(self.log_end_offset, last_offset, length, max_timestamp, self.config)
        self.log_end_offset = last_offset + 1

    def assign_leader_epoch(self, leader_epoch: int) -> None:
        """Note, durably, that a leader epoch begins at the log end."""
        before = list(self.leader_epochs.entries)
        if self.leader_epochs.assign(leader_epoch, self.log_end_offset):
            try:
                checkpoints.write_leader_epochs(self.disk, self.directory, self.leader_epochs)
            except StorageError:
                self.leader_epochs.entries[:] = before
                raise
        self.leader_epoch = leader_epoch

    # ---- segments
    def roll(self, wall_ms: int) -> Segment:
        """Close the active segment and begin a new one at the log end; return it."""
        closed = self.active
        assert closed.size, "an empty segment is as good as a new one"
        # First what may fail without harm: index files can be made again.
        index_files = save_indexes(self.disk, self.directory, closed)
        index_files.append(self._save_snapshot())
        file = self.disk.open(self._path(self.log_end_offset, LOG_SUFFIX))
        self.unsynced += (closed.file, *index_files)
        closed.index_files += index_files
        if len(self.segments) > 1:
            self.segments[-2].index = None  # only the segment just closed is likely to be read
        interval = self.config.index_interval_bytes
        self.active = Segment(self.log_end_offset, file, index_due=interval, created_ms=wall_ms)
        self.segments.append(self.active)
        return self.active

    def _save_snapshot(self) -> int:
        """Write what is known of producers at the log end, not yet synced; return the file's number."""
        path = self._path(self.log_end_offset, SNAPSHOT_SUFFIX)
        return write_unsynced(self.disk, path, encode_snapshot(self.producers))

    def _path(self, base_offset: int, suffix: str) -> str:
        return f"{self.directory}/{segment_name(base_offset, suffix)}"

    def delete_records(self, offset: int) -> None:
        """Begin the log at `offset`: what lies before it is not read any more, its segments go with the next pass."""
        assert offset <= self.log_end_offset, "nothing is deleted that is not there"
        if offset > self.log_start_offset:
            self.move_start(offset)

    def move_start(self, offset: int) -> None:
        """Set the log start, and forget leader epochs that ended before it."""
        assert self.log_start_offset <= offset <= self.log_end_offset, "the log start never goes back"
        self.log_start_offset = offset
        if self.leader_epochs.truncate_from_start(offset):
            checkpoints.write_leader_epochs(self.disk, self.directory, self.leader_epochs)

    def delete_old_segments(self, wall_ms: int, high_watermark: int) -> list[DeletedSegment]:
        """Take out what retention does not keep; its files are renamed, and unlinked by remove_deleted."""
        return deletion.delete_old_segments(self, wall_ms, high_watermark)

    def files_to_remove(self, wall_ms: int) -> list[int]:
        """Return the files that remove_deleted would close now."""
        return [file for gone in self.deleted if gone.due_wall_ms <= wall_ms for file in gone.files]

    def remove_deleted(self, wall_ms: int) -> None:
        """Unlink the files of deleted segments whose delay is over."""
        deletion.remove_deleted(self, wall_ms)

    # ---- places
    def end_position(self) -> LogPosition:
        """Where the next batch will begin."""
        active = self.active
        return new_tuple(LogPosition, (self.log_end_offset, active.base_offset, active.size))

    def locate(self, offset: int, end: LogPosition, bytes_max: int) -> Region | None:
        """Return whole batches from the one that holds `offset`, in one segment and before `end`; None at the end.

        At least one batch, even if it is larger than `bytes_max`.
        """
        return reading.locate(self, offset, end, bytes_max)

    def read(self, offset: int, end: LogPosition, bytes_max: int) -> bytes:
        """Return the bytes that `locate` finds; none at the end."""
        region = reading.locate(self, offset, end, bytes_max)
        return b"" if region is None else self.disk.read(region.file, region.position, region.length)

    def offset_for_timestamp(self, timestamp: int, end: LogPosition) -> TimedOffset | None:
        """Return the first record before `end` that is not older than `timestamp`."""
        return reading.offset_for_timestamp(self, timestamp, end)

    def offset_of_max_timestamp(self, end: LogPosition) -> TimedOffset | None:
        """Return the first of the latest records before `end`."""
        return reading.offset_of_max_timestamp(self, end)

    def end_offset_for_epoch(self, leader_epoch: int) -> tuple[int, int]:
        """Return (the largest epoch up to this one that has records, its end offset); (-1, -1) if unknown."""
        return self.leader_epochs.end_offset_for(leader_epoch, self.log_end_offset)

    # ---- files
    def dirty_files(self) -> list[int]:
        """Return the files appended to since this was last asked: the next sync is to cover them."""
        files, self.unsynced = self.unsynced, []
        active = self.active
        if active.size != active.asked_size:
            active.asked_size = active.size
            files.append(active.file)
        return files

    def files(self) -> list[int]:
        """Return every file that is open, those of deleted segments too."""
        kept = [file for segment in self.segments for file in (segment.file, *segment.index_files)]
        return kept + [file for gone in self.deleted for file in gone.files]

    def size_bytes(self) -> int:
        """Bytes of all batches."""
        return sum(segment.size for segment in self.segments)

    def close(self, clean: bool) -> None:
        """Close every file; if `clean`, leave everything synced and ready to be opened without recovery."""
        if clean:
            active = self.active
            active.index_files += save_indexes(self.disk, self.directory, active)
            active.index_files.append(self._save_snapshot())
            ends = [segment.base_offset for segment in self.segments[1:]] + [self.log_end_offset]
            for segment, end in zip(self.segments, ends, strict=True):
                # Not only what no sync was asked for: one may be under way, and nobody waits for its end.
                if end > self.recovery_point or segment is active:
                    for file in (segment.file, *segment.index_files):
                        self.disk.sync(file)
            self.unsynced = []
            self.recovery_point = self.log_end_offset
        for file in dict.fromkeys(self.files()):  # a snapshot may belong to a deleted segment and to the end
            self.disk.close(file)
        self.deleted = []
