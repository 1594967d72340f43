"""Groups as pages show them, of our broker and of Apache Kafka."""

import time

import pytest

from console.kafka import group_offsets, groups
from console.kafka.connection import ConnectionSpec
from console.kafka.errors import ClusterUnreachable, NotFound
from console.kafka.group_requests import assignment
from tests.brokers import running_broker
from tests.console.kafka.clusters import Cluster, counted
from tests.console.kafka.group_data import commit, member

HOSTILE = "../<b>\u202e group"


def test_a_group_that_only_commits_has_lag_and_times(cluster, spec):
    topic = cluster.topic(2)
    begun = 1_700_000_000_000
    for second in range(4):
        cluster.produce(topic, b"v", partition=0, timestamp_ms=begun + 1000 * second)
    commit(cluster, [f"only-{topic}"], [topic], {0: 1, 1: 0}, "checkpoint")
    detail = groups.describe_group(spec, f"only-{topic}")
    first, second = detail.partitions
    assert (detail.state, detail.type, detail.members, detail.topics) == ("Empty", "classic", (), [topic])
    assert (first.committed, first.start, first.end, first.lag, first.behind_ms) == (1, 0, 4, 3, 2000)
    assert (first.metadata, first.reader) == ("checkpoint", None)
    assert (second.lag, second.behind_ms, detail.lag, detail.behind_ms) == (0, 0, 3, 2000)


def test_each_partition_has_its_time_though_its_first_batch_is_large(cluster, spec):
    topic = cluster.topic(6)
    begun = 1_700_000_000_000
    for index in range(6):
        cluster.produce(topic, bytes(60_000), partition=index, timestamp_ms=begun - 1000 * index)
        cluster.produce(topic, b"v", partition=index, timestamp_ms=begun)
    commit(cluster, [f"large-{topic}"], [topic], dict.fromkeys(range(6), 0))
    detail = groups.describe_group(spec, f"large-{topic}")
    assert [one.behind_ms for one in detail.partitions] == [1000 * index for index in range(6)]
    assert (detail.behind_ms, detail.untimed) == (5000, [])


def test_a_time_that_is_not_known_has_a_reason_and_makes_the_longest_a_lower_bound(cluster, spec, monkeypatch):
    monkeypatch.setattr(group_offsets, "TURNS_BYTES_MAX", 0)
    topic = cluster.topic(3)
    for index in range(3):
        cluster.produce(topic, bytes(60_000), partition=index, timestamp_ms=1_700_000_000_000)
        cluster.produce(topic, b"v", partition=index, timestamp_ms=1_700_000_001_000)
    commit(cluster, [f"late-{topic}"], [topic], dict.fromkeys(range(3), 0))
    detail = groups.describe_group(spec, f"late-{topic}")
    assert len(detail.untimed) == 2 and all("too large" in one.behind_why for one in detail.untimed)
    assert detail.behind_ms == 1000
    cluster.delete_records(topic, 0, 1)
    assert "OFFSET_OUT_OF_RANGE" in groups.describe_group(spec, f"late-{topic}").partitions[0].behind_why


def test_members_say_who_they_are_and_what_they_read(cluster, spec):
    topic = cluster.topic(3)
    name = f"{HOSTILE} {topic}"
    with member(cluster, name, topic, client_id="reader-1", group_instance_id="seat-7"):
        detail = groups.describe_group(spec, name)
        (reader,) = detail.members
        assert (detail.state, detail.protocol_type, detail.protocol) == ("Stable", "consumer", "range")
        assert (reader.client_id, reader.instance_id, reader.host) == ("reader-1", "seat-7", "127.0.0.1")
        assert reader.places == [(topic, 0), (topic, 1), (topic, 2)]
        assert [one.committed for one in detail.partitions] == [None] * 3
        assert all(one.reader == reader for one in detail.partitions)
        (row,) = groups.group_page(spec, query=topic.upper()).groups
        assert (row.name, row.state, row.members, row.topics, row.lag) == (name, "Stable", 1, 1, None)
        (here,) = groups.groups_of_topic(spec, topic).rows
        assert (here.members, here.assigned, here.committed, here.lag) == (1, 3, 0, None)


