"""Records of a topic, page by page and one by one."""

import time

import pytest

from console.kafka import record_reader, records
from console.kafka.errors import ClusterUnreachable, NotFound
from console.kafka.records import Start, parse_positions, positions_text
from engine.client.calls import ProducerRecord
from engine.core.records.builder import BatchBuilder
from engine.core.records.compression import CODEC_NUMBERS


@pytest.fixture(scope="module")
def spread(cluster):
    """A topic of three partitions with 30 records, a second apart, in turns."""
    name = cluster.topic(3)
    for partition in range(3):
        builder = BatchBuilder()
        for number in range(10):
            value = b"%d" % (3 * number + partition)
            builder.add(key=None, value=value, timestamp=1_700_000_000_000 + 1_000 * int(value))
        cluster.produce_raw(name, partition, builder)
    return name


def values(page):
    return [int(record.value) for record in page.records]


def test_the_newest_come_first_and_older_pages_follow_without_a_gap(spread, spec):
    page = records.read(spec, spread, limit=7)
    seen = values(page)
    assert (seen, page.newer, page.complete) == ([29, 28, 27, 26, 25, 24, 23], None, True)
    while page.older is not None:
        page = records.read(spec, spread, start=Start("before", positions=page.older), limit=7)
        seen += values(page)
        assert page.newer is not None
    assert seen == list(range(29, -1, -1))


def test_the_oldest_come_first_and_newer_pages_follow_without_a_gap(spread, spec):
    page = records.read(spec, spread, start=Start("oldest"), limit=7)
    seen = values(page)
    assert page.older is None
    while page.newer is not None:
        page = records.read(spec, spread, start=Start("after", positions=page.newer), limit=7)
        seen += values(page)
    assert seen == list(range(30))


def test_forward_and_back_again_shows_the_same_page(spread, spec):
    first = records.read(spec, spread, start=Start("oldest"), limit=6)
    second = records.read(spec, spread, start=Start("after", positions=first.newer), limit=6)
    back = records.read(spec, spread, start=Start("before", positions=second.older), limit=6)
    assert values(back) == values(first)[::-1]


def test_reading_begins_at_an_offset_or_a_time(spread, spec):
    assert values(records.read(spec, spread, partition=1, start=Start("offset", 8))) == [25, 28]
    at_time = Start("timestamp", 1_700_000_000_000 + 26_500)
    assert values(records.read(spec, spread, start=at_time)) == [27, 28, 29]
    late = records.read(spec, spread, start=Start("timestamp", 1_700_000_100_000))
    assert (late.records, late.newer) == ([], None)
    beyond = records.read(spec, spread, partition=1, start=Start("offset", 99))
    assert (beyond.records, beyond.older) == ([], ((1, 10),))


def test_one_partition_can_be_read_alone(spread, spec):
    page = records.read(spec, spread, partition=2, limit=3)
    assert values(page) == [29, 26, 23]
    (found,) = page.partitions
    assert (found.partition, found.start_offset, found.end_offset, found.from_offset, found.to_offset) == (
        2,
        0,
        10,
        7,
        10,
    )


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_every_codec_is_read(cluster, spec, codec):
    name = cluster.topic()
    builder = BatchBuilder()
    for number in range(100):
        builder.add(key=b"k", value=b"%d" % number * 20, timestamp=1_000 + number, headers=(("h", None), ("ü", b"1")))
    cluster.produce_raw(name, 0, builder, codec=CODEC_NUMBERS[codec])
    (record,) = records.read(spec, name, start=Start("offset", 42), limit=1).records
    assert (record.offset, record.value, record.compression) == (42, b"42" * 20, codec)
    assert (record.headers, record.timestamp_ms) == ([("h", None), ("ü", b"1")], 1_042)
    assert record.size == 1 + 40 + 1 + 3  # bytes of headers, names in UTF-8
    assert record.timestamp_type == "CreateTime"


def test_null_keys_and_values_stay_null(cluster, spec):
    name = cluster.topic()
    cluster.produce(name, None, b"")
    tombstone, empty = records.read(spec, name, start=Start("oldest")).records
    assert (tombstone.key, tombstone.value, empty.value) == (None, None, b"")
    assert (tombstone.producer_id >= 0, tombstone.sequence, empty.sequence) == (True, 0, 1)


def test_gaps_between_offsets_do_not_stop_reading(cluster, spec):
    name = cluster.topic()
    builder = BatchBuilder()
    builder.add(key=b"k", value=b"1", timestamp=1)
    cluster.produce_raw(name, 0, builder)
    cluster.produce(name, *[b"x"] * 50)
    cluster.delete_records(name, 0, 40)
    page = records.read(spec, name, limit=100)
    assert [record.offset for record in page.records] == list(range(50, 39, -1))
    assert page.partitions[0].start_offset == 40
    assert page.older is None


