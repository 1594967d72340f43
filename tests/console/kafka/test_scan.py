"""Reading a part of a topic from end to end, on real logs."""

import json

import pytest

from console.kafka import scan
from console.kafka.errors import ClusterUnreachable, NotFound
from console.search import parse
from console.search.scan import Scan
from console.search.words import quoted


def look(spec, topic, text, stretch):
    found = Scan(parse(text), stretch.start, stretch.end, stretch.start)
    for chunk in scan.chunks(spec, topic, stretch):
        found.take(chunk)
    return found


@pytest.mark.parametrize("compression", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_every_record_is_looked_at_once_whatever_the_codec(cluster, spec, compression):
    topic = cluster.topic(2)
    values = [json.dumps({"n": number, "needle": number % 7 == 0}).encode() for number in range(500)]
    for start in range(0, 500, 100):
        cluster.produce(topic, *values[start : start + 100], partition=1, compression=compression)
    empty, stretch = scan.plan(spec, topic)
    assert (empty.start, empty.end, stretch.start, stretch.end) == (0, 0, 0, 500)
    cluster.produce(topic, b'{"needle": true}', partition=1)
    found = look(spec, topic, "value.needle=true", stretch)
    assert [offset for offset, _ in found.found] == list(range(0, 500, 7)) and found.records == 500
    assert look(spec, topic, quoted('"n": 77,'), stretch).found[0][0] == 77
    assert not look(spec, topic, "nowhere", stretch).found


def test_a_plan_begins_at_a_time_and_what_is_deleted_meanwhile_is_said(cluster, spec, monkeypatch):
    monkeypatch.setattr(scan, "FETCH_BYTES", 300)
    topic = cluster.topic(1, retention_ms="-1")
    for number in range(30):
        cluster.produce(topic, b"v%d" % number, timestamp_ms=1_700_000_000_000 + number * 1000)
    (late,) = scan.plan(spec, topic, since_ms=1_700_000_010_000)
    (never,) = scan.plan(spec, topic, since_ms=1_800_000_000_000)
    assert (late.start, late.end, never.start, never.end) == (10, 30, 30, 30)
    (stretch,) = scan.plan(spec, topic)
    found = Scan(parse("v"), 0, 30, 0)
    for number, chunk in enumerate(scan.chunks(spec, topic, stretch)):
        found.take(chunk)
        if not number:
            cluster.delete_records(topic, 0, 28)
    assert found.is_done and found.gone and found.gone + found.found_count == 30
    assert found.found[-1][0] == 29


def test_records_are_picked_by_their_addresses(cluster, spec):
    topic = cluster.topic(2)
    for partition in (0, 1):
        cluster.produce(topic, *(b"%d/%d" % (partition, number) for number in range(50)), partition=partition)
    wanted = [(0, 3), (0, 49), (1, 0), (1, 7), (1, 8), (1, 99)]
    picked = scan.pick(spec, topic, wanted)
    assert picked.pop((1, 99)) is None, "there is none"
    assert {address: record.value for address, record in picked.items()} == {
        address: b"%d/%d" % address for address in wanted[:-1]
    }
    assert scan.pick(spec, topic, []) == {}
    cluster.delete_records(topic, 0, 10)
    assert [record and record.value for record in scan.pick(spec, topic, [(0, 3), (0, 49)]).values()] == [None, b"0/49"]


def test_what_there_was_no_time_to_pick_is_not_said_to_be_gone(cluster, spec, monkeypatch):
    monkeypatch.setattr(scan, "SPARE_MS", 1 << 30)
    topic = cluster.topic(1)
    cluster.produce(topic, b"there")
    assert scan.pick(spec, topic, [(0, 0)]) == {}


def test_a_topic_that_is_not_there_and_a_cluster_that_is_silent(spec, cluster, frozen_server):
    from console.kafka.connection import ConnectionSpec

    with pytest.raises(NotFound):
        scan.plan(spec, "there-is-none")
    with pytest.raises(ClusterUnreachable):
        next(scan.chunks(ConnectionSpec("127.0.0.1:1"), "t", scan.Stretch(0, 0, 5)))
