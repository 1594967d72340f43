"""The log of one partition: append, refuse, roll, find, delete; what a failing disk leaves."""

import random

import pytest

from engine.core.log.config import LOG_APPEND_TIME, LogConfig
from engine.core.log.offsets import LogPosition
from engine.core.log.validation import RecordsRefused
from engine.core.records.batch import CRC, CRC_POSITION, CRC_START, crc_matches, read_header
from engine.core.records.control import ControlType, control_key
from engine.core.records.record import decode_records
from engine.storage.disk import DiskFailed, DiskFull
from engine.storage.log import Log
from engine.wire.error_codes import ErrorCode, WireError
from tests.engine.storage.batches import WALL_MS, append, batch, check, open_on, read_records
from tests.engine.storage.memory_disk import MemoryDisk


def made(**configs: object) -> Log:
    return open_on(MemoryDisk(), LogConfig(**configs))  # type: ignore[arg-type]


def first_batch(log: Log) -> bytes:
    region = log.locate(0, log.end_position(), 1)
    assert region is not None
    return log.disk.read(region.file, region.position, region.length)


# ---- append
def test_offsets_follow_each_other_and_are_stamped_with_the_epoch() -> None:
    log = made()
    assert [append(log, batch(count), leader_epoch=count) for count in (3, 4, 5)] == [0, 3, 7]
    assert log.log_end_offset == 12
    assert [record.offset for record in read_records(log)] == list(range(12))
    header = read_header(log.read(7, log.end_position(), 1))
    assert (header.base_offset, header.leader_epoch) == (7, 5)
    assert log.leader_epochs.entries == [(3, 0), (4, 3), (5, 7)]
    assert log.end_offset_for_epoch(4) == (4, 7)
    assert log.end_offset_for_epoch(9) == (-1, -1)


def test_a_duplicate_gets_its_old_offset_and_changes_nothing() -> None:
    log = made()
    for number in range(8):
        append(log, batch(2, producer_id=3, sequence=number * 2))
    end = log.end_position()
    assert append(log, batch(2, producer_id=3, sequence=6)) == 6
    assert log.end_position() == end
    for sequence, code in ((4, 45), (17, 45), (20, 45)):
        with pytest.raises(WireError) as caught:
            append(log, batch(2, producer_id=3, sequence=sequence))
        assert caught.value.code == code
    append(log, batch(2, producer_id=3, producer_epoch=1, sequence=0))
    with pytest.raises(WireError) as caught:
        append(log, batch(2, producer_id=3, producer_epoch=0, sequence=16))
    assert caught.value.code == ErrorCode.INVALID_PRODUCER_EPOCH
    assert log.end_position().offset == 18


def test_sequences_wrap_after_2_31() -> None:
    log = made()
    append(log, batch(2, producer_id=3, sequence=2**31 - 3))
    assert append(log, batch(3, producer_id=3, sequence=2**31 - 1)) == 2
    assert append(log, batch(1, producer_id=3, sequence=2)) == 5
    assert append(log, batch(3, producer_id=3, sequence=2**31 - 1)) == 2, "a duplicate across the wrap"


def test_a_refused_batch_leaves_the_log_as_it_was() -> None:
    log = made(max_message_bytes=1000)
    append(log)
    end = log.end_position()
    damaged = batch()
    damaged[-1] ^= 1
    for data, code in (
        (damaged, ErrorCode.CORRUPT_MESSAGE),
        (batch(value=b"x" * 2000), ErrorCode.MESSAGE_TOO_LARGE),
        (batch()[:50], ErrorCode.INVALID_RECORD),
        (bytearray(), ErrorCode.INVALID_RECORD),
        (batch() + batch(), ErrorCode.INVALID_RECORD),
        (batch(timestamp=WALL_MS + 3_600_001), ErrorCode.INVALID_TIMESTAMP),
        (batch(producer_id=1, sequence=-1), ErrorCode.INVALID_RECORD),
    ):
        with pytest.raises(WireError) as caught:
            append(log, data)
        assert caught.value.code == code
        assert log.end_position() == end
    assert append(log) == 1


def test_any_bit_flipped_in_a_batch_is_refused_or_lies_outside_the_checksum() -> None:
    log = made()
    clean = batch(3, producer_id=4, sequence=0)
    for position in range(len(clean)):
        data = bytearray(clean)
        data[position] ^= 1 << position % 8
        if 12 <= position < 16:
            continue  # the leader epoch is stamped over
        with pytest.raises(WireError):
            append(log, data)
    assert log.log_end_offset == 0


