"""Honest and special requests of each API for the differential tests, and what both brokers are prepared with.

Words that each broker fills in for itself: "$new" is a name not used before, "$last" the
last such name, "$member" the member id of the last JoinGroup; SESSION the last fetch
session; a topic id is its topic's name with zeros behind it.
"""

import itertools
from collections.abc import Iterable
from typing import NamedTuple

from engine.core.records.builder import BatchBuilder
from engine.wire.messages import alter_configs as ac
from engine.wire.messages import create_partitions as cp
from engine.wire.messages import create_topics as ct
from engine.wire.messages import delete_groups as dg
from engine.wire.messages import delete_records as dr
from engine.wire.messages import delete_topics as dt
from engine.wire.messages import describe_cluster as dcl
from engine.wire.messages import describe_configs as dc
from engine.wire.messages import describe_groups as deg
from engine.wire.messages import describe_log_dirs as dld
from engine.wire.messages import describe_producers as dp
from engine.wire.messages import describe_topic_partitions as dtp
from engine.wire.messages import fetch as fe
from engine.wire.messages import find_coordinator as fc
from engine.wire.messages import heartbeat as hb
from engine.wire.messages import incremental_alter_configs as iac
from engine.wire.messages import init_producer_id as ip
from engine.wire.messages import join_group as jg
from engine.wire.messages import leave_group as lg
from engine.wire.messages import list_groups as lig
from engine.wire.messages import list_offsets as lo
from engine.wire.messages import metadata as md
from engine.wire.messages import offset_commit as oc
from engine.wire.messages import offset_delete as od
from engine.wire.messages import offset_fetch as of
from engine.wire.messages import offset_for_leader_epoch as ofl
from engine.wire.messages import produce as pr
from engine.wire.messages import sync_group as sg
from engine.wire.messages.api_versions import ApiVersionsRequest
from engine.wire.primitives import Message
from tests.engine.compat.hostile_frames import batch, compressed

SESSION = -77_777
NO_ID = bytes(16)
TOPIC_KIND, BROKER_KIND, LOGGER_KIND, GROUP_KIND = 2, 4, 8, 32
TOPICS = {"x-two": 2, "x-sink": 1, "x-idem": 1, "x-lies": 40, "x-del": 1, "x-cfg": 1}
NUMBERS = itertools.count()
GZIP, ZSTD, TRANSACTIONAL, CONTROL, APPEND_TIME = 1, 4, 16, 32, 8


class Part(NamedTuple):
    """A request of the conversation: what goes before it each time, and whether its fields are varied."""

    request: Message
    before: tuple[Message, ...] = ()
    varied: bool = True
    name: str = "as it is"


def topic_id(name: str) -> bytes:
    """Stand for the id that a broker gave to a topic."""
    return name.encode().ljust(16, b"\0")


def create(name: str, partitions: int = 1, *, validate_only: bool = False, **configs: str) -> ct.CreateTopicsRequest:
    """Create a topic."""
    asked = [ct.CreatableTopicConfig(key.replace("_", "."), value) for key, value in configs.items()]
    return ct.CreateTopicsRequest([ct.CreatableTopic(name, partitions, 1, [], asked)], 10_000, validate_only)


def produce(records: bytes, topic: str = "x-sink", index: int = 0, txn: str | None = None) -> pr.ProduceRequest:
    """Produce one batch."""
    data = pr.PartitionProduceData(index, records)  # type: ignore[arg-type]
    return pr.ProduceRequest(txn, -1, 5_000, [pr.TopicProduceData(topic, topic_id(topic), [data])])


def two_records() -> bytes:
    """A batch of two records with different times, the second one newer."""
    builder = BatchBuilder()
    for timestamp in (1_700_000_000_000, 1_700_000_000_001):
        builder.add(key=None, value=b"w", timestamp=timestamp)
    return bytes(builder.build())


def lie(name: str, records: bytes, txn: str | None = None) -> Part:
    """Produce a batch to a partition of its own: if one broker takes it, later offsets stay equal."""
    return Part(produce(records, "x-lies", next(NUMBERS), txn), (), False, name)


def fetch(offset: int = 0, *, session: int = 0, epoch: int = -1, topics: Iterable[str] = ("x-two",)) -> fe.FetchRequest:
    """Fetch from partition 0 of the topics."""
    return fe.FetchRequest(
        max_wait_ms=0, min_bytes=0, max_bytes=1 << 20, session_id=session, session_epoch=epoch,
        topics=[
            fe.FetchTopic(one, topic_id(one), [fe.FetchPartition(0, -1, offset, partition_max_bytes=1 << 20)])
            for one in topics
        ],
    )  # fmt: skip


