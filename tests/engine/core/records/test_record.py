"""Records: what was built is read back; what lies is refused."""

import random

import pytest

from engine.core.records import compression
from engine.core.records.batch import CRC, CRC_POSITION, CRC_START, HEADER_BYTES, read_header
from engine.core.records.builder import BatchBuilder
from engine.core.records.record import Record, batches, decode_records
from engine.wire.error_codes import ErrorCode, WireError


def built(codec: int = compression.NONE) -> bytearray:
    builder = BatchBuilder()
    builder.add(key=b"k", value=b"v", timestamp=1000)
    builder.add(key=None, value=None, timestamp=5, headers=[("h", b"x"), ("n", None)])
    builder.add(key=b"", value=b"y" * 300, timestamp=2_000_000)
    return builder.build(base_offset=70, codec=codec)


EXPECTED = [
    Record(70, 1000, b"k", b"v", ()),
    Record(71, 5, None, None, (("h", b"x"), ("n", None))),
    Record(72, 2_000_000, b"", b"y" * 300, ()),
]


def sealed(batch: bytearray) -> bytearray:
    from crc32c import crc32c

    CRC.pack_into(batch, CRC_POSITION, crc32c(memoryview(batch)[CRC_START:]))
    return batch


@pytest.mark.parametrize("codec", range(5), ids=compression.CODEC_NAMES)
def test_what_was_built_is_read_back_with_every_codec(codec: int) -> None:
    assert decode_records(built(codec)) == EXPECTED
    assert read_header(built(codec)).max_timestamp == 2_000_000


def test_append_time_is_the_time_of_every_record() -> None:
    builder = BatchBuilder()
    builder.add(key=None, value=b"a", timestamp=1)
    builder.add(key=None, value=b"b", timestamp=2)
    assert [record.timestamp for record in decode_records(builder.build(append_time=99))] == [99, 99]


def test_a_flipped_bit_is_found() -> None:
    batch = built()
    batch[-1] ^= 1
    with pytest.raises(WireError) as caught:
        decode_records(batch)
    assert caught.value.code == ErrorCode.CORRUPT_MESSAGE


def test_any_damage_behind_a_right_checksum_is_refused_or_read_but_never_worse() -> None:
    rng = random.Random(1)
    for _ in range(3000):
        batch = built()
        for _ in range(rng.randint(1, 4)):
            batch[rng.randrange(HEADER_BYTES, len(batch))] = rng.randrange(256)
        if rng.random() < 0.2:
            batch[57:61] = rng.randbytes(4)
        try:
            decode_records(sealed(batch))
        except WireError as error:
            assert error.code in (ErrorCode.INVALID_RECORD, ErrorCode.CORRUPT_MESSAGE)


def test_more_records_than_claimed_and_fewer_are_refused() -> None:
    for count in (0, 2, 4, 2**31 - 1):
        batch = built()
        batch[57:61] = count.to_bytes(4, "big")
        with pytest.raises(WireError, match="batch size"):
            decode_records(sealed(batch))


def test_batches_in_a_row_are_split_and_the_cut_one_at_the_end_is_left() -> None:
    data = bytes(built() + built() + built()[:-1])
    assert [header.record_count for header, _ in batches(data)] == [3, 3]
    assert [len(decode_records(batch)) for _, batch in batches(data)] == [3, 3]


def test_what_is_no_batch_is_not_walked_for_ever() -> None:
    for data in (bytes(100), b"\xff" * 100):
        with pytest.raises(WireError):
            list(batches(data))


def test_the_estimated_size_is_the_size() -> None:
    builder = BatchBuilder()
    for number in range(50):
        builder.add(key=b"%d" % number, value=b"v" * number, timestamp=number * 1000)
    assert len(builder.build()) == builder.size
