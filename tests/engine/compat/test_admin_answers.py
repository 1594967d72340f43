"""The same admin requests to our broker and to Apache Kafka: same codes, same words, same order of checks.

What may differ is named: ids and addresses (masked), and the cases in DEVIATIONS with
their reason.
"""

import random
import re
import socket
from collections.abc import Iterator
from struct import Struct
from typing import Any

import pytest

from engine.launcher import BrokerProcess
from engine.wire.frames import decode_response, encode_request
from engine.wire.messages import alter_configs as ac
from engine.wire.messages import create_partitions as cp
from engine.wire.messages import create_topics as ct
from engine.wire.messages import delete_topics as dt
from engine.wire.messages import describe_cluster as dcl
from engine.wire.messages import describe_configs as dc
from engine.wire.messages import describe_topic_partitions as dtp
from engine.wire.messages import incremental_alter_configs as iac
from engine.wire.messages import init_producer_id as ip
from engine.wire.messages import metadata as md
from engine.wire.primitives import Message
from tests.apache_kafka import apache_kafka
from tests.processes import wait_for

pytestmark = [pytest.mark.kafka, pytest.mark.processes]

SIZE = Struct(">i")
NO_ID = bytes(16)
TOPIC, BROKER, BROKER_LOGGER = 2, 4, 8

# Where we answer otherwise, and why.
DEVIATIONS = {
    "unclean.leader.election.enable": "not acted on yet: a change is refused in words",
    "20000 partitions more": "Kafka answers UNKNOWN_SERVER_ERROR without a word",
    "topic ''": "Kafka answers UNKNOWN_SERVER_ERROR without a word",
}


class Peer:
    """One connection; a broker that closes it says so by an answer of its own."""

    def __init__(self, bootstrap: str) -> None:
        host, _, port = bootstrap.partition(":")
        self.address = (host, int(port))
        self.socket = socket.create_connection(self.address, 20)

    def ask(self, request: Message, version: int) -> Any:
        self.socket.sendall(encode_request(request, version, 7, "admin-answers"))
        size = SIZE.unpack(self._read(4))[0]
        key = KEYS[type(request)]
        return decode_response(key, version, memoryview(self._read(size)))[1]

    def _read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            part = self.socket.recv(count - len(data))
            assert part, "closed"
            data += part
        return data


KEYS: dict[type, int] = {
    md.MetadataRequest: 3,
    ct.CreateTopicsRequest: 19,
    dt.DeleteTopicsRequest: 20,
    ip.InitProducerIdRequest: 22,
    dc.DescribeConfigsRequest: 32,
    ac.AlterConfigsRequest: 33,
    cp.CreatePartitionsRequest: 37,
    iac.IncrementalAlterConfigsRequest: 44,
    dcl.DescribeClusterRequest: 60,
    dtp.DescribeTopicPartitionsRequest: 75,
}


@pytest.fixture(scope="module")
def peers(shared_broker: BrokerProcess) -> Iterator[tuple[Peer, Peer]]:
    """Ours and Kafka's, each with the same topics."""
    with apache_kafka() as kafka:
        both = Peer(shared_broker.bootstrap), Peer(kafka)
        for peer in both:
            topics = [ct.CreatableTopic(name, count, 1) for name, count in (("a_b", 2), ("cfg", 1), ("gone", 1))]
            assert {one.error_code for one in peer.ask(ct.CreateTopicsRequest(topics, 5000), 7).topics} == {0}
        for peer in both:  # Kafka answers before every broker has heard of the topics
            wait_for(lambda peer=peer: knows_all(peer), 30, "the topics are not there")
        yield both


def knows_all(peer: Peer) -> bool:
    seen = peer.ask(md.MetadataRequest(named("a_b", "cfg", "gone"), False), 9).topics
    return not any(one.error_code for one in seen)


MASKS = (
    (re.compile(r"topic_id=b(['\"]).*?\1, (?=error_code|is_internal|partitions)"), "topic_id=*, "),
    (re.compile(r"host='[^']*', port=\d+"), "host=*, port=*"),
    (re.compile(r"cluster_id='[^']+'"), "cluster_id=*"),
    (re.compile(r"producer_id=\d+"), "producer_id=*"),
    # With eligible leader replicas Kafka writes this one into the metadata log for itself.
    (re.compile(r"(name='min.insync.replicas', value='1', read_only=False, config_source)=\d"), r"\1=*"),
)


