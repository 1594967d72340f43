"""Building batches: compared with another implementation, byte for byte."""

from engine.core.records.batch import read_header
from engine.core.records.builder import BatchBuilder
from engine.core.records.record import decode_records


def test_the_bytes_are_those_of_another_implementation() -> None:
    from kafka.record.default_records import DefaultRecordBatchBuilder

    other = DefaultRecordBatchBuilder(2, 0, 0, 7, 3, 40, 1 << 20)
    builder = BatchBuilder()
    for number in range(20):
        headers = [("name", b"x" * number), ("none", None)] if number % 3 else []
        other.append(number, 1_700_000_000_000 + number * 37, b"key%d" % number, b"v" * number * 30, headers)
        builder.add(
            key=b"key%d" % number, value=b"v" * number * 30, timestamp=1_700_000_000_000 + number * 37, headers=headers
        )
    ours = builder.build(producer_id=7, producer_epoch=3, base_sequence=40)
    theirs = bytearray(other.build())
    theirs[12:16] = b"\xff" * 4  # the leader epoch: outside the CRC, and not the producer's to say
    assert ours == theirs


def test_offsets_may_have_gaps_as_after_compaction() -> None:
    builder = BatchBuilder()
    builder.add(key=b"a", value=b"1", timestamp=1)
    builder.add(key=b"b", value=b"2", timestamp=1, offset_delta=9)
    batch = builder.build(base_offset=100)
    assert [record.offset for record in decode_records(batch)] == [100, 109]
    assert read_header(batch).last_offset == 109
