"""What the REST API reads and writes that no page does: bare metadata, raw configs, groups of members, one produce.

*Invariants*: reading a topic never creates it; a record whose answer did not come is told as perhaps written.
*Not here*: shapes of the API (console/rest), changes of topics (topic_writes.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from console.kafka.all_topics import things_in
from console.kafka.beside import beside, in_order, taken
from console.kafka.connection import ConnectionSpec, Session, run
from console.kafka.errors import NotFound, refused
from console.kafka.group_requests import Described, Listed, describe, list_groups
from console.kafka.groups import listed_group
from console.kafka.topics import one_topic
from engine.client.calls import Produced, ProducerRecord
from engine.client.cluster_metadata import error_code
from engine.client.errors import NotProduced
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.describe_configs import (
    DescribeConfigsRequest,
    DescribeConfigsResource,
    DescribeConfigsResourceResult,
    DescribeConfigsResponse,
)
from engine.wire.messages.metadata import MetadataResponsePartition, MetadataResponseTopic

TOPIC = 2  # resource type
PRODUCE_LIMIT_S = 10.0
LIST_LIMIT_S = 6.0


@dataclass(frozen=True, slots=True)
class PartitionShape:
    """One partition, without its offsets."""

    index: int
    leader: int | None
    replicas: tuple[int, ...]
    in_sync: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TopicShape:
    """One topic as metadata tells it."""

    name: str
    internal: bool
    partitions: tuple[PartitionShape, ...]  # by index

    @property
    def replication_factor(self) -> int:
        """The most copies that a partition has."""
        return max((len(part.replicas) for part in self.partitions), default=0)


@dataclass(frozen=True, slots=True)
class BrokerShape:
    """One broker as metadata tells it."""

    id: int
    host: str
    port: int
    rack: str | None


@dataclass(frozen=True, slots=True)
class ClusterShape:
    """The cluster as metadata tells it."""

    id: str | None
    controller_id: int | None
    brokers: tuple[BrokerShape, ...]


@dataclass(frozen=True, slots=True)
class ConfigShape:
    """One setting with where its value comes from, and what would count without it."""

    name: str
    value: str | None
    read_only: bool
    sensitive: bool
    source: int
    synonyms: tuple[tuple[str, str | None, int], ...]


@dataclass(frozen=True, slots=True)
class GroupShape:
    """One group and its members."""

    listed: Listed
    described: Described


def cluster(spec: ConnectionSpec) -> ClusterShape:
    """Id, controller and brokers."""

    async def read(session: Session) -> ClusterShape:
        told = await session.metadata([])
        brokers = sorted(told.brokers, key=lambda broker: broker.node_id)
        controller = told.controller_id if told.controller_id >= 0 else None
        shapes = tuple(BrokerShape(one.node_id, one.host, one.port, one.rack) for one in brokers)
        return ClusterShape(told.cluster_id, controller, shapes)

    return run(spec, read)


def topics(spec: ConnectionSpec) -> list[TopicShape]:
    """All topics by name, internal ones too."""

    async def read(session: Session) -> list[TopicShape]:
        told = await session.metadata()

        def shapes() -> list[TopicShape]:
            return in_order([_topic(one) for one in taken(told.topics) if one.name], lambda topic: topic.name)

        return await beside(things_in(told), shapes)

    return run(spec, read, time_limit_s=LIST_LIMIT_S)


def topic(spec: ConnectionSpec, name: str) -> TopicShape:
    """One topic; NotFound if it is not there."""

    async def read(session: Session) -> TopicShape:
        return _topic(await one_topic(session, name))

    return run(spec, read)


def topic_configs(spec: ConnectionSpec, name: str) -> list[ConfigShape]:
    """All configs of a topic, by name; NotFound if the topic is not there."""

    async def read(session: Session) -> list[ConfigShape]:
        await one_topic(session, name)
        resource = DescribeConfigsResource(TOPIC, name, None)
        answer: DescribeConfigsResponse = await session.send(DescribeConfigsRequest([resource], include_synonyms=True))
        for result in answer.results:
            code = error_code(result.error_code)
            if code != ErrorCode.NONE:
                raise refused(code, result.error_message)
            return sorted((_config(config) for config in result.configs), key=lambda entry: entry.name)
        raise NotFound(f"the cluster says nothing of {name}")

    return run(spec, read)


def groups(spec: ConnectionSpec) -> list[GroupShape]:
    """All groups that answer, by name, with their members."""

    async def read(session: Session) -> list[GroupShape]:
        found, _ = await list_groups(session)
        listed = [found[name] for name in sorted(found)]
        described = await describe(session, listed)
        return [GroupShape(group, described[group.name]) for group in listed]

    return run(spec, read, time_limit_s=LIST_LIMIT_S)


def group(spec: ConnectionSpec, name: str) -> GroupShape:
    """One group; NotFound if it is not there."""

    async def read(session: Session) -> GroupShape:
        listed = await listed_group(session, name)
        return GroupShape(listed, (await describe(session, [listed]))[name])

    return run(spec, read)


def produce(spec: ConnectionSpec, records: Sequence[ProducerRecord]) -> list[Produced | NotProduced]:
    """Write records of one topic in order (acks=all, idempotent); NotFound if the topic is not there."""

    async def write(session: Session) -> list[Produced | NotProduced]:
        there = await one_topic(session, records[0].topic)
        count = len(there.partitions)
        fits = [record for record in records if record.partition is None or record.partition < count]
        results = iter(await session.shell.produce(*fits) if fits else [])
        told = f"topic {there.name} has {count} partitions, from 0"
        missing = NotProduced(told, maybe_written=False, code=ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
        return [
            next(results) if record.partition is None or record.partition < count else missing for record in records
        ]

    return run(spec, write, time_limit_s=PRODUCE_LIMIT_S)


def _topic(told: MetadataResponseTopic) -> TopicShape:
    parts = sorted(told.partitions, key=lambda part: part.partition_index)
    return TopicShape(told.name or "", told.is_internal, tuple(map(_partition, parts)))


def _partition(part: MetadataResponsePartition) -> PartitionShape:
    leader = part.leader_id if part.leader_id >= 0 else None
    return PartitionShape(part.partition_index, leader, tuple(part.replica_nodes), tuple(part.isr_nodes))


def _config(config: DescribeConfigsResourceResult) -> ConfigShape:
    synonyms = tuple((one.name, None if config.is_sensitive else one.value, one.source) for one in config.synonyms)
    value = None if config.is_sensitive else config.value
    return ConfigShape(config.name, value, config.read_only, config.is_sensitive, config.config_source, synonyms)
