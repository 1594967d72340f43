"""Frames of metadata records: the bytes that Kafka's own log holds."""

import pytest

from engine.core.metadata.record_frame import decode_record, encode_record
from engine.wire.primitives import Malformed
from engine.wire.record_types.cluster_metadata import RECORDS, TopicRecord
from tests.engine.wire.test_golden import records

KAFKAS = [value for log, is_control, _, value in records() if log == "__cluster_metadata-0" and not is_control]


def test_what_kafka_wrote_is_read_and_written_again():
    assert len(KAFKAS) > 15
    for value in KAFKAS:
        record = decode_record(value)
        again = encode_record(record)
        assert decode_record(again) == record
        if again[2] == value[2]:  # Kafka writes some records in the lowest version that can say them; we in the highest
            assert again == value


def test_every_kind_of_record_comes_back():
    for kind, *_ in RECORDS.values():
        record = kind()
        try:
            value = encode_record(record)
        except ValueError:  # a record whose defaults cannot be written
            continue
        assert decode_record(value) == record


def test_a_topic_is_written_as_frame_1_kind_2_version_0():
    value = encode_record(TopicRecord("orders", bytes(range(16))))
    assert value == b"\x01\x02\x00" + b"\x07orders" + bytes(range(16)) + b"\x00"


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"\x01",
        b"\x01\x02",
        b"\x00\x02\x00",
        b"\x02\x02\x00",
        b"\x01\x7f\x00",
        b"\x01\x02\x63",
        KAFKAS[0] + b"\0",
        KAFKAS[0][:-1],
    ],
    ids=["empty", "one", "two", "frame 0", "frame 2", "unknown kind", "unknown version", "too long", "cut"],
)
def test_what_is_no_metadata_record_is_malformed(value):
    with pytest.raises(Malformed):
        decode_record(value)
