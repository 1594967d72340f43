"""The controller's decisions on topics: a request and an image in, records or a refusal out.

Pure: the image is only read, chance comes in as ready-made ids. Checks, their order and
their words are Kafka's, because clients and people know them.

Invariants:
- A topic's records are complete or absent: TopicRecord, its ConfigRecords, its
  PartitionRecords in order.
- What is decided in one request is decided against the image before it.

Not here: appending records and answering when they are durable (broker/controller.py).
Spec: org.apache.kafka.controller.ReplicationControlManager, Apache Kafka 4.3.
"""

from typing import NamedTuple

from engine.core.metadata import config_changes, placement, topic_names
from engine.core.metadata.configs import ServerConfigs
from engine.core.metadata.image import NO_LEADER, MetadataImage, TopicImage
from engine.wire.error_codes import ErrorCode, WireError
from engine.wire.primitives import Message
from engine.wire.record_types.cluster_metadata import (
    PartitionChangeRecord,
    PartitionRecord,
    RemoveTopicRecord,
    TopicRecord,
)

DEFAULT_NUMBER = -1  # of partitions or replicas: as the broker is configured
PARTITIONS_PER_REQUEST_MAX = 10_000


class NewTopic(NamedTuple):
    """One topic as CreateTopics asks for it."""

    name: str
    partitions: int
    replication_factor: int
    assignments: list[tuple[int, list[int]]]  # (partition, brokers)
    configs: list[tuple[str, str | None]]


class Defaults(NamedTuple):
    """What a topic gets that does not say."""

    partitions: int
    replication_factor: int
    directory_id: bytes  # where this broker keeps replicas


class CreatedTopic(NamedTuple):
    """A topic that can be created: what to answer, what to write."""

    name: str
    topic_id: bytes
    partitions: int
    replication_factor: int
    configs: dict[str, str]
    records: list[Message]


def check_number_of_partitions(topics: list[NewTopic], defaults: Defaults) -> None:
    """WireError if one request asks for too many partitions in all."""
    total = 0
    for topic in topics:
        count = len(topic.assignments) or topic.partitions
        total += defaults.partitions if count == DEFAULT_NUMBER else max(count, 0)
        if total > PARTITIONS_PER_REQUEST_MAX:
            raise WireError(ErrorCode.POLICY_VIOLATION, "Excessively large number of partitions per request.")


def colliding_topic(image: MetadataImage, name: str) -> str | None:
    """An existing topic whose name differs from this one only in '.' and '_'."""
    if not topic_names.has_collision_characters(name):
        return None
    folded = topic_names.folded(name)
    for existing in image.topics:
        if (
            existing != name
            and topic_names.has_collision_characters(existing)
            and topic_names.folded(existing) == folded
        ):
            return existing
    return None


def check_new_name(image: MetadataImage, name: str) -> None:
    """WireError unless a topic of this name can be created."""
    refusal = topic_names.refusal(name)
    if name in image.topics:
        raise WireError(ErrorCode.TOPIC_ALREADY_EXISTS, f"Topic '{name}' already exists.")
    if refusal is not None:
        raise WireError(ErrorCode.INVALID_TOPIC_EXCEPTION, refusal)
    existing = colliding_topic(image, name)
    if existing is not None:
        raise WireError(ErrorCode.INVALID_TOPIC_EXCEPTION, f"Topic '{name}' collides with existing topic: {existing}")


def create_topic(
    image: MetadataImage, topic: NewTopic, defaults: Defaults, server: ServerConfigs, topic_id: bytes
) -> CreatedTopic:
    """Decide on one topic of a CreateTopics request; WireError says why it cannot be."""
    check_new_name(image, topic.name)
    configs = dict(topic.configs)  # of two values of one config the last counts
    nulls = [name for name, value in configs.items() if value is None]
    written = {name: value for name, value in configs.items() if value is not None}
    config_records = config_changes.records_for_topic(topic.name, {}, written, server, nulls)
    if topic.assignments:
        replicas = _manual_assignment(image, topic)
    else:
        if topic.replication_factor == 0 or topic.replication_factor < DEFAULT_NUMBER:
            raise WireError(
                ErrorCode.INVALID_REPLICATION_FACTOR,
                "Replication factor must be larger than 0, or -1 to use the default value.",
            )
        if topic.partitions == 0 or topic.partitions < DEFAULT_NUMBER:
            raise WireError(
                ErrorCode.INVALID_PARTITIONS, "Number of partitions was set to an invalid non-positive value."
            )
        replicas = placement.place(
            image,
            first_partition=0,
            count=defaults.partitions if topic.partitions == DEFAULT_NUMBER else topic.partitions,
            replication_factor=(
                defaults.replication_factor if topic.replication_factor == DEFAULT_NUMBER else topic.replication_factor
            ),
        )
    records: list[Message] = [TopicRecord(topic.name, topic_id), *config_records]
    records += _partition_records(image, topic_id, 0, replicas, defaults)
    return CreatedTopic(topic.name, topic_id, len(replicas), len(replicas[0]), written, records)


