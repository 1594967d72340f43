"""The index files of closed segments, in Kafka's formats: `.index` and `.timeindex`.

`.index`: entries of 8 bytes, (last offset of a batch relative to the segment, position of
the batch). `.timeindex`: 12 bytes, (latest timestamp so far, relative offset of its batch).
They carry no checksum; one that cannot be right is made again from the log.

Invariants: entries strictly increase; positions lie inside the segment.
Not here: the table in memory (core/log/sparse_index.py).
Spec: org.apache.kafka.storage.internals.log.OffsetIndex, TimeIndex.
"""

import sys
from array import array
from itertools import pairwise
from operator import lt

from engine.core.log.sparse_index import SparseIndex
from engine.storage.disk import Disk
from engine.storage.segment import INDEX_SUFFIX, TIME_INDEX_SUFFIX, Segment, segment_name

OFFSET_ENTRY_BYTES = 8
TIME_ENTRY_BYTES = 12
_SWAP = sys.byteorder == "little"  # the files are big-endian


def _big_endian(values: "array[int]") -> "array[int]":
    swapped = array(values.typecode, values)
    if _SWAP:
        swapped.byteswap()
    return swapped


def encode_offset_index(index: SparseIndex) -> bytes:
    """Return the content of the `.index` file."""
    entries = array("i", bytes(OFFSET_ENTRY_BYTES * len(index.last_offsets)))
    entries[0::2] = _big_endian(index.last_offsets)
    entries[1::2] = _big_endian(index.positions)
    return entries.tobytes()


def encode_time_index(index: SparseIndex) -> bytes:
    """Return the content of the `.timeindex` file."""
    halves = array("i", _big_endian(index.timestamps).tobytes())
    entries = array("i", bytes(TIME_ENTRY_BYTES * len(index.timestamps)))
    entries[0::3] = halves[0::2]
    entries[1::3] = halves[1::2]
    entries[2::3] = _big_endian(index.timestamp_offsets)
    return entries.tobytes()


def decode_indexes(offset_index: bytes, time_index: bytes, size: int) -> SparseIndex | None:
    """Return the table that two files hold, None if they cannot be those of a segment of this size."""
    if len(offset_index) % OFFSET_ENTRY_BYTES or len(time_index) % TIME_ENTRY_BYTES:
        return None
    entries = _big_endian(array("i", offset_index))
    last_offsets, positions = entries[0::2], entries[1::2]
    raw = array("i", time_index)
    halves = array("i", bytes(8 * (len(raw) // 3)))
    halves[0::2] = raw[0::3]
    halves[1::2] = raw[1::3]
    timestamps = _big_endian(array("q", halves.tobytes()))
    timestamp_offsets = _big_endian(raw[2::3])
    columns = (last_offsets, positions, timestamps, timestamp_offsets)
    if not all(lt(one, other) for column in columns for one, other in pairwise(column)):
        return None
    if positions and (positions[-1] >= size or positions[0] <= 0 or last_offsets[0] <= 0):
        return None
    if timestamp_offsets and (timestamp_offsets[0] < 0 or timestamps[0] < 0):
        return None
    return SparseIndex(
        offsets=array("i", last_offsets),
        positions=positions,
        last_offsets=last_offsets,
        timestamps=timestamps,
        timestamp_offsets=timestamp_offsets,
    )


def save_indexes(disk: Disk, directory: str, segment: Segment) -> list[int]:
    """Write the index files of a segment that is closed now, not yet synced; return their numbers."""
    segment.add_time_entry()
    assert segment.index is not None
    contents = ((INDEX_SUFFIX, encode_offset_index), (TIME_INDEX_SUFFIX, encode_time_index))
    return [
        write_unsynced(disk, f"{directory}/{segment_name(segment.base_offset, suffix)}", encode(segment.index))
        for suffix, encode in contents
    ]


def write_unsynced(disk: Disk, path: str, content: bytes) -> int:
    """Replace a file's content, neither atomically nor durably: for what can be made again. Return its number."""
    number = disk.open(path)
    if disk.size(number):
        disk.truncate(number, 0)
    disk.append(number, content)
    return number


def load_indexes(disk: Disk, directory: str, segment: Segment) -> bool:
    """Read the index files of a segment back; say whether they are there and can be right."""
    offset_index = disk.read_whole(f"{directory}/{segment_name(segment.base_offset, INDEX_SUFFIX)}")
    time_index = disk.read_whole(f"{directory}/{segment_name(segment.base_offset, TIME_INDEX_SUFFIX)}")
    if offset_index is None or time_index is None:
        return False
    index = decode_indexes(offset_index, time_index, segment.size)
    if index is None:
        return False
    segment.index = index
    if index.timestamps:
        segment.max_timestamp = index.timestamps[-1]
        segment.max_timestamp_offset = segment.base_offset + index.timestamp_offsets[-1]
    return True