def test_pages_are_filtered_and_sorted_by_what_is_asked(cluster, spec):
    topic = cluster.topic()
    cluster.produce(topic, *[b"v"] * 9)
    names = [f"sorted-{topic}-{letter}" for letter in "abc"]
    for number, name in enumerate(names):
        commit(cluster, [name], [topic], {0: 3 * number})
    worst = groups.group_page(spec, query=topic, sort="lag", descending=True, page_size=2)
    assert [(row.name, row.lag) for row in worst.groups] == [(names[0], 9), (names[1], 6)]
    last = groups.group_page(spec, query=topic, page=9, page_size=2)
    assert ([row.name for row in last.groups], last.page, last.pages) == (names[2:], 2, 2)
    assert groups.group_page(spec, query=topic, state="Stable").matching == 0
    assert groups.group_page(spec, query=topic, state="Empty").matching == 3
    nothing = groups.group_page(spec, query="there is no such group")
    assert nothing.groups == [] and set(names) <= set(nothing.names)
    found = groups.groups_of_topic(spec, topic)
    assert [(row.name, row.lag) for row in found.rows] == [(names[0], 9), (names[1], 6), (names[2], 3)]


def test_where_a_group_goes_on_is_told_for_partitions_with_a_commit(cluster, spec):
    topic = cluster.topic(3)
    for index in range(3):
        cluster.produce(topic, b"v", partition=index)
    commit(cluster, [f"at-{topic}"], [topic], {0: 1, 2: 0})
    assert groups.positions(spec, f"at-{topic}", topic) == ((0, 1), (2, 0))
    with pytest.raises(NotFound, match="has no commit in"):
        groups.positions(spec, f"at-{topic}", cluster.topic(1))
    with pytest.raises(NotFound, match="there is no group nobody"):
        groups.positions(spec, "nobody", topic)


def test_a_group_that_is_not_there_is_not_made_by_asking(cluster, spec):
    for _ in range(2):
        with pytest.raises(NotFound, match="there is no group nobody-made-this"):
            groups.describe_group(spec, "nobody-made-this")


def test_a_cluster_that_never_had_a_group_has_none(tmp_path):
    with running_broker(tmp_path) as broker:
        page = groups.group_page(ConnectionSpec(broker.bootstrap))
        assert (page.groups, page.total, page.missing, page.pages) == ([], 0, (), 1)


def test_a_frozen_broker_costs_a_page_its_time_limit(frozen_server):
    begun = time.monotonic()
    with pytest.raises(ClusterUnreachable):
        groups.group_page(ConnectionSpec(frozen_server))
    assert time.monotonic() - begun < 3


def test_a_thousand_groups_cost_few_requests(tmp_path, monkeypatch):
    with running_broker(tmp_path, durability="pagecache") as broker:
        cluster, spec = Cluster(broker.bootstrap), ConnectionSpec(broker.bootstrap)
        topics = [cluster.topic(6), cluster.topic(6)]
        commit(cluster, [f"many-{number:04}" for number in range(1000)], topics, dict.fromkeys(range(6), 0))
        groups.group_page(spec)
        with counted(monkeypatch) as sent:
            page = groups.group_page(spec, page=7)
        assert (len(page.groups), page.matching, page.groups[0].lag) == (50, 1000, 0)
        assert len(sent) < 10, sent
        assert len(groups.group_page(spec, sort="lag").groups) == 50


@pytest.mark.parametrize("data", [b"\x00", b"\x00\x00", b"\x00\x00\x7f\xff\xff\xff", b"\xff" * 40, b"\x00\x09junk"])
def test_an_assignment_that_is_none_is_not_guessed(data):
    assert assignment(data) is None


def test_an_empty_assignment_is_no_partition():
    assert assignment(b"") == []