def _manual_assignment(image: MetadataImage, topic: NewTopic) -> list[list[int]]:
    if topic.replication_factor != DEFAULT_NUMBER:
        raise WireError(
            ErrorCode.INVALID_REQUEST,
            "A manual partition assignment was specified, but replication factor was not set to -1.",
        )
    if topic.partitions != DEFAULT_NUMBER:
        raise WireError(
            ErrorCode.INVALID_REQUEST,
            "A manual partition assignment was specified, but numPartitions was not set to -1.",
        )
    chosen: dict[int, list[int]] = {}
    replication_factor: int | None = None
    for index, brokers in topic.assignments:
        if index in chosen:
            raise WireError(
                ErrorCode.INVALID_REPLICA_ASSIGNMENT,
                f"Found multiple manual partition assignments for partition {index}",
            )
        placement.check_manual(image, brokers, replication_factor)
        replication_factor = len(brokers)
        _in_sync(image, brokers, index)
        chosen[index] = brokers
    if sorted(chosen) != list(range(len(chosen))):
        raise WireError(
            ErrorCode.INVALID_REPLICA_ASSIGNMENT, "partitions should be a consecutive 0-based integer sequence"
        )
    return [chosen[index] for index in range(len(chosen))]


def _in_sync(image: MetadataImage, brokers: list[int], index: int) -> list[int]:
    isr = [broker_id for broker_id in brokers if not image.brokers[broker_id].fenced]
    if not isr:
        raise WireError(
            ErrorCode.INVALID_REPLICA_ASSIGNMENT,
            f"All brokers specified in the manual partition assignment for partition {index} are fenced or in "
            "controlled shutdown.",
        )
    return isr


def _partition_records(
    image: MetadataImage, topic_id: bytes, first: int, replicas: list[list[int]], defaults: Defaults
) -> list[Message]:
    records: list[Message] = []
    for index, brokers in enumerate(replicas, first):
        isr = _in_sync(image, brokers, index)
        records.append(
            PartitionRecord(
                partition_id=index,
                topic_id=topic_id,
                replicas=brokers,
                isr=isr,
                leader=isr[0],
                leader_epoch=0,
                partition_epoch=0,
                directories=[defaults.directory_id] * len(brokers),
            )
        )
    return records


def delete_topic(topic: TopicImage) -> list[Message]:
    """The records that remove a topic; its configs go with it."""
    return [RemoveTopicRecord(topic.topic_id)]


def create_partitions(
    image: MetadataImage,
    topic: TopicImage,
    count: int,
    assignments: list[list[int]] | None,
    defaults: Defaults,
    partitions_left: int = PARTITIONS_PER_REQUEST_MAX,
) -> list[Message]:
    """Decide on one topic of a CreatePartitions request; WireError says why it cannot grow to `count` partitions.

    `partitions_left` is how many the request may still add (Kafka answers UNKNOWN_SERVER_ERROR beyond; we say why).
    """
    now = len(topic.partitions)
    if count == now:
        raise WireError(ErrorCode.INVALID_PARTITIONS, f"Topic already has {now} partition(s).")
    if count < now:
        raise WireError(
            ErrorCode.INVALID_PARTITIONS,
            f"The topic {topic.name} currently has {now} partition(s); {count} would not be an increase.",
        )
    added = count - now
    if assignments is not None and len(assignments) != added:
        raise WireError(
            ErrorCode.INVALID_REPLICA_ASSIGNMENT,
            f"Attempted to add {added} additional partition(s), but only {len(assignments)} assignment(s) were "
            "specified.",
        )
    if added > partitions_left:
        raise WireError(ErrorCode.POLICY_VIOLATION, "Excessively large number of partitions per request.")
    replication_factor = len(topic.partitions[0].replicas)
    if assignments is None:
        replicas = placement.place(image, first_partition=now, count=added, replication_factor=replication_factor)
    else:
        for brokers in assignments:
            placement.check_manual(image, brokers, replication_factor)
        replicas = assignments
    return _partition_records(image, topic.topic_id, now, replicas, defaults)


def records_for_leaders(image: MetadataImage, broker_id: int, *, may_have_lost_records: bool) -> list[Message]:
    """Let a broker that came back lead: the partitions without a leader that it is in sync with.

    After it may have lost records also those that it leads already: what it lost may have been read, and under a new
    epoch the same offsets are not taken for the same records (KIP-320).
    """
    return [
        PartitionChangeRecord(partition_id=partition.index, topic_id=topic.topic_id, leader=broker_id)
        for topic in image.topics.values()
        for partition in topic.partitions
        if (partition.leader == NO_LEADER and broker_id in partition.isr)
        or (may_have_lost_records and partition.leader == broker_id)
    ]