def test_append_time_is_stamped_with_a_right_checksum() -> None:
    log = made(message_timestamp_type=LOG_APPEND_TIME)
    assert log.stamps_append_time
    append(log, batch(2, timestamp=WALL_MS + 10**10), wall_ms=WALL_MS + 5)
    data = first_batch(log)
    header = read_header(data)
    assert header.log_append_time
    assert crc_matches(data, header)
    assert [record.timestamp for record in read_records(log)] == [WALL_MS + 5] * 2
    assert log.offset_of_max_timestamp(log.end_position()) == (WALL_MS + 5, 0, 0)


def test_a_compacted_topic_wants_keys_and_says_which_records_have_none() -> None:
    log = made(cleanup_policy=("compact",))
    append(log)
    for codec in range(5):
        with pytest.raises(RecordsRefused) as caught:
            append(log, batch(2, key=None, codec=codec))
        assert caught.value.code == ErrorCode.INVALID_RECORD
        assert [index for index, _ in caught.value.record_errors] == [0, 1]


def test_records_older_than_allowed_are_refused() -> None:
    log = made(message_timestamp_before_max_ms=1000)
    append(log, batch(timestamp=WALL_MS - 1000))
    append(log, batch(timestamp=-1))
    with pytest.raises(RecordsRefused) as caught:
        append(log, batch(timestamp=WALL_MS - 1001))
    assert caught.value.code == ErrorCode.INVALID_TIMESTAMP


@pytest.mark.parametrize("name", ["uncompressed", "gzip", "snappy", "lz4", "zstd"])
def test_a_compression_of_the_topics_own_is_applied(name: str) -> None:
    log = made(compression_type=name)
    for codec in range(5):
        append(log, batch(3, codec=codec, producer_id=2, sequence=codec * 3))
    assert [record.value for record in read_records(log)] == [b"value%d" % (index % 3) for index in range(15)]
    expected = ["uncompressed", "gzip", "snappy", "lz4", "zstd"].index(name)
    for offset in range(0, 15, 3):
        assert read_header(log.read(offset, log.end_position(), 1)).codec == expected
    assert append(log, batch(3, codec=4, producer_id=2, sequence=12)) == 12, "a duplicate stays one"


def test_full_validation_walks_the_records() -> None:
    from crc32c import crc32c

    lying = batch(2)
    lying[61] = 0x70
    CRC.pack_into(lying, CRC_POSITION, crc32c(memoryview(lying)[CRC_START:]))
    append(made(), bytearray(lying))
    with pytest.raises(WireError) as caught:
        append(made(record_validation_full=True), bytearray(lying))
    assert caught.value.code == ErrorCode.INVALID_RECORD


def test_records_of_the_brokers_own_are_one_batch() -> None:
    log = made()
    key = control_key(ControlType.LEADER_CHANGE)
    assert log.append_records([(key, b"1")], leader_epoch=3, wall_ms=WALL_MS, control=True) == 0
    assert log.append_records([(None, b"a"), (b"k", None)], leader_epoch=3, wall_ms=WALL_MS) == 1
    assert log.log_end_offset == 3
    assert read_header(first_batch(log)).is_control
    records = decode_records(log.read(1, log.end_position(), 1000))
    assert [(record.offset, record.key, record.value) for record in records] == [(1, None, b"a"), (2, b"k", None)]


# ---- segments
def test_a_segment_ends_before_it_is_too_large() -> None:
    log = made(segment_bytes=1000)
    for _ in range(50):
        append(log, batch(3))
    assert len(log.segments) > 3
    assert all(segment.size <= 1000 for segment in log.segments)
    assert len(read_records(log)) == 150
    assert log.size_bytes() == sum(segment.size for segment in log.segments)
    with pytest.raises(WireError) as caught:
        append(log, batch(value=bytes(2000)))
    assert caught.value.code == ErrorCode.RECORD_LIST_TOO_LARGE


def test_a_segment_ends_when_records_are_too_young_for_it() -> None:
    log = made(segment_ms=1000)
    append(log, batch(timestamp=WALL_MS))
    append(log, batch(timestamp=WALL_MS + 1000))
    assert len(log.segments) == 1
    append(log, batch(timestamp=WALL_MS + 1001))
    assert [segment.base_offset for segment in log.segments] == [0, 2]


