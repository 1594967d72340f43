"""Offsets that hold no record, as Apache Kafka makes them: markers of transactions, and what compaction removed.

Pages, single records, searches and tails go by offsets and never by counting; here every way of walking is compared
with what a consumer of somebody else reads.
"""

import asyncio
import time
from collections.abc import Iterator

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from console.kafka import records, scan
from console.kafka.connection import ConnectionSpec
from console.kafka.errors import NotFound
from console.kafka.records import Start
from console.kafka.stream import watch
from console.search import downloads, parse
from console.search.scan import Scan
from tests.apache_kafka import apache_kafka
from tests.console.kafka.clusters import Cluster
from tests.console.kafka.conftest import APACHE

pytestmark = APACHE
QUICK_CLEANER = {"log.cleaner.backoff.ms": "100", "transaction.state.log.min.isr": "1"}
NAMES = ("transactions", "compacted", "markers-last", "markers-only")


def transactional(bootstrap: str, name: str) -> Producer:
    producer = Producer({"bootstrap.servers": bootstrap, "transactional.id": name, "linger.ms": 0})
    producer.init_transactions(60)
    return producer


def transaction(producer: Producer, topic: str, values: list[bytes], *, commit: bool = True) -> None:
    producer.begin_transaction()
    for value in values:
        producer.produce(topic, value, key=b"k", partition=0)
    producer.flush(30)
    if commit:
        producer.commit_transaction(30)
    else:
        producer.abort_transaction(30)


def fill_transactions(cluster: Cluster) -> str:
    """Committed and aborted ones, one after another and nested in each other, plain records between, many of one."""
    name = cluster.topic()
    first, second = transactional(cluster.bootstrap, f"{name}-1"), transactional(cluster.bootstrap, f"{name}-2")
    transaction(first, name, [b"committed %d" % number for number in range(5)])
    transaction(first, name, [b"aborted %d" % number for number in range(5)], commit=False)
    cluster.produce(name, b"plain 0", b"plain 1", b"plain 2", partition=0)
    first.begin_transaction()
    first.produce(name, b"outer", partition=0)
    first.flush(30)
    transaction(second, name, [b"inner"], commit=False)
    first.produce(name, b"outer again", partition=0)
    first.commit_transaction(30)
    for number in range(30):
        transaction(second, name, [b"one of many %d" % number], commit=number % 3 > 0)
    cluster.produce(name, b"plain 3", partition=0)
    return name


def fill_compacted(cluster: Cluster) -> str:
    """Batches of which compaction leaves one record, some, or none."""
    settings = {"cleanup_policy": "compact", "segment_ms": "100", "min_cleanable_dirty_ratio": "0.0"}
    name = cluster.topic(**settings, min_compaction_lag_ms="0", delete_retention_ms="0")
    producer = Producer({"bootstrap.servers": cluster.bootstrap, "linger.ms": 20})
    for round_number in range(6):
        for key in range(40):
            key_now = b"%d" % (key if key % 3 else key + round_number * 100)
            producer.produce(name, b"v%d" % round_number, key=key_now, partition=0)
        producer.flush(30)
        time.sleep(0.15)
    cluster.produce(name, b"rolls the segment", key=b"last", partition=0)
    end_s = time.monotonic() + 60
    while len(by_consumer(cluster.bootstrap, name)) > 150:
        assert time.monotonic() < end_s, "it was not compacted"
        time.sleep(0.5)
    return name


def fill_markers_last(cluster: Cluster) -> str:
    name = cluster.topic()
    producer = transactional(cluster.bootstrap, name)
    cluster.produce(name, b"only", partition=0)
    for _ in range(3):
        transaction(producer, name, [b"x"], commit=False)
    return name


def fill_markers_only(cluster: Cluster) -> str:
    """A log that begins behind its last record: it holds markers, and nothing else."""
    name = cluster.topic()
    transaction(transactional(cluster.bootstrap, name), name, [b"x"])
    cluster.delete_records(name, 0, 1)
    return name


def by_consumer(bootstrap: str, topic: str) -> dict[int, bytes | None]:
    """What librdkafka reads of partition 0, aborted records too, from the beginning to the end."""
    consumer = Consumer(
        {"bootstrap.servers": bootstrap, "group.id": "g", "isolation.level": "read_uncommitted",
         "enable.partition.eof": True, "enable.auto.commit": False}
    )  # fmt: skip
    try:
        low, _ = consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=30)
        consumer.assign([TopicPartition(topic, 0, low)])
        found: dict[int, bytes | None] = {}
        while True:
            message = consumer.poll(30)
            assert message is not None, "nothing came"
            if message.error():
                return found
            found[message.offset()] = message.value()
    finally:
        consumer.close()


