"""The image: the sum of its records."""

import pytest

from engine.core.metadata.image import MetadataDelta, MetadataImage
from engine.wire.primitives import Message
from engine.wire.record_types.cluster_metadata import (
    BrokerRegistrationChangeRecord,
    ConfigRecord,
    FeatureLevelRecord,
    FenceBrokerRecord,
    NoOpRecord,
    PartitionChangeRecord,
    PartitionRecord,
    ProducerIdsRecord,
    RegisterBrokerRecord,
    RemoveTopicRecord,
    TopicRecord,
    UnfenceBrokerRecord,
    UnregisterBrokerRecord,
)

ID = b"i" * 16


def applied(*records: Message) -> tuple[MetadataImage, MetadataDelta]:
    image, delta = MetadataImage(), MetadataDelta()
    for offset, record in enumerate(records):
        image.apply(record, offset, delta)
        image.check_invariants()
    return image, delta


def partition(index: int) -> PartitionRecord:
    return PartitionRecord(index, ID, [1], [1], leader=1, leader_epoch=0, partition_epoch=0)


def test_a_topic_is_found_by_name_and_by_id() -> None:
    image, delta = applied(TopicRecord("t", ID), partition(0), partition(1))
    assert image.topic_by_id(ID) is image.topics["t"]
    assert image.topic_by_id(b"x" * 16) is None
    found = image.partition("t", 1)
    assert found is not None and (found.leader, found.isr) == (1, [1])
    assert image.partition("t", 2) is None and image.partition("t", -1) is None and image.partition("x", 0) is None
    assert list(delta.partitions) == [("t", 0), ("t", 1)]
    assert (image.offset, image.topics["t"].revision) == (2, 2)


def test_a_named_leader_is_a_new_leader_epoch_and_what_is_absent_stays() -> None:
    image, _ = applied(
        TopicRecord("t", ID),
        partition(0),
        PartitionChangeRecord(0, ID, leader=1),
        PartitionChangeRecord(0, ID, isr=[]),
    )
    found = image.topics["t"].partitions[0]
    assert (found.leader_epoch, found.partition_epoch, found.isr, found.replicas) == (1, 2, [], [1])


def test_a_removed_topic_takes_its_configs_along() -> None:
    config = ConfigRecord(2, "t", "retention.ms", "5")
    image, delta = applied(TopicRecord("t", ID), config, partition(0), RemoveTopicRecord(ID))
    assert not image.topics and not image.topic_names and not image.configs
    assert [topic.name for topic in delta.removed_topics] == ["t"]


def test_configs_are_set_and_unset() -> None:
    image, delta = applied(
        TopicRecord("t", ID),
        ConfigRecord(2, "t", "retention.ms", "5"),
        ConfigRecord(2, "t", "segment.ms", "6"),
        ConfigRecord(2, "t", "retention.ms", None),
        ConfigRecord(4, "", "x", "y"),
    )
    assert image.topic_configs("t") == {"segment.ms": "6"}
    assert (list(delta.configured_topics), delta.broker_configs) == (["t"], True)


def test_brokers_come_are_fenced_and_go() -> None:
    register = RegisterBrokerRecord(broker_id=1, rack=None)
    image, delta = applied(register, BrokerRegistrationChangeRecord(1, 0, fenced=-1))
    assert not image.brokers[1].fenced and delta.brokers
    image, _ = applied(register, UnfenceBrokerRecord(1), FenceBrokerRecord(1))
    assert image.brokers[1].fenced
    image, _ = applied(register, UnregisterBrokerRecord(1))
    assert not image.brokers


def test_features_and_producer_ids() -> None:
    image, _ = applied(
        FeatureLevelRecord("a", 1), FeatureLevelRecord("a", 0), ProducerIdsRecord(1, 0, 1000), NoOpRecord()
    )
    assert (image.features, image.next_producer_id, image.offset) == ({}, 1000, 3)


def test_a_record_is_applied_once() -> None:
    image, delta = applied(NoOpRecord())
    with pytest.raises(AssertionError):
        image.apply(NoOpRecord(), 0, delta)


def test_replicas_on_brokers_that_are_not_there_are_offline() -> None:
    image, _ = applied(TopicRecord("t", ID), partition(0))
    assert image.offline_replicas(image.topics["t"].partitions[0]) == [1]
