"""Finding batches in a log's segments: by offset for a fetch, by timestamp for a lookup.

A search goes by the sparse index to the batch at or before the wanted one, then from
header to header. Regions end where the index knows a batch to begin, so a consumer
seldom gets a batch it must throw away. Only lookups by time look into a batch, one.

Invariant: nothing at or after `end` is ever returned.
Not here: who may read how far (broker/partition.py).
Spec: KIP-79 (lookup by time), KIP-734 (the latest timestamp).
"""

from bisect import bisect_right
from collections.abc import Iterator
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from engine.core.connection.out_queue import Region
from engine.core.log.offsets import LogPosition
from engine.core.records.batch import HEADER_BYTES, LENGTH_END, BatchHeader, new_tuple, read_header
from engine.core.records.record import Record, decode_records
from engine.storage import recovery_scan
from engine.storage.disk import Disk, DiskFailed
from engine.storage.indexes import load_indexes
from engine.storage.segment import LOG_SUFFIX, Segment, segment_name

if TYPE_CHECKING:
    from engine.storage.log import Log

_unpack_place = Struct(">qi11xi").unpack_from  # base offset, length, last offset delta
WALK_BYTES = 16 << 10  # what is read at once when going from header to header
LOADED_INDEXES_MAX = 4  # closed segments of one log whose index is kept in memory


class TimedOffset(NamedTuple):
    """A record that a lookup by time found."""

    timestamp: int
    offset: int
    leader_epoch: int


def segment_slot(segments: list[Segment], offset: int) -> int:
    """Return the number of the segment that holds `offset`, or would."""
    last = len(segments) - 1
    if offset >= segments[last].base_offset:
        return last
    return max(0, bisect_right(segments, offset, key=lambda segment: segment.base_offset) - 1)


def ensure_index(log: "Log", segment: Segment) -> None:
    """Load the index of a closed segment, or make it again if its files are missing or cannot be right."""
    if segment.index is not None:
        return
    loaded = [other for other in log.segments[:-1] if other.index is not None]
    if len(loaded) >= LOADED_INDEXES_MAX:
        for other in loaded:
            other.index = None
    if not load_indexes(log.disk, log.directory, segment):
        recovery_scan.rebuild_index(log.disk, log.directory, segment, log.config)


def headers(disk: Disk, file: int, position: int, limit: int) -> Iterator[tuple[int, BatchHeader]]:
    """Go from batch to batch, from `position` (where one begins) up to `limit`: (position, header) of each."""
    chunk, chunk_start = b"", position
    while position + HEADER_BYTES <= limit:
        at = position - chunk_start
        if at + HEADER_BYTES > len(chunk):
            chunk, chunk_start, at = disk.read(file, position, min(WALK_BYTES, limit - position)), position, 0
            if len(chunk) < HEADER_BYTES:
                raise DiskFailed(f"a log file ends at {position + len(chunk)}, before {limit}")
        header = read_header(chunk, at)
        if header.length < HEADER_BYTES - LENGTH_END:
            raise DiskFailed(f"no record batch begins at {position}: its length is {header.length}")
        yield position, header
        position += header.size


def locate(log: "Log", offset: int, end: LogPosition, bytes_max: int) -> Region | None:
    """Return whole batches from the one that holds `offset`, in one segment and before `end`; None at the end."""
    if offset >= end.offset:
        return None
    segments = log.segments
    for slot in range(segment_slot(segments, offset), len(segments)):
        segment = segments[slot]
        is_last = segment.base_offset == end.segment_base_offset
        limit = end.position if is_last else segment.size
        position = segment.ends.get(offset)
        if position is None:
            position = batch_position(log, segment, offset, limit)
        if position < limit:
            length = limit - position
            if length > bytes_max:
                length = _shorter_length(log, segment, position, limit, bytes_max)
            elif is_last:
                segment.remember_end(end.offset, limit)
            return new_tuple(Region, (segment.file, position, length))
        if is_last:
            break
    return None


def batch_position(log: "Log", segment: Segment, offset: int, limit: int) -> int:
    """Return where the first batch begins whose last offset is at or after `offset`; `limit` if there is none."""
    if segment.index is None:
        ensure_index(log, segment)
    assert segment.index is not None
    start, exact = segment.index.position_before(offset - segment.base_offset)
    if exact:
        return start
    return _walk_to(log.disk, segment.file, offset, start, limit)


