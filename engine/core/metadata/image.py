"""The cluster as the metadata log tells it: the sum of its records, nothing else.

Records of `__cluster_metadata` are applied in order; two brokers that applied the
same records hold equal images. A change is visible here only once its record is
durable: the quorum hands records over no earlier.

Invariants:
- `topics` and `topic_names` name the same topics.
- A topic's partitions are numbered 0..n-1 without gaps.
- `offset` is that of the last record applied; -1 for an empty image.

Not here: which records a request deserves (controller.py), bytes (record_frame.py).
Spec: KIP-500, KIP-631; org.apache.kafka.image.
"""

from dataclasses import dataclass, field

from engine.wire.record_types.cluster_metadata import (
    BrokerRegistrationChangeRecord,
    ConfigRecord,
    FeatureLevelRecord,
    FenceBrokerRecord,
    PartitionChangeRecord,
    PartitionRecord,
    ProducerIdsRecord,
    RegisterBrokerRecord,
    RemoveTopicRecord,
    TopicRecord,
    UnfenceBrokerRecord,
    UnregisterBrokerRecord,
)

BROKER_RESOURCE = 4  # ConfigResource.Type of a ConfigRecord
TOPIC_RESOURCE = 2
NO_LEADER = -1
NO_LEADER_CHANGE = -2  # PartitionChangeRecord: the leader stays


@dataclass(slots=True, eq=False)
class PartitionImage:
    """One partition: where its replicas are and who leads it."""

    index: int
    replicas: list[int]
    isr: list[int]
    leader: int
    leader_epoch: int
    partition_epoch: int
    removing_replicas: list[int] = field(default_factory=list)
    adding_replicas: list[int] = field(default_factory=list)
    leader_recovery_state: int = 0
    directories: list[bytes] = field(default_factory=list)
    eligible_leader_replicas: list[int] = field(default_factory=list)
    last_known_elr: list[int] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class TopicImage:
    """One topic. `revision` is the offset of the last record that changed it, so that blobs of it can be cached."""

    name: str
    topic_id: bytes
    partitions: list[PartitionImage] = field(default_factory=list)
    revision: int = -1


@dataclass(slots=True, eq=False)
class EndpointImage:
    """Where a broker listens."""

    name: str
    host: str
    port: int
    security_protocol: int


@dataclass(slots=True, eq=False)
class BrokerImage:
    """One registered broker."""

    broker_id: int
    broker_epoch: int
    incarnation_id: bytes
    endpoints: list[EndpointImage]
    features: dict[str, tuple[int, int]]
    rack: str | None
    fenced: bool
    in_controlled_shutdown: bool
    log_dirs: list[bytes]

    def endpoint(self, listener: str) -> EndpointImage | None:
        """The endpoint of that name, if the broker has it."""
        return next((endpoint for endpoint in self.endpoints if endpoint.name == listener), None)


@dataclass(slots=True, eq=False)
class MetadataDelta:
    """What a run of records changed; who keeps something in step with the image reads it."""

    partitions: dict[tuple[str, int], None] = field(default_factory=dict)  # new or changed
    removed_topics: list[TopicImage] = field(default_factory=list)
    configured_topics: dict[str, None] = field(default_factory=dict)  # existing topics with another config
    broker_configs: bool = False
    brokers: bool = False