def list_offsets(timestamp: int, index: int = 0, replica: int = -1, isolation: int = 0) -> lo.ListOffsetsRequest:
    """Ask for one offset."""
    partition = lo.ListOffsetsPartition(index, -1, timestamp)
    return lo.ListOffsetsRequest(replica, isolation, [lo.ListOffsetsTopic("x-two", [partition])], 1_000)


def join(group: str = "$new", member: str = "", instance: str | None = None, kind: str = "consumer") -> Message:
    """Join a group."""
    protocols = [jg.JoinGroupRequestProtocol("range", b"meta"), jg.JoinGroupRequestProtocol("other", b"")]
    return jg.JoinGroupRequest(group, 300_000, 300_000, member, instance, kind, protocols, "because")


def sync(generation: int = 1, member: str = "$member", instance: str | None = None) -> Message:
    """Sync as the leader."""
    return sg.SyncGroupRequest(
        "$last", generation, member, instance, "consumer", "range", [sg.SyncGroupRequestAssignment(member, b"assigned")]
    )


def commit(group: str, generation: int = -1, member: str = "", offset: int = 5) -> oc.OffsetCommitRequest:
    """Commit an offset of partition 0."""
    partition = oc.OffsetCommitRequestPartition(0, offset, -1, "note")
    topic = oc.OffsetCommitRequestTopic("x-two", topic_id("x-two"), [partition])
    return oc.OffsetCommitRequest(group, generation, member, None, -1, [topic])


def offset_fetch(group: str, indexes: list[int] | None) -> of.OffsetFetchRequest:
    """Ask for committed offsets; None: all."""
    old = None if indexes is None else [of.OffsetFetchRequestTopic("x-two", indexes)]
    new = None if indexes is None else [of.OffsetFetchRequestTopics("x-two", topic_id("x-two"), indexes)]
    return of.OffsetFetchRequest(group, old, [of.OffsetFetchRequestGroup(group, None, -1, new)], False)


def find(key: str, kind: int) -> fc.FindCoordinatorRequest:
    """Look for one coordinator."""
    return fc.FindCoordinatorRequest(key, kind, [key])


def configs_of(kind: int, name: str, keys: list[str] | None) -> dc.DescribeConfigsRequest:
    """Describe configs of one resource."""
    return dc.DescribeConfigsRequest([dc.DescribeConfigsResource(kind, name, keys)], True, False)


PREPARE: tuple[Message, ...] = (
    *(create(name, count, retention_ms="-1") for name, count in TOPICS.items()),
    produce(batch(), "x-two"),
    produce(two_records(), "x-two"),
    *(produce(batch(), "x-del") for _ in range(8)),
    find("x-committed", 0),
    commit("x-committed"),
    ip.InitProducerIdRequest(None, 60_000),
)  # fmt: skip
MEMBER = (join(), join("$last", "$member"))
LIVE = (*MEMBER, sync())
STATIC = (join(instance="static-1"),)
IN_SESSION = (fetch(epoch=0, topics=("x-two", "x-sink")),)
GONE = (create("$new"),)


def idempotent(sequence: int, epoch: int = 0, producer: int = 7_000) -> Part:
    """Produce as an idempotent producer."""
    return Part(produce(batch(producer=(producer, epoch, sequence)), "x-idem"), varied=False)