def shown(response: Message) -> str:
    """The answer as text, in an order of its own, with what must differ masked."""
    for name in ("topics", "results", "responses"):
        parts = getattr(response, name, None)
        if parts:
            setattr(
                response,
                name,
                sorted(parts, key=repr if name == "results" else lambda one: (one.error_code, repr(one))),
            )
    text = repr(response)
    for pattern, mask in MASKS:
        text = pattern.sub(mask, text)
    return text


def differences(peers: tuple[Peer, Peer], requests: list[tuple[Message, int]]) -> list[str]:
    found = []
    for request, version in requests:
        ours, kafkas = (shown(peer.ask(request, version)) for peer in peers)
        if ours != kafkas:
            found.append(f"v{version} {request}\n  ours   {ours[:1500]}\n  Kafka  {kafkas[:1500]}")
    return found


def named(*names: str) -> list[md.MetadataRequestTopic]:
    return [md.MetadataRequestTopic(NO_ID, name) for name in names]


NAMES = (
    "",
    ".",
    "..",
    "a/b",
    "x" * 250,
    "x" * 249,
    "a\u2025b",
    "a\0b",
    "a b",
    "__x",
    "a.b",
    "a_b",
    "new",
    "../../etc/passwd",
)


def creations() -> list[ct.CreatableTopic]:
    one, config = ct.CreatableReplicaAssignment, ct.CreatableTopicConfig
    topics = [ct.CreatableTopic(name, 1, 1) for name in NAMES]
    for count, factor in (
        (0, 1),
        (-2, 1),
        (-1, -1),
        (1, 0),
        (1, 99),
        (1, -2),
        (2**31 - 1, 1),
        (10001, 1),
        (0, 0),
        (1, 2),
    ):
        topics.append(ct.CreatableTopic("new", count, factor))
    for assignments, count, factor in (
        ([one(0, [1])], -1, -1),
        ([one(0, [1])], 1, -1),
        ([one(0, [1])], -1, 1),
        ([one(0, [1])], 2, 1),
        ([one(0, [1]), one(1, [1])], -1, -1),
        ([one(1, [1])], -1, -1),
        ([one(0, [1]), one(2, [1])], -1, -1),
        ([one(0, [])], -1, -1),
        ([one(0, [1, 1])], -1, -1),
        ([one(0, [7])], -1, -1),
        ([one(0, [-1])], -1, -1),
        ([one(0, [1]), one(0, [1])], -1, -1),
        ([one(0, [1]), one(1, [1, 2])], -1, -1),
    ):
        topics.append(ct.CreatableTopic("new", count, factor, assignments))
    for name, value in CONFIGS:
        topics.append(ct.CreatableTopic("new", 1, 1, [], [config(name, value)]))
        topics.append(ct.CreatableTopic("new", 0, 9, [], [config(name, value)]))
    lags = [config("min.compaction.lag.ms", "10"), config("max.compaction.lag.ms", "5")]
    topics.append(ct.CreatableTopic("new", 1, 1, [], lags))
    topics.append(ct.CreatableTopic("new", 1, 1, [], [config("foo", "1"), config("retention.ms", "x")]))
    topics.append(ct.CreatableTopic("a_b", 0, 0, [], [config("foo", "1")]))
    topics.append(ct.CreatableTopic("__cluster_metadata", 1, 1))
    return topics


CONFIGS: list[tuple[str, str | None]] = [
    ("foo", "1"), ("", "1"),
    ("retention.ms", "abc"), ("retention.ms", "-5"), ("retention.ms", None), ("retention.ms", " 100 "),
    ("retention.ms", "1_000"), ("retention.ms", "+7"), ("retention.bytes", ""),
    ("cleanup.policy", "x"), ("cleanup.policy", ""), ("cleanup.policy", "compact,delete"), ("cleanup.policy", None),
    ("cleanup.policy", "delete,delete"), ("cleanup.policy", " compact , delete "),
    ("segment.bytes", "1"), ("segment.bytes", "1048576"), ("segment.bytes", "99999999999"), ("segment.ms", "0"),
    ("compression.type", "foo"), ("compression.gzip.level", "99"), ("compression.lz4.level", "0"),
    ("preallocate", "x"), ("min.cleanable.dirty.ratio", "2"), ("min.cleanable.dirty.ratio", "x"),
    ("max.message.bytes", "-1"), ("message.timestamp.type", "X"), ("min.insync.replicas", "0"),
    ("leader.replication.throttled.replicas", "abc"), ("remote.storage.enable", "true"), ("local.retention.ms", "-3"),
    ("unclean.leader.election.enable", "false"), ("message.timestamp.before.max.ms", "-1"), ("flush.ms", "-1"),
    ("flush.messages", "0"), ("segment.index.bytes", "3"), ("index.interval.bytes", "-1"),
    ("file.delete.delay.ms", "-1"),
    ("delete.retention.ms", "-1"), ("max.compaction.lag.ms", "0"), ("segment.jitter.ms", "-1"),
    ("message.timestamp.after.max.ms", "x"), ("compression.zstd.level", "23"), ("local.retention.bytes", "-3"),
]  # fmt: skip