class Topic:
    """A topic with gaps, and what is in it."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        self.cluster, self.name, self.spec = cluster, name, ConnectionSpec(cluster.bootstrap)
        self.records = by_consumer(cluster.bootstrap, name)
        self.offsets = sorted(self.records)
        (stretch,) = scan.plan(self.spec, name)
        self.start, self.end = stretch.start, stretch.end


@pytest.fixture(scope="module")
def topics() -> Iterator[dict[str, Topic]]:
    with apache_kafka(QUICK_CLEANER) as bootstrap:
        cluster = Cluster(bootstrap)
        fills = dict(zip(NAMES, (fill_transactions, fill_compacted, fill_markers_last, fill_markers_only), strict=True))
        yield {name: Topic(cluster, fill(cluster)) for name, fill in fills.items()}


@pytest.fixture(params=NAMES)
def topic(topics: dict[str, Topic], request: pytest.FixtureRequest) -> Topic:
    return topics[request.param]


def test_there_are_gaps(topic):
    assert topic.end - topic.start > len(topic.offsets)


def test_next_and_previous_of_every_offset_go_over_gaps(topic):
    for offset in range(topic.start, topic.end):
        after = next((other for other in topic.offsets if other > offset), None)
        before = next((other for other in reversed(topic.offsets) if other < offset), None)
        found = [records.neighbour(topic.spec, topic.name, 0, step, offset) for step in ("next", "previous")]
        assert [one.offset if one else None for one in found] == [after, before], offset
    for step, expected in (("first", topic.offsets[:1]), ("last", topic.offsets[-1:])):
        found = records.neighbour(topic.spec, topic.name, 0, step)
        assert ([found.offset] if found else []) == expected


def test_every_offset_is_a_record_or_says_that_it_holds_none(topic):
    for offset in range(topic.start, topic.end):
        if offset in topic.records:
            assert records.one(topic.spec, topic.name, 0, offset).value == topic.records[offset]
        else:
            with pytest.raises(NotFound, match="compacted away, or is a marker"):
                records.one(topic.spec, topic.name, 0, offset)


@pytest.mark.parametrize("limit", [1, 7, 500])
@pytest.mark.parametrize("kind", ["newest", "oldest"])
def test_pages_give_each_record_once_in_both_directions(topic, kind, limit):
    found, start = [], Start(kind)
    while start is not None:
        page = records.read(topic.spec, topic.name, start=start, limit=limit)
        found += [record.offset for record in page.records]
        positions = page.older if kind == "newest" else page.newer
        start = Start("before" if kind == "newest" else "after", positions=positions) if positions else None
    assert found == (topic.offsets if kind == "oldest" else topic.offsets[::-1])


def test_a_page_from_any_offset_begins_with_the_next_record(topic):
    for offset in range(topic.start, topic.end):
        page = records.read(topic.spec, topic.name, partition=0, start=Start("offset", value=offset), limit=3)
        assert [record.offset for record in page.records] == [other for other in topic.offsets if other >= offset][:3]


def test_markers_are_counted_and_are_no_records(topics):
    topic = topics["transactions"]
    page = records.read(topic.spec, topic.name, start=Start("oldest"), limit=500)
    assert page.control_records == topic.end - topic.start - len(topic.offsets)
    assert (page.older, page.newer, page.complete) == (None, None, True)


def test_a_search_reads_every_record_once_and_reaches_the_end(topic):
    seen = Scan(parse(""), topic.start, topic.end, topic.start)
    for chunk in scan.chunks(topic.spec, topic.name, scan.Stretch(0, topic.start, topic.end)):
        seen.take(chunk)
    assert seen.is_done and seen.records == len(topic.offsets) and (seen.damaged, seen.gone) == (0, 0)
    assert [offset for offset, _ in seen.taken()] == topic.offsets
    middle = Scan(parse(""), topic.start + 3, topic.end - 1, topic.start + 3)
    for chunk in scan.chunks(topic.spec, topic.name, scan.Stretch(0, topic.start + 3, topic.end - 1)):
        middle.take(chunk)
    inside = [offset for offset in topic.offsets if topic.start + 3 <= offset < topic.end - 1]
    assert middle.records == len(inside) and [offset for offset, _ in middle.taken()] == inside


def test_downloads_hold_every_record_and_leave_nothing_out(topic):
    left_out = downloads.LeftOut()
    found = [record.offset for record in downloads.matching(topic.spec, topic.name, parse(""), left_out)]
    assert found == topic.offsets and left_out.count == 0


def test_records_of_addresses_are_told_from_markers(topic):
    asked = [(0, offset) for offset in range(topic.start, topic.end)]
    found = scan.pick(topic.spec, topic.name, asked, time_limit_s=10)
    assert {offset: record.value for (_, offset), record in found.items() if record} == topic.records
    assert len(found) == len(asked)


def test_a_tail_counts_records_and_no_markers(topics):
    topic = topics["markers-last"]
    producer = transactional(topic.cluster.bootstrap, f"{topic.name}-tail")

    def write() -> None:
        transaction(producer, topic.name, [b"a", b"b"])
        transaction(producer, topic.name, [b"c"], commit=False)
        topic.cluster.produce(topic.name, b"d", partition=0)

    async def look() -> tuple[list[bytes], int]:
        async with watch(topic.spec, topic.name) as viewer:
            await asyncio.to_thread(write)
            shown, end_s = [], time.monotonic() + 20
            while time.monotonic() < end_s:
                frame = await viewer.next_frame(wait_s=0.5)
                shown += [record.value for record in frame.records]
                assert frame.shown + frame.dropped + frame.others + frame.unread == frame.arrived
                if b"d" in shown:
                    return shown, frame.arrived
        raise AssertionError(f"only {shown} came")

    shown, arrived = asyncio.run(look())
    assert (shown, arrived) == ([b"a", b"b", b"c", b"d"], 4)
