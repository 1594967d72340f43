"""An image as the records that make it anew: what a snapshot holds.

Invariant: applying these records to an empty image gives an equal one, but for offsets
and revisions.
Not here: the file (broker/metadata_snapshots.py).
Spec: KIP-630; org.apache.kafka.image.MetadataImage.write (order of the kinds).
"""

from collections.abc import Iterator

from engine.core.metadata.image import BrokerImage, MetadataImage, TopicImage
from engine.wire.primitives import Message
from engine.wire.record_types.cluster_metadata import (
    BrokerEndpoint,
    BrokerFeature,
    ConfigRecord,
    FeatureLevelRecord,
    PartitionRecord,
    ProducerIdsRecord,
    RegisterBrokerRecord,
    TopicRecord,
)

NOBODY = -1


def records_of(image: MetadataImage) -> list[Message]:
    """The records, features first: what follows may depend on them."""
    records: list[Message] = [FeatureLevelRecord(name, level) for name, level in image.features.items()]
    records += [_broker(broker) for broker in image.brokers.values()]
    for topic in image.topics.values():
        records += _topic(topic)
    for (resource_type, resource_name), values in image.configs.items():
        records += [ConfigRecord(resource_type, resource_name, name, value) for name, value in values.items()]
    if image.next_producer_id:
        records.append(ProducerIdsRecord(NOBODY, NOBODY, image.next_producer_id))
    return records


def _broker(broker: BrokerImage) -> RegisterBrokerRecord:
    return RegisterBrokerRecord(
        broker_id=broker.broker_id,
        incarnation_id=broker.incarnation_id,
        broker_epoch=broker.broker_epoch,
        end_points=[BrokerEndpoint(e.name, e.host, e.port, e.security_protocol) for e in broker.endpoints],
        features=[BrokerFeature(name, least, most) for name, (least, most) in broker.features.items()],
        rack=broker.rack,
        fenced=broker.fenced,
        in_controlled_shutdown=broker.in_controlled_shutdown,
        log_dirs=broker.log_dirs,
    )


def _topic(topic: TopicImage) -> Iterator[Message]:
    yield TopicRecord(topic.name, topic.topic_id)
    for partition in topic.partitions:
        yield PartitionRecord(
            partition_id=partition.index,
            topic_id=topic.topic_id,
            replicas=partition.replicas,
            isr=partition.isr,
            removing_replicas=partition.removing_replicas,
            adding_replicas=partition.adding_replicas,
            leader=partition.leader,
            leader_recovery_state=partition.leader_recovery_state,
            leader_epoch=partition.leader_epoch,
            partition_epoch=partition.partition_epoch,
            directories=partition.directories,
            eligible_leader_replicas=partition.eligible_leader_replicas or None,
            last_known_elr=partition.last_known_elr or None,
        )