def test_topics_are_created_or_refused_alike(peers: tuple[Peer, Peer]) -> None:
    requests: list[tuple[Message, int]] = [
        (ct.CreateTopicsRequest([topic], 5000, True), version) for topic in creations() for version in (2, 7)
    ]
    new = ct.CreatableTopic
    for topics in (
        [new("d", 1, 1), new("d", 1, 1), new("e", 1, 1)],
        [new("..", 1, 1), new("..", 1, 1)],
        [new("c.x", 1, 1), new("c_x", 1, 1)],
        [new("e", 6000, 1), new("f", 6000, 1)],
        [],
    ):
        requests.append((ct.CreateTopicsRequest(topics, 5000, True), 7))
    assert not (found := differences(peers, requests)), "\n".join(found)


def test_partitions_are_added_or_refused_alike(peers: tuple[Peer, Peer]) -> None:
    topic, one = cp.CreatePartitionsTopic, cp.CreatePartitionsAssignment
    requests: list[tuple[Message, int]] = []
    for topics in (
        *([topic("a_b", count, None)] for count in (-1, 0, 1, 2, 3)),
        [topic("nope", 3, None)], [topic("..", 3, None)], [topic("", 3, None)],
        [topic("a_b", 3, [])], [topic("a_b", 3, [one([1]), one([1])])], [topic("a_b", 4, [one([1])])],
        [topic("a_b", 3, [one([])])], [topic("a_b", 3, [one([9])])], [topic("a_b", 3, [one([1, 1])])],
        [topic("a_b", 3, [one([1])])], [topic("a_b", 20000, [])],
        [topic("a_b", 3, None), topic("a_b", 4, None)],
    ):  # fmt: skip
        requests += [(cp.CreatePartitionsRequest(topics, 5000, True), version) for version in (0, 3)]
    assert not (found := differences(peers, requests)), "\n".join(found)


def test_topics_are_deleted_or_refused_alike(peers: tuple[Peer, Peer]) -> None:
    state = dt.DeleteTopicState
    requests: list[tuple[Message, int]] = []
    for states in (
        [state(None, NO_ID)], [state("cfg", b"x" * 16)], [state("nope", NO_ID)], [state(None, b"x" * 16)],
        [state("..", NO_ID)], [state("", NO_ID)], [state("nope", NO_ID), state("nope", NO_ID)],
        [state(None, b"y" * 16), state(None, b"y" * 16)], [state("gone", NO_ID)], [state("gone", NO_ID)], [],
    ):  # fmt: skip
        requests.append((dt.DeleteTopicsRequest(states, [], 5000), 6))
    requests += [(dt.DeleteTopicsRequest([], ["nope", "none", "nope"], 5000), version) for version in (1, 4, 5)]
    assert not (found := differences(peers, requests)), "\n".join(found)


def test_configs_are_changed_or_refused_alike(peers: tuple[Peer, Peer]) -> None:
    requests: list[tuple[Message, int]] = []
    random_changes = random.Random(7)
    for _ in range(150):
        chosen = random_changes.choices(
            [*CONFIGS, ("retention.ms", "5"), ("cleanup.policy", "compact")], k=random_changes.choice((1, 1, 2))
        )
        # Of two, Kafka looks at them in the order of a hash map: only one may be refused before all are checked.
        operations = (0, 0, 1, 2, 3, 7) if len(chosen) == 1 else (0, 1)
        configs = [iac.AlterableConfig(name, random_changes.choice(operations), value) for name, value in chosen]
        requests.append((incremental(TOPIC, "cfg", configs), random_changes.choice((0, 1))))
        old = [ac.AlterableConfig(name, value) for name, value in chosen]
        requests.append((ac.AlterConfigsRequest([ac.AlterConfigsResource(TOPIC, "cfg", old)], True), 2))
    set_one = [iac.AlterableConfig("retention.ms", 0, "5")]
    for kind, name in (
        (TOPIC, "nope"), (TOPIC, ".."), (TOPIC, ""), (3, "x"), (0, "x"), (BROKER, "9"), (BROKER, "abc"),
        (BROKER_LOGGER, "1"),
    ):  # fmt: skip
        requests.append((incremental(kind, name, set_one), 1))
        requests.append((incremental(kind, name, []), 1)) if kind == TOPIC else None
    static = [iac.AlterableConfig("num.partitions", 0, "5")]
    requests.append((incremental(BROKER, "1", static), 1))
    assert not (found := differences(peers, requests)), "\n".join(found)


