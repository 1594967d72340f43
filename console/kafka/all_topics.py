"""What a cluster says of all its topics, told shortly: the rows of their list and sums, instead of every replica.

All pages share it, and it is kept while somebody looks: of 300,000 partitions the answer itself is two million
objects, and whatever goes through those holds everybody up.

*Invariants*: the answer is taken apart while it is gone through; no more than NODES_MAX brokers of it are kept.
*Not here*: offsets, sizes and settings of topics (topics.py), a topic's partitions one by one (topics.py).
"""

from base64 import urlsafe_b64encode
from dataclasses import dataclass, field

from console.kafka.beside import MANY, beside, in_order, taken
from console.kafka.connection import ConnectionSpec, Session
from console.kafka.shared import Read, shared
from engine.client.cluster_metadata import NO_ID, NODES_MAX
from engine.wire.messages.metadata import (
    MetadataResponse,
    MetadataResponseBroker,
    MetadataResponsePartition,
    MetadataResponseTopic,
)


@dataclass(frozen=True, slots=True)
class TopicSummary:
    """One row of the topics list."""

    name: str
    topic_id: str  # as Kafka's tools print it (URL-safe base64)
    internal: bool
    partitions: int
    replication_factor: int
    under_replicated: int  # partitions whose ISR is smaller than their replicas
    offline: int  # partitions without a leader
    records: int | None  # sum of log end - log start; None where it could not be read
    size_bytes: int | None  # of all replicas on disk; None where the cluster does not tell
    cleanup_policy: str | None  # filled by topic_page only
    leaderless: tuple[int, ...] = ()  # the partitions that are offline


@dataclass(slots=True)
class AllTopics:
    """All topics and nodes of a cluster."""

    cluster_id: str | None
    controller_id: int
    brokers: list[MetadataResponseBroker]  # by id
    topics: list[TopicSummary] = field(default_factory=list)  # by name; without records, sizes and policies
    unreadable: list[str] = field(default_factory=list)  # names of topics without partitions
    partitions: int = 0
    under_replicated: int = 0
    offline: int = 0
    leaders: dict[int, int] = field(default_factory=dict)  # node -> partitions it leads
    replicas: dict[int, int] = field(default_factory=dict)  # node -> partitions it holds

    @property
    def names(self) -> frozenset[str]:
        """Of all that are there."""
        return frozenset([*(topic.name for topic in self.topics), *self.unreadable])


async def all_topics(spec: ConnectionSpec, session: Session, fresh_s: float = 0.0) -> Read[AllTopics]:
    """What the cluster says of all topics and nodes, shared by all pages."""

    async def read(session: Session) -> AllTopics:
        answer = await session.metadata()
        return await beside(things_in(answer), lambda: told_shortly(answer))

    return await shared(spec, session, "topics", read, weigh=lambda found: found.partitions, fresh_s=fresh_s)


def things_in(answer: MetadataResponse) -> int:
    """How much an answer says, roughly: to count what is long would be long itself."""
    topics = answer.topics[:MANY]
    return len(topics) + sum(len(topic.partitions) for topic in topics)


def told_shortly(answer: MetadataResponse) -> AllTopics:
    """The same, shortly; the answer is empty afterwards."""
    brokers = sorted(answer.brokers[:NODES_MAX], key=lambda broker: broker.node_id)
    found = AllTopics(answer.cluster_id, answer.controller_id, brokers)
    for topic in taken(answer.topics):
        if topic.name is None:
            continue
        if topic.partitions:
            found.topics.append(_summary(found, topic.name, topic))
        else:
            found.unreadable.append(topic.name)
    found.topics = in_order(found.topics, lambda topic: topic.name)
    return found


def uuid_text(topic_id: bytes) -> str:
    """An id as Kafka's tools print it; empty if the cluster has none."""
    return "" if topic_id == NO_ID else urlsafe_b64encode(topic_id).decode().rstrip("=")


def is_under_replicated(part: MetadataResponsePartition) -> bool:
    """Whether replicas are missing from the ISR."""
    return len(part.isr_nodes) < len(part.replica_nodes)


def is_offline(part: MetadataResponsePartition) -> bool:
    """Whether nobody leads it."""
    return part.leader_id < 0


def _summary(found: AllTopics, name: str, topic: MetadataResponseTopic) -> TopicSummary:
    count, factor, under_replicated = len(topic.partitions), 0, 0
    leaderless: list[int] = []
    leaders, replicas = found.leaders, found.replicas
    for part in taken(topic.partitions):
        leaders[part.leader_id] = leaders.get(part.leader_id, 0) + 1
        for node_id in part.replica_nodes:
            replicas[node_id] = replicas.get(node_id, 0) + 1
        factor = max(factor, len(part.replica_nodes))
        under_replicated += is_under_replicated(part)
        if is_offline(part):
            leaderless.append(part.partition_index)
    found.partitions += count
    found.under_replicated += under_replicated
    found.offline += len(leaderless)
    return TopicSummary(
        name=name,
        topic_id=uuid_text(topic.topic_id),
        internal=topic.is_internal,
        partitions=count,
        replication_factor=factor,
        under_replicated=under_replicated,
        offline=len(leaderless),
        records=None,
        size_bytes=None,
        cleanup_policy=None,
        leaderless=tuple(leaderless),
    )
