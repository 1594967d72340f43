"""Refusals of a producer's batch: Kafka's codes, also where a batch is wrong in several ways."""

from struct import pack_into

import pytest
from crc32c import crc32c

from engine.core.log.config import LogConfig
from engine.core.log.validation import RecordsRefused, refusal
from engine.core.records.batch import CRC_POSITION, CRC_START
from engine.core.records.builder import BatchBuilder
from engine.wire.error_codes import ErrorCode

NOW = 1_700_000_000_000
CONFIG = LogConfig()


def batch_of(count=2, **how):
    """Return a good batch."""
    builder = BatchBuilder()
    for number in range(count):
        builder.add(key=b"key", value=b"value", timestamp=NOW + number)
    return builder.build(**how)


def changed(position, form, value, batch=None):
    """Return a batch with one field of its header changed and its CRC made right again."""
    batch = batch_of() if batch is None else batch
    pack_into(form, batch, position, value)
    pack_into(">I", batch, CRC_POSITION, crc32c(memoryview(batch)[CRC_START:]))
    return batch


def code(batch, config=CONFIG):
    """Return the code of the refusal, None if there is none."""
    refused = refusal(memoryview(bytes(batch)), 0, len(batch), config, NOW)
    return None if refused is None else refused.code


def test_a_good_batch_is_not_refused():
    assert code(batch_of()) is None
    assert code(batch_of(producer_id=5, producer_epoch=0, base_sequence=0)) is None


def test_a_batch_is_judged_where_it_lies():
    data = b"before" + bytes(batch_of()) + b"after"
    assert refusal(memoryview(data), 6, len(data) - 11, CONFIG, NOW) is None


@pytest.mark.parametrize(
    ("batch", "expected"),
    [
        pytest.param(b"", ErrorCode.INVALID_RECORD, id="nothing at all"),
        pytest.param(batch_of() + batch_of(), ErrorCode.INVALID_RECORD, id="two batches"),
        pytest.param(batch_of()[:-1], ErrorCode.INVALID_RECORD, id="cut"),
        pytest.param(changed(16, ">b", 1), ErrorCode.INVALID_RECORD, id="format 1"),
        pytest.param(changed(16, ">b", 3), ErrorCode.CORRUPT_MESSAGE, id="format 3"),
        pytest.param(changed(8, ">i", 5), ErrorCode.CORRUPT_MESSAGE, id="a length that no batch has"),
        pytest.param(changed(8, ">i", -1), ErrorCode.CORRUPT_MESSAGE, id="a negative length"),
        pytest.param(changed(8, ">i", 2**31 - 1), ErrorCode.INVALID_RECORD, id="a length of 2 GB"),
        pytest.param(changed(0, ">q", 1), ErrorCode.INVALID_RECORD, id="a base offset"),
        pytest.param(changed(21, ">h", 7), ErrorCode.INVALID_RECORD, id="a codec that does not exist"),
        pytest.param(changed(23, ">i", -1), ErrorCode.INVALID_RECORD, id="a negative last offset"),
        pytest.param(changed(57, ">i", 0), ErrorCode.INVALID_RECORD, id="no records"),
        pytest.param(changed(57, ">i", 3), ErrorCode.INVALID_RECORD, id="a count that is not the offsets'"),
        pytest.param(batch_of(control=True), ErrorCode.INVALID_RECORD, id="a control batch"),
        pytest.param(batch_of(producer_id=5, producer_epoch=0), ErrorCode.INVALID_RECORD, id="no sequence"),
        pytest.param(
            batch_of(producer_id=5, producer_epoch=0, base_sequence=0, transactional=True),
            ErrorCode.INVALID_TXN_STATE,
            id="a transaction that never began",
        ),
    ],
)
def test_what_no_producer_sends_is_refused_with_kafkas_code(batch, expected):
    assert code(batch) == expected


def test_every_damaged_byte_that_the_crc_covers_is_found():
    good = batch_of()
    for position in range(CRC_POSITION, len(good)):
        damaged = bytearray(good)
        damaged[position] ^= 0x40
        assert code(damaged) == ErrorCode.CORRUPT_MESSAGE, position


def test_a_batch_may_be_as_large_as_the_topic_allows():
    size = len(batch_of())
    assert code(batch_of(), LogConfig(max_message_bytes=size)) is None
    assert code(batch_of(), LogConfig(max_message_bytes=size - 1)) == ErrorCode.MESSAGE_TOO_LARGE
    assert code(batch_of(), LogConfig(segment_bytes=size - 1)) == ErrorCode.RECORD_LIST_TOO_LARGE


def test_size_is_judged_before_the_crc():
    damaged = batch_of()
    damaged[-1] ^= 1
    assert code(damaged, LogConfig(max_message_bytes=10)) == ErrorCode.MESSAGE_TOO_LARGE


def test_records_from_too_far_in_the_future_are_refused_with_their_reason():
    config = LogConfig(message_timestamp_after_max_ms=0)
    refused = refusal(memoryview(bytes(batch_of())), 0, len(batch_of()), config, NOW)
    assert isinstance(refused, RecordsRefused)
    assert refused.code == ErrorCode.INVALID_TIMESTAMP
    assert "out of range" in refused.record_errors[0][1]
    stamped_by_us = LogConfig(message_timestamp_after_max_ms=0, message_timestamp_type="LogAppendTime")
    assert code(batch_of(), stamped_by_us) is None


def test_a_producer_may_not_claim_the_time_of_the_append():
    assert code(batch_of(append_time=NOW)) == ErrorCode.INVALID_TIMESTAMP
