"""Opening a log: what lies in its directory becomes a Log, after a clean stop or a crash.

After a crash everything from the recovery point on is read and checked. A torn tail,
which no sync covered, is cut at the last whole batch; nothing before it is touched. What
was synced once and is damaged now is another matter: nobody knows what is missing, so the
log is not opened at all (StorageError) rather than cut.

Invariants:
- What is found is synced before the log is used: a kill leaves it in the page cache only.
- A second recovery finds nothing to do.
- The log end never lies before the log start.

Not here: going through the bytes (recovery_scan.py).
Spec: org.apache.kafka.storage.internals.log.LogLoader; KIP-101.
"""

from dataclasses import dataclass, field

from engine.core.log.config import LogConfig
from engine.core.log.leader_epochs import LeaderEpochs
from engine.core.log.producer_state import ProducerState
from engine.core.log.sparse_index import SparseIndex
from engine.core.records.batch import HEADER_BYTES, read_header
from engine.storage import checkpoints, reading
from engine.storage.disk import Disk, DiskFailed
from engine.storage.indexes import load_indexes, save_indexes
from engine.storage.log import Log
from engine.storage.producer_snapshots import decode_snapshot
from engine.storage.recovery_scan import replay, whole_batches
from engine.storage.segment import (
    DELETED_SUFFIX,
    INDEX_SUFFIX,
    LOG_SUFFIX,
    SNAPSHOT_SUFFIX,
    TIME_INDEX_SUFFIX,
    Segment,
    segment_name,
)

NAME_DIGITS = 20
LEFTOVER_SUFFIXES = (DELETED_SUFFIX, ".cleaned", ".tmp")


@dataclass(slots=True)
class _Opening:
    """A log on its way: what is known so far."""

    disk: Disk
    directory: str
    config: LogConfig
    wall_ms: int
    recovery_point: int
    names: list[str]
    segments: list[Segment] = field(default_factory=list)
    producers: ProducerState = field(default_factory=ProducerState)
    replayed_to: int = 0  # the producers are those of the log up to here
    epochs: LeaderEpochs = field(default_factory=LeaderEpochs)
    next_offset: int = 0

    def path(self, base_offset: int, suffix: str) -> str:
        """Return the path of one of a segment's files."""
        return f"{self.directory}/{segment_name(base_offset, suffix)}"


def open_log(
    disk: Disk,
    directory: str,
    config: LogConfig,
    *,
    clean: bool,
    wall_ms: int,
    recovery_point: int = 0,
    log_start_offset: int = 0,
) -> Log:
    """Open the log in `directory`, or make it; what it holds afterwards is synced.

    `clean` says that the last run closed it in order. Raises StorageError if what was
    synced before cannot be read back.
    """
    opening = _Opening(disk, directory, config, wall_ms, recovery_point, _remove_leftovers(disk, directory))
    known_epochs = checkpoints.read_leader_epochs(disk, directory)
    if known_epochs is not None:
        opening.epochs.entries[:] = known_epochs.entries
    _open_segments(opening, log_start_offset)
    if not clean or known_epochs is None or not _open_clean(opening):
        # Leader epochs that are lost are told by the batches, all of them.
        _recover(opening, scan_from=0 if known_epochs is None else recovery_point)
    _finish_producers(opening)
    start = max(log_start_offset, opening.segments[0].base_offset)
    if start > opening.next_offset:
        _begin_anew(opening, start)
    _settle_epochs(opening, start, known_epochs)
    return Log(
        disk,
        directory,
        config,
        opening.segments,
        log_start_offset=start,
        log_end_offset=opening.next_offset,
        recovery_point=opening.next_offset,
        producers=opening.producers,
        leader_epochs=opening.epochs,
    )


def _remove_leftovers(disk: Disk, directory: str) -> list[str]:
    names = disk.names(directory)
    for name in names:
        if name.endswith(LEFTOVER_SUFFIXES):
            disk.delete(f"{directory}/{name}")
    return [name for name in names if not name.endswith(LEFTOVER_SUFFIXES)]


