"""A cluster as its page shows it: nodes, counts, health.

Invariant: what a cluster does not tell (disks, features) is None or empty; the page comes all the same.
Not here: topics one by one (topics.py), broker configurations (configs.py).
"""

import asyncio
import time
from dataclasses import dataclass

from console.kafka import sizes
from console.kafka.all_topics import all_topics
from console.kafka.connection import ConnectionSpec, Session, run
from console.kafka.errors import ClusterUnreachable
from console.kafka.shared import shared
from engine.client.errors import ClientError
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse
from engine.wire.messages.describe_quorum import (
    DescribeQuorumRequest,
    DescribeQuorumResponse,
    RequestPartitionData,
    RequestTopicData,
)

METADATA_TOPIC = "__cluster_metadata"
DISKS_WAIT_S = 1.0
METADATA_VERSION = "metadata.version"
# The level that each release finalizes when it is set up anew (kafka-features version-mapping).
RELEASES = {
    7: "3.3",
    8: "3.4",
    11: "3.5",
    14: "3.6",
    19: "3.7",
    20: "3.8",
    21: "3.9",
    25: "4.0",
    27: "4.1",
    29: "4.2",
    30: "4.3",
}


@dataclass(frozen=True, slots=True)
class NodeView:
    """One broker."""

    id: int
    host: str
    port: int
    rack: str | None
    controller: bool
    leaders: int  # partitions it leads
    replicas: int  # partitions it holds
    size_bytes: int | None  # of its log directories' replicas
    disk_total_bytes: int | None
    disk_usable_bytes: int | None
    directories: tuple[sizes.LogDirectory, ...] | None = None  # None: it does not tell


@dataclass(frozen=True, slots=True)
class ClusterView:
    """What a cluster says of itself."""

    cluster_id: str | None
    controller_id: int | None
    nodes: list[NodeView]  # by id
    topics: int  # internal ones not counted
    internal_topics: int
    partitions: int
    under_replicated: int
    offline: int
    features: list[tuple[str, int]]  # finalized feature levels, by name
    apis: int  # how many APIs it advertises
    kafka_version: str | None  # the metadata.version it runs as, in words, where it says so


def describe(spec: ConnectionSpec) -> ClusterView:
    """Describe the cluster."""

    async def read(session: Session) -> ClusterView:
        return await _describe(spec, session)

    return run(spec, read)


async def _describe(spec: ConnectionSpec, session: Session) -> ClusterView:
    listed, disks, apis, quorum_leader = await asyncio.gather(
        all_topics(spec, session),
        _disks(spec, session),
        _api_versions(session),
        _quorum_leader(session),
    )
    told = listed.value
    controller_id = quorum_leader if quorum_leader is not None else told.controller_id
    nodes = []
    for broker in told.brokers:
        disk = disks.get(broker.node_id)
        nodes.append(
            NodeView(
                id=broker.node_id,
                host=broker.host,
                port=broker.port,
                rack=broker.rack,
                controller=broker.node_id == controller_id,
                leaders=told.leaders.get(broker.node_id, 0),
                replicas=told.replicas.get(broker.node_id, 0),
                size_bytes=disk.size_bytes if disk is not None else None,
                disk_total_bytes=disk.total_bytes if disk is not None else None,
                disk_usable_bytes=disk.usable_bytes if disk is not None else None,
                directories=disk.directories if disk is not None else None,
            )
        )
    features = sorted((entry.name, entry.max_version_level) for entry in apis.finalized_features) if apis else []
    internal = sum(topic.internal for topic in told.topics)
    return ClusterView(
        cluster_id=told.cluster_id,
        controller_id=controller_id if controller_id >= 0 else None,
        nodes=nodes,
        topics=len(told.topics) + len(told.unreadable) - internal,
        internal_topics=internal,
        partitions=told.partitions,
        under_replicated=told.under_replicated,
        offline=told.offline,
        features=features,
        apis=len(apis.api_keys) if apis else 0,
        kafka_version=release_of(dict(features).get(METADATA_VERSION)),
    )


async def _disks(spec: ConnectionSpec, session: Session) -> dict[int, sizes.NodeDisks]:
    """What is on the disks; nothing where that takes too long for a page: a later one has it."""
    waiting = Session(session.shell, min(session.deadline_s, time.monotonic() + DISKS_WAIT_S))
    try:
        return (await shared(spec, waiting, "disks", sizes.node_disks, weigh=_replicas)).value
    except ClusterUnreachable:
        return {}


def _replicas(disks: dict[int, sizes.NodeDisks]) -> int:
    return sum(disk.replicas for disk in disks.values())


async def _api_versions(session: Session) -> ApiVersionsResponse | None:
    try:
        answer: ApiVersionsResponse = await session.send(ApiVersionsRequest("odradek-console", "0.1.0"))
    except ClientError:
        return None
    return answer


async def _quorum_leader(session: Session) -> int | None:
    """Who leads the metadata quorum. Metadata itself names any broker as controller (KIP-590)."""
    try:
        request = DescribeQuorumRequest([RequestTopicData(METADATA_TOPIC, [RequestPartitionData(0)])])
        answer: DescribeQuorumResponse = await session.send(request)
    except ClientError:
        return None
    if answer.error_code != ErrorCode.NONE or not answer.topics or not answer.topics[0].partitions:
        return None
    part = answer.topics[0].partitions[0]
    return part.leader_id if part.error_code == ErrorCode.NONE else None


def release_of(level: int | None) -> str | None:
    """The newest release whose metadata version is not above the cluster's."""
    reached = [name for known, name in RELEASES.items() if level is not None and known <= level]
    return reached[-1] if reached else None
