"""The log of one partition on a Disk: append, roll, and the doors to reading and deleting.

Record batches stay opaque: of each we read the 61-byte header, compare the CRC, and
stamp base offset and leader epoch, which lie outside the CRC. `append` is the hot path
of the whole engine; what is rare in it lives in functions of its own.

Invariants:
- `log_start_offset <= log_end_offset`; offsets of batches strictly increase.
- `segments` is never empty, in offset order; the last one, `active`, is appended to.
- An append that fails leaves the log as it was.
- The state is plain data: files are the Disk's numbers.

Not here: reading (reading.py), opening (recovery.py), deleting (deletion.py), who may
read how far (broker/partition.py), which sync covers what (broker/durability.py).
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
from engine.core.records.batch import CRC_START, HEADER, HEADER_BYTES, LENGTH_END
from engine.core.records.builder import BatchBuilder
from engine.storage import reading
from engine.storage.disk import Disk
from engine.storage.segment import LOG_SUFFIX, Segment, segment_name

__all__ = ["Log", "LogPosition"]

_unpack_header = HEADER.unpack_from
_pack_stamp = Struct(">qii").pack_into  # base offset, length (as it was), leader epoch
# Attribute bits a producer's batch may have without a closer look: none but a codec (and its number may be wrong).
_ORDINARY_ATTRIBUTES = 4


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
    batch_bytes_max: int = field(init=False)  # of a batch that needs no closer look
    timestamp_after_max_ms: int = field(init=False)
    unsynced: list[int] = field(default_factory=list)  # files of closed segments that no sync was asked for yet

    def __post_init__(self) -> None:
        self.active = self.segments[-1]
        self.leader_epoch = self.leader_epochs.latest
        self.reconfigure(self.config)

    def reconfigure(self, config: LogConfig) -> None:
        """Use other configs from now on."""
        self.config = config
        self.batch_bytes_max = min(config.max_message_bytes, config.segment_bytes)
        by_append = config.message_timestamp_type == LOG_APPEND_TIME
        self.timestamp_after_max_ms = LONG_MAX if by_append else config.message_timestamp_after_max_ms

    # ---- append
    def append(
        self, buffer: bytearray, view: memoryview, start: int, length: int, leader_epoch: int, wall_ms: int
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
        end = start + length
        if (
            magic != 2
            or claimed_length + LENGTH_END != length
            or count != last_delta + 1
            or count < 1
            or length > self.batch_bytes_max
            or max_timestamp - wall_ms > self.timestamp_after_max_ms
            or claimed_offset
            or not 0 <= attributes <= _ORDINARY_ATTRIBUTES
            or crc32c(view[start + CRC_START : end]) != crc
        ):
            self._refuse(view, start, length, wall_ms)
        if producer_id >= 0:
            if sequence < 0:
                self._refuse(view, start, length, wall_ms)
            last_sequence = sequence + last_delta & SEQUENCE_MASK
            known = self.producers.check(producer_id, producer_epoch, sequence, last_sequence)
            if known is not None:
                return known
        base_offset = self.log_end_offset
        last_offset = base_offset + last_delta
        _pack_stamp(buffer, start, base_offset, claimed_length, leader_epoch)
        self._write(view[start:end], length, last_offset, max_timestamp, leader_epoch, wall_ms)
        if producer_id >= 0:
            self.producers.remember(
                producer_id, producer_epoch, (sequence, last_sequence, base_offset, last_offset, max_timestamp)
            )
        return base_offset

    def append_records(
        self,
        records: Sequence[tuple[bytes | None, bytes | None]],
        *,
        leader_epoch: int,
        wall_ms: int,
        control: bool = False,
    ) -> int:
        """Write records of the broker's own (key, value) as one batch, unchecked; return its base offset."""
        builder = BatchBuilder()
        for key, value in records:
            builder.add(key=key, value=value, timestamp=wall_ms)
        base_offset = self.log_end_offset
        batch = builder.build(base_offset=base_offset, leader_epoch=leader_epoch, control=control)
        last_offset = base_offset + builder.last_offset_delta
        self._write(memoryview(batch), len(batch), last_offset, wall_ms, leader_epoch, wall_ms)
        return base_offset

    def _refuse(self, view: memoryview, start: int, length: int, wall_ms: int) -> None:
        """Raise what is wrong with the batch, if anything is: some headers only need a closer look."""
        error = refusal(view, start, length, self.config, wall_ms)
        if error is not None:
            raise error

    def _write(
        self, batch: memoryview, length: int, last_offset: int, max_timestamp: int, leader_epoch: int, wall_ms: int
    ) -> None:
        """Write a stamped batch at the end: the offsets, the index and the epochs follow."""
        active = self.active
        position = active.size
        if (
            position + length > self.config.segment_bytes
            or max_timestamp > active.roll_after_timestamp
            or wall_ms > active.roll_after_wall_ms
            or last_offset - active.base_offset > RELATIVE_OFFSET_MAX
        ) and position:
            active = self.roll(wall_ms)
            position = 0
        if leader_epoch != self.leader_epoch:
            self.assign_leader_epoch(leader_epoch)
        self.disk.append(active.file, batch)
        if position > active.index_due:
            active.add_index_entry(base_offset=self.log_end_offset, last_offset=last_offset, config=self.config)
        elif not position:
            active.note_first(max_timestamp, self.config)
        active.size = position + length
        if max_timestamp > active.max_timestamp:
            active.max_timestamp = max_timestamp
            active.max_timestamp_offset = last_offset
        self.log_end_offset = last_offset + 1

    def assign_leader_epoch(self, leader_epoch: int) -> None:
        """Note that a leader epoch begins at the log end, durably."""
        self.leader_epochs.assign(leader_epoch, self.log_end_offset)
        self.leader_epoch = leader_epoch

    def roll(self, wall_ms: int) -> Segment:
        """Begin a new segment at the log end; return it."""
        closed = self.active
        self.unsynced.append(closed.file)
        path = f"{self.directory}/{segment_name(self.log_end_offset, LOG_SUFFIX)}"
        self.active = Segment(
            self.log_end_offset, self.disk.open(path), index_due=self.config.index_interval_bytes, created_ms=wall_ms
        )
        self.segments.append(self.active)
        return self.active

    # ---- places
    def end_position(self) -> LogPosition:
        """Where the next batch will begin."""
        active = self.active
        return LogPosition(self.log_end_offset, active.base_offset, active.size)

    def locate(self, offset: int, end: LogPosition, bytes_max: int) -> Region | None:
        """Return whole batches from the one that holds `offset`, in one segment and before `end`; None at the end.

        At least one batch, even if it is larger than `bytes_max`.
        """
        return reading.locate(self.disk, self.directory, self.segments, offset, end, bytes_max)

    def read(self, offset: int, end: LogPosition, bytes_max: int) -> bytes:
        """Return the bytes that `locate` finds; none at the end."""
        region = self.locate(offset, end, bytes_max)
        return b"" if region is None else self.disk.read(region.file, region.position, region.length)

    # ---- syncs
    def dirty_files(self) -> list[int]:
        """Return the files appended to since this was last asked: the next sync is to cover them."""
        files, self.unsynced = self.unsynced, []
        active = self.active
        if active.size != active.asked_size:
            active.asked_size = active.size
            files.append(active.file)
        return files