def _open_segments(opening: _Opening, log_start_offset: int) -> None:
    bases = _offsets(opening.names, LOG_SUFFIX) or [log_start_offset]
    for base_offset in bases:
        file = opening.disk.open(opening.path(base_offset, LOG_SUFFIX))
        segment = Segment(
            base_offset,
            file,
            size=opening.disk.size(file),
            index=None,
            index_due=opening.config.index_interval_bytes,
            created_ms=opening.wall_ms,
        )
        segment.asked_size = segment.size
        opening.segments.append(segment)
    opening.next_offset = bases[0]


def _offsets(names: list[str], suffix: str) -> list[int]:
    """Return the offsets that file names of one kind begin with, in order."""
    numbers = [name.removesuffix(suffix) for name in names if name.endswith(suffix)]
    return sorted(int(text) for text in numbers if len(text) == NAME_DIGITS and text.isascii() and text.isdigit())


# ---- after a clean stop
def _open_clean(opening: _Opening) -> bool:
    """Trust the files of a clean stop as far as they fit together; say whether they do."""
    active = opening.segments[-1]
    if active.size == 0:
        active.index = SparseIndex()
        opening.next_offset = active.base_offset
        return True
    if not load_indexes(opening.disk, opening.directory, active):
        return False
    assert active.index is not None
    # The files tell the batches of the index; the few after the last entry tell the end.
    position = active.index.positions[-1] if active.index.positions else 0
    size, next_offset = active.size, active.base_offset
    first = read_header(opening.disk.read(active.file, 0, HEADER_BYTES)) if size >= HEADER_BYTES else None
    if first is None:
        return False
    for at, header in whole_batches(
        opening.disk, active, size, position=position, next_offset=active.base_offset, check_crc=False
    ):
        position, next_offset = at + header.size, header.last_offset + 1
        if header.max_timestamp > active.max_timestamp:
            active.max_timestamp, active.max_timestamp_offset = header.max_timestamp, header.last_offset
    if position != size:
        active.index = None
        return False
    active.note_age(first.max_timestamp, opening.config)
    active.index_due = (
        active.index.positions[-1] if active.index.positions else 0
    ) + opening.config.index_interval_bytes
    opening.next_offset = next_offset
    return True


# ---- after a crash
def _recover(opening: _Opening, *, scan_from: int) -> None:
    """Check every segment that reaches beyond `scan_from`; cut the torn tail."""
    segments = opening.segments
    slot = 0
    while slot < len(segments) - 1 and segments[slot + 1].base_offset <= scan_from:
        slot += 1
    opening.next_offset = segments[slot].base_offset
    compacted = "compact" in opening.config.cleanup_policy  # then there are holes between segments
    _start_producers(opening, opening.next_offset)
    while slot < len(segments):
        segment = segments[slot]
        if segment.base_offset > max(opening.next_offset, opening.recovery_point) and not compacted:
            # What lies before it was never synced and is gone, all of it: no torn batch tells.
            for gone in segments[slot:]:
                _drop_segment(opening, gone)
            del segments[slot:]
            break
        opening.next_offset = max(opening.next_offset, segment.base_offset)
        if not _recover_segment(opening, segment, is_last=slot == len(segments) - 1):
            for gone in segments[slot + 1 :]:
                _drop_segment(opening, gone)
            del segments[slot + 1 :]
        slot += 1
    for segment in segments[:-1]:
        segment.index = None  # it is in its files; thousands of logs need not be in memory
    if opening.next_offset < opening.recovery_point:
        raise DiskFailed(
            f"{opening.directory} ends at offset {opening.next_offset}, but was synced up to {opening.recovery_point}"
        )


def _recover_segment(opening: _Opening, segment: Segment, *, is_last: bool) -> bool:
    """Make index, producers and epochs of one segment from its batches; say whether all of it was whole."""
    disk = opening.disk
    size, segment.size, segment.index = segment.size, 0, SparseIndex()
    for _, header in whole_batches(disk, segment, size, next_offset=opening.next_offset, check_crc=True):
        segment.note_batch(header.base_offset, header.last_offset, header.size, header.max_timestamp, opening.config)
        replay(header, opening.producers, opening.epochs)
        opening.next_offset = opening.replayed_to = header.last_offset + 1
    whole = segment.size == size
    if not whole:
        _refuse_to_cut(opening, segment, size, is_last=is_last)
        disk.truncate(segment.file, segment.size)
    disk.sync(segment.file)
    segment.asked_size = segment.size
    if not is_last:
        for file in save_indexes(disk, opening.directory, segment):
            disk.sync(file)
            disk.close(file)
    return whole