def _walk_to(disk: Disk, file: int, offset: int, position: int, limit: int) -> int:
    """Go from header to header until a batch reaches `offset`. As `headers`, but for every fetch of small batches."""
    chunk, chunk_start, chunk_end = b"", position, position
    while position + HEADER_BYTES <= limit:
        if position + HEADER_BYTES > chunk_end:
            chunk, chunk_start = disk.read(file, position, min(WALK_BYTES, limit - position)), position
            chunk_end = position + len(chunk)
            if len(chunk) < HEADER_BYTES:
                raise DiskFailed(f"a log file ends at {chunk_end}, before {limit}")
        base_offset, length, last_delta = _unpack_place(chunk, position - chunk_start)
        if base_offset + last_delta >= offset:
            return position
        if length < HEADER_BYTES - LENGTH_END:
            raise DiskFailed(f"no record batch begins at {position}: its length is {length}")
        position += LENGTH_END + length
    return limit


def _shorter_length(log: "Log", segment: Segment, position: int, limit: int, bytes_max: int) -> int:
    """Return the length of whole batches that fit in `bytes_max`, or of one batch."""
    if segment.index is None:
        ensure_index(log, segment)
    assert segment.index is not None
    boundary = segment.index.boundary_before(min(position + bytes_max, limit))
    if boundary > position:
        return boundary - position
    length = 0
    for _, header in headers(log.disk, segment.file, position, limit):
        if length and length + header.size > bytes_max:
            break
        length += header.size
    return length


# ---- by time
def offset_for_timestamp(log: "Log", timestamp: int, end: LogPosition) -> TimedOffset | None:
    """Return the first record before `end`, and not before the log start, that is not older than `timestamp`."""
    for segment in log.segments:
        if segment.base_offset >= end.offset:
            break
        ensure_index(log, segment)
        if segment.max_timestamp < timestamp:
            continue
        assert segment.index is not None
        limit = end.position if segment.base_offset == end.segment_base_offset else segment.size
        start = segment.index.offset_before_timestamp(timestamp)
        position = segment.index.position_before(start)[0]
        for at, header in headers(log.disk, segment.file, position, limit):
            if header.max_timestamp < timestamp or header.last_offset < log.log_start_offset:
                continue
            # The header's latest timestamp is a producer's word: the batch may hold nothing so late.
            for record in _records(log, segment, at, header):
                if record.timestamp >= timestamp and log.log_start_offset <= record.offset < end.offset:
                    return TimedOffset(record.timestamp, record.offset, header.leader_epoch)
    return None


def offset_of_max_timestamp(log: "Log", end: LogPosition) -> TimedOffset | None:
    """Return the first of the latest records before `end`; None if no record has a time."""
    best: TimedOffset | None = None
    for segment in log.segments:
        if segment.base_offset >= end.offset:
            break
        ensure_index(log, segment)
        if segment.max_timestamp < 0 or (best is not None and segment.max_timestamp <= best.timestamp):
            continue
        found = _max_timestamp_in(log, segment, end)
        if found is not None and (best is None or found.timestamp > best.timestamp):
            best = found
    return best


def _max_timestamp_in(log: "Log", segment: Segment, end: LogPosition) -> TimedOffset | None:
    limit = end.position if segment.base_offset == end.segment_base_offset else segment.size
    start = 0
    if log.log_start_offset <= segment.max_timestamp_offset < end.offset:
        start = batch_position(log, segment, segment.max_timestamp_offset, limit)
    latest: tuple[int, BatchHeader] | None = None
    for position, header in headers(log.disk, segment.file, start, limit):
        if header.last_offset < log.log_start_offset:
            continue
        if latest is None or header.max_timestamp > latest[1].max_timestamp:
            latest = position, header
        if header.max_timestamp == segment.max_timestamp:
            break
    if latest is None or latest[1].max_timestamp < 0:
        return None
    records = [
        record for record in _records(log, segment, *latest) if log.log_start_offset <= record.offset < end.offset
    ]
    if not records:
        return None
    found = max(records, key=lambda record: (record.timestamp, -record.offset))
    return TimedOffset(found.timestamp, found.offset, latest[1].leader_epoch)


def _records(log: "Log", segment: Segment, position: int, header: BatchHeader) -> list[Record]:
    batch = log.disk.read(segment.file, position, header.size)
    if len(batch) != header.size:
        name = segment_name(segment.base_offset, LOG_SUFFIX)
        raise DiskFailed(f"{log.directory}/{name} ends within the batch at {position}")
    return decode_records(batch)