def test_where_records_have_no_time_the_clock_counts() -> None:
    log = made(segment_ms=1000)
    append(log, batch(timestamp=-1))
    append(log, batch(timestamp=-1), wall_ms=WALL_MS + 1000)
    assert len(log.segments) == 1
    append(log, batch(timestamp=-1), wall_ms=WALL_MS + 1001)
    assert len(log.segments) == 2


def test_a_full_index_ends_a_segment() -> None:
    log = made(index_interval_bytes=1, segment_index_bytes=80)
    for number in range(40):
        append(log, batch(timestamp=WALL_MS + number))
    assert len(log.segments) > 3
    for segment in log.segments:
        assert segment.index is None or len(segment.index.positions) <= 10


def test_every_offset_is_found_in_every_segment_from_every_bound() -> None:
    rng = random.Random(3)
    log = made(segment_bytes=1500, index_interval_bytes=300)
    starts: list[LogPosition] = []
    for _ in range(60):
        starts.append(log.end_position())
        append(log, batch(rng.randint(1, 5), value=b"v" * rng.randint(0, 100)))
    starts.append(log.end_position())
    for segment in log.segments[:-1]:
        segment.index = None
    for end in rng.sample(starts, 25):
        for offset in range(end.offset + 2):
            for bytes_max in (1, 250, 100_000):
                region = log.locate(offset, end, bytes_max)
                if offset >= end.offset:
                    assert region is None
                    continue
                assert region is not None
                data = log.disk.read(region.file, region.position, region.length)
                headers = whole(data)
                assert headers[0].base_offset <= offset <= headers[0].last_offset
                assert headers[-1].last_offset < end.offset
                assert len(data) <= bytes_max or len(headers) == 1


def whole(data: bytes) -> list:
    headers, position = [], 0
    while position < len(data):
        headers.append(read_header(data, position))
        position += headers[-1].size
    assert position == len(data), "regions end between batches"
    return headers


# ---- by time
def test_lookups_by_time_agree_with_a_walk_over_all_records() -> None:
    rng = random.Random(8)
    log = made(segment_bytes=1200, index_interval_bytes=200)
    ends = []
    for number in range(80):
        append(log, batch(rng.randint(1, 4), timestamp=WALL_MS + number * 5 + rng.randint(-60, 60), codec=number % 5))
        ends.append(log.end_position())
    records = read_records(log)
    for segment in log.segments[:-1]:
        segment.index, segment.max_timestamp = None, -1
    for delete_to in (0, 17, 90):
        log.delete_records(delete_to)
        kept = [record for record in records if record.offset >= delete_to]
        for end in (ends[-1], ends[30]):
            visible = [record for record in kept if record.offset < end.offset]
            if not visible:
                continue
            for timestamp in range(WALL_MS - 70, WALL_MS + 480, 3):
                expected = next((record for record in visible if record.timestamp >= timestamp), None)
                found = log.offset_for_timestamp(timestamp, end)
                assert (found and found.offset) == (expected and expected.offset)
            latest = max(visible, key=lambda record: (record.timestamp, -record.offset))
            newest = log.offset_of_max_timestamp(end)
            assert newest is not None
            assert (newest.timestamp, newest.offset) == (latest.timestamp, latest.offset)


def test_without_times_there_is_nothing_to_find() -> None:
    log = made()
    assert log.offset_of_max_timestamp(log.end_position()) is None
    data = batch(timestamp=-1)
    append(log, data)
    assert log.offset_of_max_timestamp(log.end_position()) is None
    assert log.offset_for_timestamp(0, log.end_position()) is None


# ---- deleting
def test_retention_by_time_keeps_what_the_high_watermark_has_not_passed() -> None:
    log = made(segment_bytes=1000, retention_ms=1000, file_delete_delay_ms=50)
    for number in range(50):
        append(log, batch(3, timestamp=WALL_MS + number))
    bases = [segment.base_offset for segment in log.segments]
    assert log.delete_old_segments(WALL_MS, log.log_end_offset) == []
    later = WALL_MS + 10_000
    assert log.delete_old_segments(later, 0) == []
    gone = log.delete_old_segments(later, bases[2])
    assert [segment.base_offset for segment in gone] == bases[:2]
    assert log.log_start_offset == bases[2]
    check(log)
    assert [record.offset for record in read_records(log)] == list(range(bases[2], 150))
    names = log.disk.names("orders-0")
    assert f"{bases[0]:020d}.log.deleted" in names
    assert log.files_to_remove(later + 49) == []
    assert log.files_to_remove(later + 50) != []
    log.remove_deleted(later + 50)
    assert not [name for name in log.disk.names("orders-0") if name.endswith(".deleted")]


