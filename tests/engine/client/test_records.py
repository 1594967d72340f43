"""Records as clients see them."""

import pytest

from engine.client.calls import Fetched
from engine.client.records import decode, encode_batch, raw_batches
from engine.core.records.builder import BatchBuilder
from engine.core.records.compression import CODEC_NAMES, CODEC_NUMBERS
from engine.core.records.control import ControlType, control_key


def fetched(*batches, position=0, aborted=()):
    return Fetched("orders", 1, position, 99, 99, 99, 0, b"".join(batches), aborted)


def batch(base_offset, *values, producer_id=-1, control=False, transactional=False, codec="none"):
    builder = BatchBuilder()
    for value in values:
        key, content = value if isinstance(value, tuple) else (b"k", value)
        builder.add(key=key, value=content, timestamp=1_000, headers=(("h", None),))
    return bytes(
        builder.build(
            base_offset=base_offset,
            leader_epoch=4,
            codec=CODEC_NUMBERS[codec],
            producer_id=producer_id,
            producer_epoch=2 if producer_id >= 0 else -1,
            base_sequence=0 if producer_id >= 0 else -1,
            control=control,
            transactional=transactional,
        )
    )


@pytest.mark.parametrize("codec", CODEC_NAMES)
def test_a_record_says_what_its_batch_says(codec):
    (first, second) = decode(fetched(batch(7, b"a", b"b", producer_id=5, codec=codec))).records
    assert (second.topic, second.partition, second.offset, second.key, second.value) == ("orders", 1, 8, b"k", b"b")
    assert (second.headers, second.timestamp_ms, second.leader_epoch) == ((("h", None),), 1_000, 4)
    assert (second.compression, second.producer_id, second.producer_epoch) == (codec, 5, 2)
    assert (first.sequence, second.sequence) == (0, 1)


def test_markers_are_counted_not_given():
    marker = (control_key(ControlType.COMMIT), bytes(6))
    decoded = decode(fetched(batch(0, b"a"), batch(1, marker, producer_id=5, control=True, transactional=True)))
    assert [record.value for record in decoded.records] == [b"a"]
    assert decoded.control_records == 1


def test_aborted_transactions_are_left_out_and_later_ones_given():
    abort = (control_key(ControlType.ABORT), bytes(6))
    data = (
        batch(0, b"aborted", producer_id=5, transactional=True),
        batch(1, b"other", producer_id=6, transactional=True),
        batch(2, abort, producer_id=5, control=True, transactional=True),
        batch(3, b"later", producer_id=5, transactional=True),
    )
    assert [one.value for one in decode(fetched(*data, aborted=((5, 0),))).records] == [b"other", b"later"]
    assert len(decode(fetched(*data)).records) == 3


def test_a_damaged_batch_is_named_and_the_others_are_given():
    damaged = bytearray(batch(1, b"bad"))
    damaged[-3] ^= 1
    decoded = decode(fetched(batch(0, b"a"), bytes(damaged), batch(2, b"c")))
    assert [record.value for record in decoded.records] == [b"a", b"c"]
    assert decoded.damaged[0][:2] == (1, 1)


def test_bytes_that_are_no_batches_are_named_too():
    decoded = decode(fetched(batch(0, b"a"), b"\x00" * 80))
    assert len(decoded.records) == 1
    assert decoded.damaged


def test_batches_are_counted_without_looking_inside():
    found = list(raw_batches(fetched(batch(0, b"a", b"b"), batch(2, b"c", codec="gzip"), b"\x00" * 80)))
    assert [(one.base_offset, one.last_offset, one.record_count, one.control) for one in found] == [
        (0, 1, 2, False),
        (2, 2, 1, False),
    ]


def test_what_is_encoded_is_decoded():
    entries = [(5, None, b"v", ()), (6, b"k", None, (("h", b"1"),))]
    first, second = decode(fetched(encode_batch(entries, compression="zstd", producer=(-1, -1, -1)))).records
    assert (first.key, first.value, first.sequence) == (None, b"v", -1)
    assert (second.key, second.value, second.headers, second.timestamp_ms) == (b"k", None, (("h", b"1"),), 6)
