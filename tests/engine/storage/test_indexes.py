"""Index files: Kafka's layout, and what cannot be one is not believed."""

import random
from struct import iter_unpack

from engine.core.log.sparse_index import SparseIndex
from engine.storage.indexes import decode_indexes, encode_offset_index, encode_time_index


def made(count: int = 50) -> SparseIndex:
    index = SparseIndex()
    for number in range(1, count + 1):
        index.add(offset=number * 10, last_offset=number * 10 + 3, position=number * 5000)
        index.add_timestamp(1_700_000_000_000 + number, number * 10 + 3)
    return index


def test_the_layout_is_kafkas() -> None:
    assert list(iter_unpack(">ii", encode_offset_index(made(2)))) == [(13, 5000), (23, 10000)]
    times = [(1_700_000_000_001, 13), (1_700_000_000_002, 23)]
    assert list(iter_unpack(">qi", encode_time_index(made(2)))) == times


def test_what_is_written_is_read() -> None:
    index = made()
    read = decode_indexes(encode_offset_index(index), encode_time_index(index), 1_000_000)
    assert read is not None
    assert read.positions == index.positions
    assert read.last_offsets == read.offsets == index.last_offsets
    assert (read.timestamps, read.timestamp_offsets) == (index.timestamps, index.timestamp_offsets)
    empty = decode_indexes(b"", b"", 0)
    assert empty is not None
    assert not empty.positions


def test_what_cannot_be_right_is_not_believed() -> None:
    index = made()
    offsets, times = encode_offset_index(index), encode_time_index(index)
    assert decode_indexes(offsets[:-1], times, 10**6) is None
    assert decode_indexes(offsets, times[:-4], 10**6) is None
    assert decode_indexes(offsets, times, 250_000) is None, "an entry beyond the end"
    assert decode_indexes(offsets + bytes(80), times, 10**6) is None, "zeros at the end, as after a power loss"
    assert decode_indexes(offsets, times + bytes(24), 10**6) is None
    assert decode_indexes(bytes(80), b"", 10**6) is None
    rng = random.Random(1)
    for _ in range(50):
        assert decode_indexes(rng.randbytes(400), rng.randbytes(600), 10**6) is None