def test_when_everything_is_old_an_empty_segment_remains() -> None:
    log = made(segment_bytes=1000, retention_ms=1000)
    for _ in range(20):
        append(log, batch(3))
    log.delete_old_segments(WALL_MS + 5000, 60)
    assert (log.log_start_offset, log.log_end_offset, len(log.segments), log.size_bytes()) == (60, 60, 1, 0)
    assert log.delete_old_segments(WALL_MS + 5000, 60) == []
    assert append(log) == 60
    disk = log.disk
    assert isinstance(disk, MemoryDisk)
    assert open_on(disk.killed(), log_start_offset=60).log_end_offset == 61


def test_retention_by_size_deletes_the_oldest() -> None:
    log = made(segment_bytes=1000, retention_bytes=2500, retention_ms=-1)
    for _ in range(60):
        append(log, batch(3))
    log.delete_old_segments(WALL_MS, log.log_end_offset)
    assert 2500 <= log.size_bytes() < 2500 + 1000


def test_a_compacted_topic_is_not_deleted_from() -> None:
    log = made(segment_bytes=1000, retention_bytes=0, retention_ms=0, cleanup_policy=("compact",))
    for _ in range(60):
        append(log, batch(3))
    assert log.delete_old_segments(WALL_MS + 10**9, log.log_end_offset) == []


def test_deleted_records_are_not_found_and_their_segments_go() -> None:
    log = made(segment_bytes=1000)
    for _ in range(60):
        append(log, batch(3), leader_epoch=_ // 10)
    log.delete_records(100)
    assert log.log_start_offset == 100
    log.delete_records(50)
    assert log.log_start_offset == 100, "the log start never goes back"
    log.delete_old_segments(WALL_MS, log.log_end_offset)
    assert log.segments[0].base_offset <= 100 < log.segments[1].base_offset
    assert log.leader_epochs.entries[0] == (3, 100)
    assert read_records(log)[0].offset == 100


# ---- files
def test_dirty_files_are_those_appended_to_since_last_asked() -> None:
    log = made(segment_bytes=1000)
    assert log.dirty_files() == []
    append(log)
    assert log.dirty_files() == [log.active.file]
    assert log.dirty_files() == []
    before = log.active.file
    while len(log.segments) == 1:
        append(log)
    dirty = log.dirty_files()
    assert before in dirty
    assert log.active.file in dirty
    assert len(dirty) == 5, "the closed log, its two indexes, the snapshot, the active one"
    assert set(dirty) <= set(log.files())


@pytest.mark.parametrize("error", ["full", "failing"])
def test_a_disk_that_refuses_leaves_log_and_producers_as_they_were(error: str) -> None:
    disk = MemoryDisk()
    log = open_on(disk, LogConfig(segment_bytes=600))
    for sequence in range(20):
        data = batch(producer_id=1, sequence=sequence)
        end, before = log.end_position(), bytes(data)
        setattr(disk, error, True)
        with pytest.raises(DiskFull if error == "full" else DiskFailed):
            append(log, data, leader_epoch=sequence // 3)
        setattr(disk, error, False)
        assert log.end_position() == end
        check(log)
        assert append(log, bytearray(before), leader_epoch=sequence // 3) == sequence
    assert len(read_records(log)) == 20
    assert len(read_records(open_on(disk.killed(), LogConfig(segment_bytes=600)))) == 20


def test_what_a_clean_close_leaves_is_synced() -> None:
    disk = MemoryDisk()
    log = open_on(disk, LogConfig(segment_bytes=1000))
    for number in range(60):
        append(log, batch(3, timestamp=WALL_MS + number))
    records = read_records(log)
    log.close(clean=True)
    assert read_records(open_on(disk.crash(), LogConfig(segment_bytes=1000), clean=True)) == records