LIES = {
    "codec 7": batch(attributes=7), "codec 6": batch(attributes=6), "gzip of nothing": compressed(GZIP, b"x"),
    "zstd of nothing": compressed(ZSTD, b"x"), "transactional bit": batch(attributes=TRANSACTIONAL),
    "control bit": batch(attributes=CONTROL), "append time bit": batch(attributes=APPEND_TIME),
    "bit 7": batch(attributes=128), "bit 14": batch(attributes=1 << 14), "magic 1": batch(magic=1),
    "magic 3": batch(magic=3), "crc": batch(crc_lie=1), "length +1": batch(length_lie=1),
    "length -1": batch(length_lie=-1), "last delta 4": batch(last_delta=4), "count 0": batch(count=0),
    "count 2": batch(count=2), "two batches": batch() + batch(), "a byte more": batch() + b"x",
    "a byte less": batch()[:-1], "70 zeros more": batch() + bytes(70), "count -1": batch(count=-1, last_delta=0),
    "transactional bit, producer": batch(attributes=TRANSACTIONAL, producer=(7_000, 1, 2)),
}  # fmt: skip
TALK: dict[int, list[Part]] = {
    18: [Part(ApiVersionsRequest("x", "1.0"))],
    3: [
        Part(md.MetadataRequest([md.MetadataRequestTopic(NO_ID, "x-two")], False, True, True)),
        Part(md.MetadataRequest([md.MetadataRequestTopic(topic_id("x-two"), None)], False), varied=False),
        Part(md.MetadataRequest([md.MetadataRequestTopic(NO_ID, "x-unknown")], True), varied=False),
    ],
    60: [Part(dcl.DescribeClusterRequest(True, 1, False))],
    75: [
        Part(dtp.DescribeTopicPartitionsRequest([dtp.TopicRequest("x-two"), dtp.TopicRequest("x-sink")], 10)),
        Part(dtp.DescribeTopicPartitionsRequest([dtp.TopicRequest("x-two")], 1, dtp.RequestCursor("x-two", 1))),
    ],
    32: [
        Part(configs_of(TOPIC_KIND, "x-two", None)),
        Part(configs_of(TOPIC_KIND, "x-two", ["retention.ms", "foo", "retention.ms"])),
        Part(configs_of(BROKER_KIND, "1", ["log.retention.ms", "num.partitions", "foo"])),
        Part(configs_of(BROKER_KIND, "", ["num.partitions"]), varied=False),
        Part(configs_of(GROUP_KIND, "x-committed", ["consumer.session.timeout.ms"]), varied=False),
    ],
    35: [Part(dld.DescribeLogDirsRequest([dld.DescribableLogDirTopic("x-two", [0, 1])]))],
    23: [
        Part(ofl.OffsetForLeaderEpochRequest(-1, [ofl.OffsetForLeaderTopic("x-two", [partition])]))
        for partition in (ofl.OffsetForLeaderPartition(0, -1, 0), ofl.OffsetForLeaderPartition(1, 0, 0))
    ],
    2: [
        *(Part(list_offsets(when, index)) for when in (-1, -2, -3, 1_700_000_000_000) for index in (0, 1)),
        *(Part(list_offsets(when), varied=False) for when in (-4, -5, -6, -7, 0, 1_700_000_000_001, 1_700_000_000_002)),
        *(Part(list_offsets(-1, replica=replica), varied=False) for replica in (-2, 1, 2)),
        Part(list_offsets(-1, isolation=1), varied=False),
    ],
    1: [
        Part(fetch()), Part(fetch(1)), Part(fetch(4)), Part(fetch(epoch=0)),
        Part(fetch(3, topics=("x-two", "x-unknown", "x-del"))),
        Part(fetch(session=SESSION, epoch=1), IN_SESSION),
        Part(fetch(session=SESSION, epoch=1, topics=()), IN_SESSION, varied=False),
        Part(fetch(session=SESSION, epoch=2), IN_SESSION, varied=False),
        Part(fetch(session=SESSION, epoch=-1), IN_SESSION, varied=False),
        Part(fetch(session=SESSION, epoch=0), IN_SESSION, varied=False),
        Part(fetch(session=5, epoch=1), varied=False),
    ],
    0: [
        Part(produce(batch())),
        *map(idempotent, (0, 0, 1, 3, 2, 2, 0)),
        *(idempotent(sequence, 1) for sequence in (3, 0, 1)),
        idempotent(0), idempotent(7, producer=7_001), idempotent(-1, producer=7_002), idempotent(0, -1, 7_003),
        *(lie(name, records) for name, records in LIES.items()),
        lie("transactional id alone", batch(), "x-transaction"),
        lie("transactional", batch(attributes=TRANSACTIONAL, producer=(7_010, 0, 0)), "x-transaction"),
    ],
    61: [Part(dp.DescribeProducersRequest([dp.TopicRequest("x-idem", [0])]))],
    21: [
        Part(dr.DeleteRecordsRequest([dr.DeleteRecordsTopic("x-del", [dr.DeleteRecordsPartition(0, offset)])], 5_000))
        for offset in (2, 1, 9, -1)
    ],
    22: [Part(ip.InitProducerIdRequest(None, 60_000)), Part(ip.InitProducerIdRequest("x-transaction", 60_000))],
    10: [Part(find("x-committed", kind)) for kind in (0, 1, 2)],
    15: [
        Part(deg.DescribeGroupsRequest(["x-committed"], True)),
        *(Part(deg.DescribeGroupsRequest(["$last"], True), one, varied=False) for one in ((join(),), MEMBER, LIVE)),
    ],
    16: [
        Part(lig.ListGroupsRequest(states, types), LIVE) for states, types in (
            ([], []), (["Stable"], []), (["empty", "Dead"], ["classic"]), ([], ["Consumer"]), (["odd"], ["odd"]),
        )
    ],
    11: [
        Part(join()),
        Part(join("$last", "$member"), (join(),)),
        Part(join("$last", "$member"), MEMBER, varied=False),
        Part(join("$last", "$member"), LIVE, varied=False),
        Part(join(instance="static-1")),
        Part(join("$last", instance="static-1"), STATIC, varied=False),
        Part(join("$last", "$member", kind="connect"), (join(),), varied=False),
    ],
    14: [Part(sync(), MEMBER), Part(sync(), LIVE), Part(sync(member="$member", instance="static-1"), STATIC)],
    12: [
        Part(hb.HeartbeatRequest("$last", 1, "$member"), LIVE),
        Part(hb.HeartbeatRequest("$last", 1, "$member"), MEMBER, varied=False),
        Part(hb.HeartbeatRequest("$last", 1, "$member", "static-1"), STATIC, varied=False),
        Part(hb.HeartbeatRequest("$last", 1, "other", "static-1"), STATIC, varied=False),
    ],
    13: [
        Part(lg.LeaveGroupRequest("$last", "$member", [lg.MemberIdentity("$member", None, "bye")]), LIVE),
        Part(lg.LeaveGroupRequest("$last", "", [lg.MemberIdentity("", "static-1")]), STATIC),
        Part(lg.LeaveGroupRequest("$last", "$member", [lg.MemberIdentity("$member")]), (join(),), varied=False),
    ],
    8: [
        Part(commit("$last", 1, "$member"), LIVE),
        Part(commit("$last", 1, "$member"), MEMBER, varied=False),
        Part(commit("x-alone")),
        Part(commit("$last"), LIVE, varied=False),
    ],
    9: [
        Part(offset_fetch("x-committed", [0, 1, 7])), Part(offset_fetch("x-committed", None)),
        Part(offset_fetch("x-none", [0]), varied=False), Part(offset_fetch("x-none", None), varied=False),
    ],
    47: [
        Part(od.OffsetDeleteRequest(group, [od.OffsetDeleteRequestTopic("x-two", [one])]), before)
        for group in ("$last", "x-committed")
        for one, before in ((od.OffsetDeleteRequestPartition(0), LIVE), (od.OffsetDeleteRequestPartition(1), MEMBER))
    ],
    42: [Part(dg.DeleteGroupsRequest(["$last"]), before) for before in (LIVE, (commit("$new"),), (join(),))],
    19: [
        Part(create("x-made", validate_only=True, retention_ms="5")),
        Part(create("$new", 2), varied=False),
        Part(create("x-two"), varied=False),
    ],
    37: [Part(cp.CreatePartitionsRequest([cp.CreatePartitionsTopic("x-cfg", 2, None)], 5_000, validate_only=True))],
    44: [
        Part(iac.IncrementalAlterConfigsRequest([iac.AlterConfigsResource(kind, name, [config])], validate_only=False))
        for kind, name, config in (
            (TOPIC_KIND, "x-cfg", iac.AlterableConfig("retention.ms", 0, "777")),
            (TOPIC_KIND, "x-cfg", iac.AlterableConfig("retention.ms", 1)),
            (TOPIC_KIND, "x-cfg", iac.AlterableConfig("cleanup.policy", 2, "compact")),
        )
    ],
    33: [
        Part(ac.AlterConfigsRequest([ac.AlterConfigsResource(TOPIC_KIND, "x-cfg", [config])], validate_only=False))
        for config in (ac.AlterableConfig("retention.ms", "88"), ac.AlterableConfig("foo", "1"))
    ],
    20: [
        Part(dt.DeleteTopicsRequest([dt.DeleteTopicState("$last", NO_ID)], ["$last"], 5_000), GONE),
        Part(dt.DeleteTopicsRequest([dt.DeleteTopicState(None, topic_id("$last"))], [], 5_000), GONE),
    ],
}  # fmt: skip
