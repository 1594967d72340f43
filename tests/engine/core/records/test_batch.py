"""The batch header: fields, stamps, checksum."""

from engine.core.records.batch import BatchHeader, crc_matches, read_header, stamp, stamp_append_time
from engine.core.records.builder import BatchBuilder


def built(**fields: object) -> bytearray:
    builder = BatchBuilder()
    builder.add(key=b"k", value=b"v", timestamp=10)
    builder.add(key=b"k", value=b"v", timestamp=20)
    return builder.build(**fields)  # type: ignore[arg-type]


def test_stamping_leaves_the_checksum_right() -> None:
    batch = built(producer_id=5, producer_epoch=1, base_sequence=2**31 - 1)
    stamp(batch, 0, base_offset=1 << 40, leader_epoch=12)
    header = read_header(batch)
    assert crc_matches(batch, header)
    assert (header.base_offset, header.leader_epoch, header.last_offset) == (1 << 40, 12, (1 << 40) + 1)
    assert header.last_sequence == 0, "after 2^31-1 comes 0"
    assert header.size == len(batch)


def test_append_time_gets_a_new_checksum() -> None:
    batch = bytearray(b"before") + built()
    stamp_append_time(batch, memoryview(batch), 6, len(batch) - 6, 12345)
    header = read_header(batch, 6)
    assert header.log_append_time
    assert header.max_timestamp == 12345
    assert crc_matches(memoryview(batch)[6:], header)


def test_attributes_say_what_a_batch_is() -> None:
    assert read_header(built(control=True)).is_control
    assert read_header(built(transactional=True)).is_transactional
    assert read_header(built(codec=4)).codec == 4
    assert not read_header(built()).is_control


def test_a_batch_without_sequence_has_no_last_one() -> None:
    assert read_header(built()).last_sequence == -1
    assert isinstance(read_header(built()), BatchHeader)