def test_a_record_has_a_permanent_place(spread, cluster, spec):
    assert records.one(spec, spread, 1, 4).value == b"13"
    for offset, why in ((-1, "was deleted"), (10, "is not written yet")):
        with pytest.raises(NotFound, match=why):
            records.one(spec, spread, 1, offset)
    with pytest.raises(NotFound, match="no partition 3"):
        records.one(spec, spread, 3, 0)
    with pytest.raises(NotFound, match="is not there"):
        records.read(spec, "nobody-made-this")


def test_an_empty_topic_is_a_page_without_records(cluster, spec):
    page = records.read(spec, cluster.topic(2))
    assert (page.records, page.older, page.newer, page.complete) == ([], None, None, True)


def test_large_records_are_paged_within_the_bound(cluster, spec):
    name = cluster.topic()
    for _ in range(4):
        cluster.produce(name, *[bytes(900_000)] * 3, batch_bytes=1)
    page = records.read(spec, name, limit=5)
    assert [record.offset for record in page.records] == [11, 10, 9, 8, 7]
    assert all(record.size == 900_000 for record in page.records)


def test_reading_stops_when_the_bytes_are_up_and_goes_on_from_there(cluster, spec, monkeypatch):
    name = cluster.topic()
    cluster.produce(name, *[bytes(100_000)] * 12, batch_bytes=1)
    monkeypatch.setattr(record_reader, "BYTES_MAX", 300_000)
    monkeypatch.setattr(record_reader, "PARTITION_BYTES_MAX", 150_000)
    page = records.read(spec, name, start=Start("oldest"), limit=12)
    assert not page.complete
    assert 0 < len(page.records) < 12
    after = records.read(spec, name, start=Start("after", positions=page.newer), limit=12)
    assert after.records[0].offset == page.records[-1].offset + 1


def test_many_small_records_are_read_quickly(cluster, spec):
    name = cluster.topic(4)
    for partition in range(4):
        cluster.produce(name, *[b"x" * 100] * 5_000, partition=partition, batch_bytes=500_000)
    begun = time.monotonic()
    assert len(records.read(spec, name, limit=200).records) == 200
    assert time.monotonic() - begun < 1


def test_positions_are_text_in_an_address():
    assert positions_text(((0, 12), (3, 4))) == "0:12,3:4"
    assert parse_positions("0:12,3:4") == ((0, 12), (3, 4))
    assert parse_positions("") == ()
    for text in ("0", "0:1:2", "a:1", "0:-1", "0:1,", "²:1"):
        with pytest.raises(ValueError, match="not positions"):
            parse_positions(text)


def test_one_steps_from_record_to_record_over_what_is_deleted(cluster, spec):
    name = cluster.topic(2)
    cluster.produce(name, *[b"%d" % number for number in range(6)], partition=1)
    cluster.delete_records(name, 1, 3)
    offsets = {
        step: found.offset if found else None
        for step, found in (
            ("first", records.neighbour(spec, name, 1, "first")),
            ("last", records.neighbour(spec, name, 1, "last")),
            ("before 4", records.neighbour(spec, name, 1, "previous", 4)),
            ("before 3", records.neighbour(spec, name, 1, "previous", 3)),
            ("before 0", records.neighbour(spec, name, 1, "previous", 0)),
            ("after 0", records.neighbour(spec, name, 1, "next", 0)),
            ("after 4", records.neighbour(spec, name, 1, "next", 4)),
            ("after 5", records.neighbour(spec, name, 1, "next", 5)),
            ("empty", records.neighbour(spec, name, 0, "last")),
        )
    }
    assert offsets == {
        "first": 3, "last": 5, "before 4": 3, "before 3": None, "before 0": None, "after 0": 3, "after 4": 5,
        "after 5": None, "empty": None,
    }  # fmt: skip


def test_pages_of_three_hundred_partitions_have_short_addresses_and_miss_nothing(cluster, spec):
    name = cluster.topic(300)
    sent = [ProducerRecord(name, b"v", partition=partition) for partition in range(0, 300, 3) for _ in range(2)]
    cluster.do(lambda shell: shell.produce(*sent))
    seen = []
    page = records.read(spec, name, limit=40)
    while True:
        seen += [(record.partition, record.offset) for record in page.records]
        if page.older is None:
            break
        text = records.positions_text(page.older)
        assert len(text) < 1_000
        page = records.read(
            spec, name, start=records.Start("before", positions=records.parse_positions(text)), limit=40
        )
    assert sorted(seen) == [(partition, offset) for partition in range(0, 300, 3) for offset in range(2)]


def test_what_was_not_reached_in_time_is_not_said_to_be_the_end(spec, spread, monkeypatch):
    monkeypatch.setattr(record_reader, "SPARE_MS", 1 << 30)
    for step in ("first", "previous", "next", "last"):
        with pytest.raises(ClusterUnreachable, match="in the time of a page"):
            records.neighbour(spec, spread, 1, step, 5)