def incremental(kind: int, name: str, configs: list[iac.AlterableConfig]) -> Message:
    return iac.IncrementalAlterConfigsRequest([iac.AlterConfigsResource(kind, name, configs)], True)


def test_configs_of_topics_are_described_alike(peers: tuple[Peer, Peer]) -> None:
    """But for sentences, which are ours, and min.insync.replicas, which Kafka sets for itself with ELR."""
    for version in (1, 3, 4):
        described = []
        for peer in peers:
            wanted = dc.DescribeConfigsResource(TOPIC, "cfg", None)
            result = peer.ask(dc.DescribeConfigsRequest([wanted], True, version >= 3), version).results[0]
            described.append({one.name: one for one in result.configs})
        ours, kafkas = described
        assert ours.keys() == kafkas.keys()
        for name in ours.keys() - {"min.insync.replicas"}:
            ours[name].documentation = kafkas[name].documentation
            assert ours[name] == kafkas[name]
    requests: list[tuple[Message, int]] = [
        (dc.DescribeConfigsRequest([dc.DescribeConfigsResource(kind, name, None)], False, False), 4)
        for kind, name in (
            (TOPIC, "nope"),
            (TOPIC, ".."),
            (TOPIC, ""),
            (BROKER, "9"),
            (BROKER, "abc"),
            (0, "x"),
            (3, "x"),
            (BROKER_LOGGER, "9"),
            (BROKER_LOGGER, ""),
            (BROKER_LOGGER, "x"),
        )
    ]
    assert not (found := differences(peers, requests)), "\n".join(found)


def test_topics_and_cluster_are_told_alike(peers: tuple[Peer, Peer]) -> None:
    requests: list[tuple[Message, int]] = []
    for version in range(14):
        requests.append((md.MetadataRequest(named("a_b"), True), version))
        if version:
            requests.append((md.MetadataRequest([], True), version))
        if version >= 4:
            requests.append((md.MetadataRequest(named("a_b", "nope", "..", "", "a_b"), False), version))
    requests.append((md.MetadataRequest(named("a_b"), False, True, True), 8))
    requests.append((md.MetadataRequest(named("a_b"), False, False, True), 12))
    for version, topics in (
        (12, [md.MetadataRequestTopic(b"x" * 16, None)]), (13, [md.MetadataRequestTopic(NO_ID, None)]),
        (12, [md.MetadataRequestTopic(NO_ID, None)]), (13, [md.MetadataRequestTopic(b"x" * 16, None), *named("a_b")]),
        (10, [md.MetadataRequestTopic(b"x" * 16, "a_b")]), (11, [md.MetadataRequestTopic(b"x" * 16, None)]),
    ):  # fmt: skip
        requests.append((md.MetadataRequest(topics, False), version))
    for names, limit, cursor in (
        (["nope"], 9, None), ([".."], 9, None), (["a_b", "cfg", "zz"], 2, None), (["a_b", "cfg"], 2, ("a_b", 1)),
        (["a_b", "cfg"], 2, ("a_b", 9)), (["a_b", "cfg"], 2, ("a_b", -1)), (["a_b", "cfg"], 2, ("zz", 0)),
        (["a_b"], 0, None), (["a_b"], -1, None), (["a_b", "a_b"], 5, None), (["nope", "a_b"], 1, None),
        (["cfg", "a_b", "nope"], 2, None),
    ):  # fmt: skip
        at = None if cursor is None else dtp.RequestCursor(*cursor)
        requests.append((dtp.DescribeTopicPartitionsRequest([dtp.TopicRequest(name) for name in names], limit, at), 0))
    requests += [(dcl.DescribeClusterRequest(True, kind), version) for version in (1, 2) for kind in (1, 2, 3)]
    requests.append((dcl.DescribeClusterRequest(False), 0))
    assert not (found := differences(peers, requests)), "\n".join(found)


def test_producer_ids_are_refused_alike(peers: tuple[Peer, Peer]) -> None:
    requests: list[tuple[Message, int]] = [
        (ip.InitProducerIdRequest("", 60000), 4),
        (ip.InitProducerIdRequest(None, 60000, -1, 3), 4),
        (ip.InitProducerIdRequest(None, 60000, 5, -1), 4),
    ]
    assert not (found := differences(peers, requests)), "\n".join(found)