def _refuse_to_cut(opening: _Opening, segment: Segment, size: int, *, is_last: bool) -> None:
    """A torn tail may be cut; what was synced, or has good batches after it, is damage: raise."""
    name = segment_name(segment.base_offset, LOG_SUFFIX)
    at = f"{opening.directory}/{name} is damaged at byte {segment.size} (offset {opening.next_offset})"
    if opening.next_offset < opening.recovery_point:
        raise DiskFailed(f"{at}: it was synced up to offset {opening.recovery_point}")
    if not is_last and _batch_follows(opening, segment, size):
        raise DiskFailed(f"{at}: whole record batches follow the damaged one")


def _batch_follows(opening: _Opening, segment: Segment, size: int) -> bool:
    """Whether a valid batch begins where the bad one, by its own word, ends."""
    head = opening.disk.read(segment.file, segment.size, HEADER_BYTES)
    if len(head) < HEADER_BYTES:
        return False
    header = read_header(head)
    if not HEADER_BYTES <= header.size <= size - segment.size:
        return False
    after = whole_batches(
        opening.disk,
        segment,
        size,
        position=segment.size + header.size,
        next_offset=opening.next_offset,
        check_crc=True,
    )
    return next(after, None) is not None


def _drop_segment(opening: _Opening, segment: Segment) -> None:
    opening.disk.close(segment.file)
    for suffix in (LOG_SUFFIX, INDEX_SUFFIX, TIME_INDEX_SUFFIX):
        opening.disk.delete(opening.path(segment.base_offset, suffix))


def _begin_anew(opening: _Opening, start: int) -> None:
    """Everything in the files lies before the log start: go on there, with an empty segment."""
    for segment in opening.segments:
        _drop_segment(opening, segment)
    opening.segments = []
    opening.names = []
    _open_segments(opening, start)
    opening.segments[0].index = SparseIndex()


# ---- beside the segments
def _start_producers(opening: _Opening, offset: int) -> None:
    """Load the newest snapshot at or before `offset`, and read the batches between."""
    for snapshot in reversed(_offsets(opening.names, SNAPSHOT_SUFFIX)):
        if snapshot <= offset:
            content = opening.disk.read_whole(opening.path(snapshot, SNAPSHOT_SUFFIX))
            state = None if content is None else decode_snapshot(content)
            if state is not None:
                opening.producers, opening.replayed_to = state, snapshot
                break
    else:
        opening.producers, opening.replayed_to = ProducerState(), 0
    for segment in opening.segments:
        if segment.base_offset >= offset or opening.replayed_to >= offset:
            break
        _replay_headers(opening, segment)


def _replay_headers(opening: _Opening, segment: Segment) -> None:
    """Tell the producers of the batches of a segment that need no check."""
    if opening.segments[-1] is not segment:
        after = opening.segments[opening.segments.index(segment) + 1].base_offset
        if after <= opening.replayed_to:
            return
    for _, header in reading.headers(opening.disk, segment.file, 0, segment.size):
        if header.base_offset >= opening.replayed_to:
            replay(header, opening.producers, opening.epochs)
            opening.replayed_to = header.last_offset + 1


def _finish_producers(opening: _Opening) -> None:
    """After a clean stop there is a snapshot at the log end; else what recovery did not replay is read here."""
    end = opening.next_offset
    if opening.replayed_to < end:
        _start_producers(opening, end)
    for snapshot in _offsets(opening.names, SNAPSHOT_SUFFIX):
        if snapshot > end:
            opening.disk.delete(opening.path(snapshot, SNAPSHOT_SUFFIX))


def _settle_epochs(opening: _Opening, start: int, known: LeaderEpochs | None) -> None:
    epochs = opening.epochs
    epochs.truncate_from_end(opening.next_offset + 1)  # one that begins at the end has no records yet: that is fine
    epochs.truncate_from_start(start)
    if known is None or epochs.entries != known.entries:
        checkpoints.write_leader_epochs(opening.disk, opening.directory, epochs)
