"""Topics as pages show them, of our broker and of Apache Kafka."""

import time

import pytest

from console.kafka import topic_numbers, topics
from console.kafka.connection import ConnectionSpec
from console.kafka.errors import ClusterUnreachable, NotFound
from engine.wire.messages.describe_log_dirs import DescribeLogDirsRequest
from engine.wire.messages.list_offsets import ListOffsetsRequest
from tests.brokers import running_broker
from tests.console.kafka.clusters import Cluster, counted


def test_a_row_says_partitions_records_and_sizes(cluster, spec):
    name = cluster.topic(3, cleanup_policy="compact,delete")
    cluster.produce(name, b"a", b"b", b"c", partition=1, key=b"k")
    page = topics.topic_page(spec, query=name.upper())
    (row,) = page.topics
    assert (row.name, row.partitions, row.replication_factor, row.records) == (name, 3, 1, 3)
    assert row.size_bytes > 60
    assert sorted(row.cleanup_policy.split(",")) == ["compact", "delete"]
    assert len(row.topic_id) == 22
    assert (row.under_replicated, row.offline, row.internal) == (0, 0, False)
    assert page.matching == 1


def test_pages_are_cut_and_sorted_by_what_is_asked(cluster, spec):
    stem = cluster.topic().replace("F-", "F-sorted-")
    names = [f"{stem}-{letter}" for letter in "abcde"]
    cluster.create(names)
    for count, name in enumerate(names):
        if count:
            cluster.produce(name, *[b"v"] * count)
    page = topics.topic_page(spec, query=stem, page=2, page_size=2)
    assert ([row.name for row in page.topics], page.page, page.pages) == (names[2:4], 2, 3)
    last = topics.topic_page(spec, query=stem, page=99, page_size=2, descending=True)
    assert ([row.name for row in last.topics], last.page) == (names[:1], 3)
    most = topics.topic_page(spec, query=stem, sort="records", descending=True, page_size=2)
    assert [row.records for row in most.topics] == [4, 3]
    largest = topics.topic_page(spec, query=stem, sort="size_bytes", descending=True, page_size=1)
    assert largest.topics[0].name == names[-1]
    assert topics.topic_page(spec, query="there is no such topic").topics == []


def test_a_topic_says_its_partitions(cluster, spec):
    name = cluster.topic(2)
    cluster.produce(name, b"a", b"b", b"c", partition=1)
    cluster.delete_records(name, 1, 2)
    detail = topics.describe_topic(spec, name)
    first, second = detail.partitions
    assert (first.index, first.start_offset, first.end_offset, first.records) == (0, 0, 0, 0)
    assert (second.start_offset, second.end_offset, second.records, second.error) == (2, 3, 1, None)
    assert (second.leader, second.replicas, second.isr, second.offline_replicas) == (1, [1], [1], [])
    assert second.size_bytes > 0
    assert (detail.records, detail.replication_factor) == (1, 1)
    assert any(row.name == name and row.records == 1 for row in topics.list_topics(spec))


def test_what_is_not_there_is_not_made_by_asking(cluster, spec):
    for _ in range(2):
        with pytest.raises(NotFound, match="topic nobody-made-this is not there"):
            topics.describe_topic(spec, "nobody-made-this")


def test_a_cluster_that_is_down_is_said_in_time_and_in_words():
    begun = time.monotonic()
    with pytest.raises(ClusterUnreachable, match="nothing listens there"):
        topics.topic_page(ConnectionSpec("127.0.0.1:1"))
    with pytest.raises(ClusterUnreachable, match="is not a host:port"):
        topics.topic_page(ConnectionSpec("not a server"))
    with pytest.raises(ClusterUnreachable, match="the name is not known"):
        topics.topic_page(ConnectionSpec("there-is-no-such-host.invalid:9092"))
    assert time.monotonic() - begun < 5


def test_pages_come_again_as_soon_as_the_broker_does(tmp_path):
    with running_broker(tmp_path) as broker:
        cluster, spec = Cluster(broker.bootstrap), ConnectionSpec(broker.bootstrap)
        name = cluster.topic()
        assert topics.describe_topic(spec, name).records == 0
        broker.stop()
        with pytest.raises(ClusterUnreachable):
            topics.describe_topic(spec, name)
        broker.start()
        assert topics.describe_topic(spec, name).records == 0


def test_a_frozen_broker_costs_a_page_its_time_limit(frozen_server):
    begun = time.monotonic()
    with pytest.raises(ClusterUnreachable, match=r"in time|within"):
        topics.topic_page(ConnectionSpec(frozen_server))
    assert time.monotonic() - begun < 3


def test_many_topics_cost_few_requests(tmp_path, monkeypatch):
    with running_broker(tmp_path, durability="pagecache") as broker:
        cluster, spec = Cluster(broker.bootstrap), ConnectionSpec(broker.bootstrap)
        cluster.create([f"many-{number:04}" for number in range(300)], 2)
        with counted(monkeypatch) as sent:
            page = topics.topic_page(spec, page=3)
        assert len(sent) < 10, sent
        assert (len(page.topics), page.matching, page.topics[0].records) == (50, 300, 0)
        assert len(topics.topic_page(spec, sort="records").topics) == 50


def test_sorted_by_one_number_the_other_is_asked_for_the_rows_of_the_page_only(cluster, spec, monkeypatch):
    stem = cluster.topic().replace("F-", "F-one-number-")
    cluster.create([f"{stem}-{number:02}" for number in range(30)])
    cluster.produce(f"{stem}-07", b"v")
    with counted(monkeypatch) as sent:
        page = topics.topic_page(spec, query=stem, sort="size_bytes", descending=True, page_size=5)
    assert (page.topics[0].name, page.topics[0].records) == (f"{stem}-07", 1)
    asked = [request for request in sent if isinstance(request, ListOffsetsRequest)]
    assert asked and all(len(request.topics) <= 5 for request in asked), sent
    with counted(monkeypatch) as sent:
        page = topics.topic_page(spec, query=stem, sort="records", descending=True, page_size=5)
    assert page.topics[0].name == f"{stem}-07" and page.topics[0].size_bytes > 60
    asked = [request for request in sent if isinstance(request, DescribeLogDirsRequest)]
    assert asked and all(len(request.topics) <= 5 for request in asked), sent


def test_numbers_of_few_topics_are_collected_without_a_pause(cluster, spec, monkeypatch):
    cluster.create([f"{cluster.topic()}-{number}" for number in range(4)], 5)
    monkeypatch.setattr(topic_numbers, "PLACES_AT_ONCE", 5)  # it would be several steps
    monkeypatch.setattr(topic_numbers, "PAUSE_SHARE", 1_000)
    page = topics.topic_page(spec, sort="records", descending=True)
    assert not page.collecting and page.age_s < 5
