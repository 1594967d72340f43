"""CreatePartitions."""

from engine.wire.messages.create_partitions import (
    CreatePartitionsAssignment,
    CreatePartitionsRequest,
    CreatePartitionsTopic,
)
from engine.wire.messages.create_topics import CreatableTopic, CreateTopicsRequest
from tests.engine.broker.admin_broker import AdminBroker


def with_topic() -> AdminBroker:
    broker = AdminBroker()
    broker.call(19, 7, CreateTopicsRequest([CreatableTopic("a", 2, 1)], 5000))
    return broker


def grow(broker: AdminBroker, *topics: CreatePartitionsTopic, validate_only: bool = False):
    response = broker.call(37, 3, CreatePartitionsRequest(list(topics), 5000, validate_only))
    return [(result.name, result.error_code, result.error_message) for result in response.results]


def test_a_topic_grows() -> None:
    broker = with_topic()
    assert grow(broker, CreatePartitionsTopic("a", 4, None)) == [("a", 0, None)]
    assert [partition.index for partition in broker.image.topics["a"].partitions] == [0, 1, 2, 3]
    assert list(broker.replica_manager.deltas[-1].partitions) == [("a", 2), ("a", 3)]
    assert len(broker.restarted().image.topics["a"].partitions) == 4


def test_refusals_are_kafkas() -> None:
    broker = with_topic()
    one = CreatePartitionsAssignment
    for topic, code, message in (
        (CreatePartitionsTopic("a", 2, None), 37, "Topic already has 2 partition(s)."),
        (
            CreatePartitionsTopic("a", 1, None),
            37,
            "The topic a currently has 2 partition(s); 1 would not be an increase.",
        ),
        (CreatePartitionsTopic("nope", 3, None), 3, None),
        (
            CreatePartitionsTopic("a", 3, []),
            39,
            "Attempted to add 1 additional partition(s), but only 0 assignment(s) were specified.",
        ),
        (
            CreatePartitionsTopic("a", 3, [one([])]),
            39,
            "The manual partition assignment includes an empty replica list.",
        ),
        (
            CreatePartitionsTopic("a", 3, [one([9])]),
            39,
            "The manual partition assignment includes broker 9, but no such broker is registered.",
        ),
        (CreatePartitionsTopic("a", 2**31 - 1, None), 44, "Excessively large number of partitions per request."),
    ):
        assert grow(broker, topic) == [(topic.name, code, message)]
    twice = grow(broker, CreatePartitionsTopic("a", 3, None), CreatePartitionsTopic("a", 4, None))
    assert twice == [("a", 42, "Duplicate topic name.")]
    assert grow(broker, CreatePartitionsTopic("a", 3, [one([1])]), validate_only=True) == [("a", 0, None)]
    assert len(broker.image.topics["a"].partitions) == 2
