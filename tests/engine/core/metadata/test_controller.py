"""Decisions on topics."""

import pytest

from engine.core.metadata import controller
from engine.core.metadata.configs import ServerConfigs
from engine.core.metadata.controller import Defaults, NewTopic
from engine.core.metadata.image import MetadataDelta, MetadataImage
from engine.core.metadata.registration import registration_records
from engine.wire.error_codes import ErrorCode, WireError

SERVER = ServerConfigs({}, {}, {})
DEFAULTS = Defaults(1, 1, b"d" * 16)
ID = b"i" * 16


def cluster(*broker_ids: int) -> MetadataImage:
    image = MetadataImage()
    for broker_id in broker_ids or (1,):
        for record in registration_records(
            broker_id=broker_id, broker_epoch=0, incarnation_id=ID, directory_id=ID, endpoints=[]
        ):
            image.apply(record, image.offset + 1, MetadataDelta())
    return image


def create(image: MetadataImage, topic: NewTopic, topic_id: bytes = ID) -> None:
    for record in controller.create_topic(image, topic, DEFAULTS, SERVER, topic_id).records:
        image.apply(record, image.offset + 1, MetadataDelta())


def test_records_come_in_kafkas_order() -> None:
    created = controller.create_topic(cluster(), NewTopic("t", 2, 1, [], [("retention.ms", "5")]), DEFAULTS, SERVER, ID)
    names = [type(record).__name__ for record in created.records]
    assert names == ["TopicRecord", "ConfigRecord", "PartitionRecord", "PartitionRecord"]


def test_replicas_are_striped_over_the_brokers() -> None:
    image = cluster(1, 2, 3)
    create(image, NewTopic("t", 4, 2, [], []))
    assert [partition.replicas for partition in image.topics["t"].partitions] == [[1, 2], [2, 3], [3, 1], [1, 2]]
    assert [partition.leader for partition in image.topics["t"].partitions] == [1, 2, 3, 1]


def test_of_two_values_of_one_config_the_last_counts() -> None:
    topic = NewTopic("t", 1, 1, [], [("retention.ms", "1"), ("retention.ms", "2")])
    assert controller.create_topic(cluster(), topic, DEFAULTS, SERVER, ID).configs == {"retention.ms": "2"}


def test_assignments_of_different_length_are_refused() -> None:
    topic = NewTopic("t", -1, -1, [(0, [1]), (1, [1, 2])], [])
    with pytest.raises(WireError, match="not consistent with previous partitions"):
        controller.create_topic(cluster(1, 2), topic, DEFAULTS, SERVER, ID)


def test_a_request_may_not_ask_for_too_many_partitions_in_all() -> None:
    topics = [NewTopic("a", 6000, 1, [], []), NewTopic("b", 6000, 1, [], [])]
    with pytest.raises(WireError) as refused:
        controller.check_number_of_partitions(topics, DEFAULTS)
    assert refused.value.code is ErrorCode.POLICY_VIOLATION
    controller.check_number_of_partitions(topics[:1], DEFAULTS)


def test_partitions_are_added_behind_those_that_are_there() -> None:
    image = cluster(1, 2)
    create(image, NewTopic("t", 1, 1, [], []))
    records = controller.create_partitions(image, image.topics["t"], 3, None, DEFAULTS)
    assert [(record.partition_id, record.replicas) for record in records] == [(1, [2]), (2, [1])]
    records = controller.create_partitions(image, image.topics["t"], 2, [[1]], DEFAULTS)
    assert [(record.partition_id, record.replicas) for record in records] == [(1, [1])]


def test_a_broker_that_may_have_lost_records_leads_under_a_new_epoch() -> None:
    image = cluster()
    create(image, NewTopic("t", 2, 1, [], []))
    assert controller.records_for_leaders(image, 1, may_have_lost_records=False) == []
    for record in controller.records_for_leaders(image, 1, may_have_lost_records=True):
        image.apply(record, image.offset + 1, MetadataDelta())
    assert [partition.leader_epoch for partition in image.topics["t"].partitions] == [1, 1]
    assert controller.records_for_leaders(image, 2, may_have_lost_records=True) == []


def test_a_partition_without_a_leader_gets_the_in_sync_broker_that_came_back() -> None:
    # Apache Kafka leaves a directory so when it stops in order.
    image = cluster()
    create(image, NewTopic("t", 1, 1, [], []))
    image.topics["t"].partitions[0].leader = -1
    for record in controller.records_for_leaders(image, 1, may_have_lost_records=False):
        image.apply(record, image.offset + 1, MetadataDelta())
    assert image.topics["t"].partitions[0].leader == 1
    image.topics["t"].partitions[0].leader = -1
    image.topics["t"].partitions[0].isr = [2]
    assert controller.records_for_leaders(image, 1, may_have_lost_records=True) == []


def test_names_that_differ_only_in_dot_and_underscore_collide() -> None:
    image = cluster()
    create(image, NewTopic("a_b.c", 1, 1, [], []))
    assert controller.colliding_topic(image, "a.b_c") == "a_b.c"
    assert controller.colliding_topic(image, "a_b.c") is None
    assert controller.colliding_topic(image, "abc") is None