@dataclass(slots=True, eq=False)
class MetadataImage:
    """All of it."""

    topics: dict[str, TopicImage] = field(default_factory=dict)  # by name
    topic_names: dict[bytes, str] = field(default_factory=dict)  # by topic id
    brokers: dict[int, BrokerImage] = field(default_factory=dict)
    configs: dict[tuple[int, str], dict[str, str]] = field(default_factory=dict)  # (resource type, name) -> set values
    features: dict[str, int] = field(default_factory=dict)  # finalized levels
    next_producer_id: int = 0  # first id that no block handed out yet holds
    offset: int = -1
    epoch: int = 0

    def topic_by_id(self, topic_id: bytes) -> TopicImage | None:
        """The topic with this id, or None."""
        name = self.topic_names.get(topic_id)
        return None if name is None else self.topics[name]

    def partition(self, topic: str, index: int) -> PartitionImage | None:
        """One partition, or None if there is no such topic or partition."""
        found = self.topics.get(topic)
        if found is None or not 0 <= index < len(found.partitions):
            return None
        return found.partitions[index]

    def topic_configs(self, topic: str) -> dict[str, str]:
        """The configs set on this topic (not the defaults)."""
        return self.configs.get((TOPIC_RESOURCE, topic), {})

    def offline_replicas(self, partition: PartitionImage) -> list[int]:
        """Replicas of the partition on brokers that are not there."""
        brokers = self.brokers
        return [one for one in partition.replicas if one not in brokers or brokers[one].fenced]

    def check_invariants(self) -> None:
        """The module's invariants."""
        assert len(self.topics) == len(self.topic_names)
        for topic_id, name in self.topic_names.items():
            topic = self.topics[name]
            assert topic.topic_id == topic_id and topic.name == name
            assert all(partition.index == index for index, partition in enumerate(topic.partitions))

    def apply(self, record: object, offset: int, delta: MetadataDelta) -> None:
        """Apply the record at `offset`, and note in `delta` what it changed."""
        assert offset > self.offset, "records are applied once, in order"
        self.offset = offset
        if isinstance(record, PartitionRecord | PartitionChangeRecord):
            self._apply_partition(record, delta)
        elif isinstance(record, TopicRecord):
            assert record.name not in self.topics and record.topic_id not in self.topic_names
            self.topics[record.name] = TopicImage(record.name, record.topic_id, revision=offset)
            self.topic_names[record.topic_id] = record.name
        elif isinstance(record, RemoveTopicRecord):
            topic = self.topics.pop(self.topic_names.pop(record.topic_id))
            self.configs.pop((TOPIC_RESOURCE, topic.name), None)
            delta.removed_topics.append(topic)
        elif isinstance(record, ConfigRecord):
            self._apply_config(record, delta)
        elif isinstance(record, FeatureLevelRecord):
            if record.feature_level:
                self.features[record.name] = record.feature_level
            else:
                self.features.pop(record.name, None)
        elif isinstance(record, ProducerIdsRecord):
            self.next_producer_id = record.next_producer_id
        else:
            self._apply_broker(record, delta)

    def _apply_partition(self, record: PartitionRecord | PartitionChangeRecord, delta: MetadataDelta) -> None:
        topic = self.topics[self.topic_names[record.topic_id]]
        topic.revision = self.offset
        delta.partitions[topic.name, record.partition_id] = None
        if isinstance(record, PartitionChangeRecord):
            _change(topic.partitions[record.partition_id], record)
            return
        assert record.partition_id == len(topic.partitions), "partitions are created in order"
        topic.partitions.append(
            PartitionImage(
                record.partition_id,
                record.replicas,
                record.isr,
                record.leader,
                record.leader_epoch,
                record.partition_epoch,
                record.removing_replicas,
                record.adding_replicas,
                record.leader_recovery_state,
                record.directories,
                record.eligible_leader_replicas or [],
                record.last_known_elr or [],
            )
        )

    def _apply_config(self, record: ConfigRecord, delta: MetadataDelta) -> None:
        resource = (record.resource_type, record.resource_name)
        values = self.configs.setdefault(resource, {})
        if record.value is None:
            values.pop(record.name, None)
        else:
            values[record.name] = record.value
        if not values:
            del self.configs[resource]
        if record.resource_type == TOPIC_RESOURCE:
            if record.resource_name in self.topics:
                delta.configured_topics[record.resource_name] = None
        elif record.resource_type == BROKER_RESOURCE:
            delta.broker_configs = True

    def _apply_broker(self, record: object, delta: MetadataDelta) -> None:
        if isinstance(record, RegisterBrokerRecord):
            self.brokers[record.broker_id] = BrokerImage(
                record.broker_id,
                record.broker_epoch,
                record.incarnation_id,
                [EndpointImage(e.name, e.host, e.port, e.security_protocol) for e in record.end_points],
                {f.name: (f.min_supported_version, f.max_supported_version) for f in record.features},
                record.rack,
                record.fenced,
                record.in_controlled_shutdown,
                record.log_dirs,
            )
        elif isinstance(record, UnregisterBrokerRecord):
            del self.brokers[record.broker_id]
        elif isinstance(record, BrokerRegistrationChangeRecord):
            broker = self.brokers[record.broker_id]
            if record.fenced:  # -1 unfenced, 0 as it was, 1 fenced
                broker.fenced = record.fenced == 1
            if record.in_controlled_shutdown:
                broker.in_controlled_shutdown = record.in_controlled_shutdown == 1
            if record.log_dirs:
                broker.log_dirs = record.log_dirs
        elif isinstance(record, FenceBrokerRecord):
            self.brokers[record.id].fenced = True
        elif isinstance(record, UnfenceBrokerRecord):
            self.brokers[record.id].fenced = False
        else:
            # What this release does not act on (ACLs, quotas, SCRAM users, tokens: later issues) stays in the log.
            return
        delta.brokers = True


def _change(partition: PartitionImage, record: PartitionChangeRecord) -> None:
    """KIP-631: absent fields stay; a named leader is a new leader epoch; each change is a new partition epoch."""
    if record.leader != NO_LEADER_CHANGE:
        partition.leader = record.leader
        partition.leader_epoch += 1
    if record.leader_recovery_state >= 0:
        partition.leader_recovery_state = record.leader_recovery_state
    for name in (
        "isr",
        "replicas",
        "removing_replicas",
        "adding_replicas",
        "directories",
        "eligible_leader_replicas",
        "last_known_elr",
    ):
        value = getattr(record, name)
        if value is not None:
            setattr(partition, name, value)
    partition.partition_epoch += 1
