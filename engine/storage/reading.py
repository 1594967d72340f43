"""Finding batches in a log's segments: by offset, for a fetch.

A search goes by the sparse index to the batch at or before the wanted one, then from
header to header. Regions end where the index knows a batch to begin, so a consumer
seldom gets a batch it must throw away.

Invariant: nothing at or after `end` is ever returned.
Not here: who may read how far (broker/partition.py).
"""

from bisect import bisect_right
from collections.abc import Iterator

from engine.core.connection.out_queue import Region
from engine.core.log.offsets import LogPosition
from engine.core.records.batch import HEADER_BYTES, BatchHeader, read_header
from engine.storage.disk import Disk
from engine.storage.segment import Segment

WALK_BYTES = 16 << 10  # what is read at once when going from header to header


def segment_slot(segments: list[Segment], offset: int) -> int:
    """Return the number of the segment that holds `offset`, or would."""
    last = len(segments) - 1
    if offset >= segments[last].base_offset:
        return last
    return max(0, bisect_right(segments, offset, key=lambda segment: segment.base_offset) - 1)


def headers(disk: Disk, file: int, position: int, limit: int) -> Iterator[tuple[int, BatchHeader]]:
    """Go from batch to batch, from `position` (where one begins) up to `limit`: (position, header) of each."""
    chunk, chunk_start = b"", position
    while position + HEADER_BYTES <= limit:
        at = position - chunk_start
        if at + HEADER_BYTES > len(chunk):
            chunk, chunk_start, at = disk.read(file, position, min(WALK_BYTES, limit - position)), position, 0
        header = read_header(chunk, at)
        yield position, header
        position += header.size


def locate(
    disk: Disk, directory: str, segments: list[Segment], offset: int, end: LogPosition, bytes_max: int
) -> Region | None:
    """Return whole batches from the one that holds `offset`, in one segment and before `end`; None at the end."""
    if offset >= end.offset:
        return None
    for slot in range(segment_slot(segments, offset), len(segments)):
        segment = segments[slot]
        limit = end.position if segment.base_offset == end.segment_base_offset else segment.size
        position = batch_position(disk, segment, offset, limit)
        if position < limit:
            length = _region_length(disk, segment, position, limit, bytes_max)
            if position + length == end.position and limit == end.position:
                segment.remember_end(end.offset, end.position)
            return Region(segment.file, position, length)
        if segment.base_offset == end.segment_base_offset:
            break
    return None


def batch_position(disk: Disk, segment: Segment, offset: int, limit: int) -> int:
    """Return where the first batch begins whose last offset is at or after `offset`; `limit` if there is none."""
    known = segment.ends.get(offset)
    if known is not None:
        return known
    assert segment.index is not None
    start, exact = segment.index.position_before(offset - segment.base_offset)
    if exact:
        return start
    for position, header in headers(disk, segment.file, start, limit):
        if header.last_offset >= offset:
            return position
    return limit


def _region_length(disk: Disk, segment: Segment, position: int, limit: int, bytes_max: int) -> int:
    length = limit - position
    if length <= bytes_max:
        return length
    assert segment.index is not None
    boundary = segment.index.boundary_before(min(position + bytes_max, limit))
    if boundary > position:
        return boundary - position
    length = 0
    for _, header in headers(disk, segment.file, position, limit):
        if length and length + header.size > bytes_max:
            break
        length += header.size
    return length
