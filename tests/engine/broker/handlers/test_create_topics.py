"""CreateTopics."""

from engine.wire.error_codes import ErrorCode
from engine.wire.messages.create_topics import (
    CreatableReplicaAssignment,
    CreatableTopic,
    CreatableTopicConfig,
    CreateTopicsRequest,
)
from tests.engine.broker.admin_broker import AdminBroker


def create(broker: AdminBroker, *topics: CreatableTopic, version: int = 7, validate_only: bool = False):
    response = broker.call(19, version, CreateTopicsRequest(list(topics), 5000, validate_only))
    return {result.name: result for result in response.topics}


def test_a_topic_is_there_when_it_is_answered() -> None:
    broker = AdminBroker()
    result = create(broker, CreatableTopic("orders", 3, 1, [], [CreatableTopicConfig("retention.ms", "1000")]))[
        "orders"
    ]
    assert (result.error_code, result.error_message) == (0, None)
    assert (result.num_partitions, result.replication_factor) == (3, 1)
    topic = broker.image.topics["orders"]
    assert topic.topic_id == result.topic_id
    assert [partition.leader for partition in topic.partitions] == [1, 1, 1]
    assert broker.image.topic_configs("orders") == {"retention.ms": "1000"}
    assert list(broker.replica_manager.deltas[-1].partitions) == [("orders", 0), ("orders", 1), ("orders", 2)]
    configs = {config.name: config for config in result.configs}
    assert len(configs) == 33
    assert (configs["retention.ms"].value, configs["retention.ms"].config_source) == ("1000", 1)


def test_nothing_is_told_or_seen_before_it_is_durable() -> None:
    broker = AdminBroker()
    broker.send(19, 7, CreateTopicsRequest([CreatableTopic("orders", 1, 1)], 5000))
    broker.send(19, 7, CreateTopicsRequest([CreatableTopic("orders", 1, 1)], 5000))
    assert not broker.connection.out.items and "orders" not in broker.image.topics
    broker.sync()
    assert broker.received(19, 7).topics[0].error_code == ErrorCode.NONE
    assert broker.received(19, 7).topics[0].error_code == ErrorCode.TOPIC_ALREADY_EXISTS


def test_a_topic_survives_a_power_loss_and_keeps_its_id() -> None:
    broker = AdminBroker()
    topic_id = create(broker, CreatableTopic("orders", 2, 1))["orders"].topic_id
    again = broker.restarted()
    assert again.image.topics["orders"].topic_id == topic_id
    assert len(again.image.topics["orders"].partitions) == 2


def test_validate_only_writes_nothing() -> None:
    broker = AdminBroker()
    end = broker.quorum.log.log_end_offset
    assert create(broker, CreatableTopic("orders", 1, 1), validate_only=True)["orders"].error_code == 0
    assert broker.quorum.log.log_end_offset == end


def test_numbers_left_out_are_the_brokers() -> None:
    broker = AdminBroker({"num.partitions": "4"})
    for version in (4, 5, 7):
        create(broker, CreatableTopic(f"t{version}", -1, -1), version=version)
        assert len(broker.image.topics[f"t{version}"].partitions) == 4


def test_refusals_are_kafkas() -> None:
    broker = AdminBroker()
    create(broker, CreatableTopic("a_b", 1, 1))
    for topic, code, message in (
        (CreatableTopic("a_b", 0, 0), 36, "Topic 'a_b' already exists."),
        (CreatableTopic("a.b", 1, 1), 17, "Topic 'a.b' collides with existing topic: a_b"),
        (CreatableTopic("", 1, 1), 17, "Topic name is invalid: the empty string is not allowed"),
        (CreatableTopic("..", 1, 1), 17, "Topic name is invalid: '..' is not allowed"),
        (CreatableTopic("n", 0, 1), 37, "Number of partitions was set to an invalid non-positive value."),
        (CreatableTopic("n", -2, 1), 37, "Number of partitions was set to an invalid non-positive value."),
        (CreatableTopic("n", 2**31 - 1, 1), 44, "Excessively large number of partitions per request."),
        (CreatableTopic("n", 1, 0), 38, "Replication factor must be larger than 0, or -1 to use the default value."),
        (CreatableTopic("n", 0, 0), 38, "Replication factor must be larger than 0, or -1 to use the default value."),
        (
            CreatableTopic("__cluster_metadata", 1, 1),
            42,
            "Creation of internal topic __cluster_metadata is prohibited.",
        ),
    ):
        result = create(broker, topic)[topic.name]
        assert (result.error_code, result.error_message) == (code, message)
        assert (result.num_partitions, result.configs) == (-1, [])
    assert create(broker, CreatableTopic("n", 1, 99))["n"].error_code == ErrorCode.INVALID_REPLICATION_FACTOR


def test_names_that_would_leave_the_directory_are_refused() -> None:
    broker = AdminBroker()
    for name in ("../../etc/passwd", "x" * 250, "a\0b", ".", "a/b", "a\u2025b", "a b"):
        assert create(broker, CreatableTopic(name, 1, 1))[name].error_code == ErrorCode.INVALID_TOPIC_EXCEPTION


def test_manual_assignments_are_checked() -> None:
    broker = AdminBroker()
    one = CreatableReplicaAssignment

    def code(assignments: list[CreatableReplicaAssignment], partitions: int = -1, factor: int = -1) -> int:
        return create(broker, CreatableTopic("n", partitions, factor, assignments), validate_only=True)["n"].error_code

    assert code([one(0, [1]), one(1, [1])]) == 0
    assert code([one(0, [1])], partitions=1) == ErrorCode.INVALID_REQUEST
    assert code([one(0, [1])], factor=1) == ErrorCode.INVALID_REQUEST
    for wrong in ([one(1, [1])], [one(0, [])], [one(0, [1, 1])], [one(0, [7])], [one(0, [1]), one(0, [1])]):
        assert code(wrong) == ErrorCode.INVALID_REPLICA_ASSIGNMENT


def test_configs_are_checked_before_numbers() -> None:
    broker = AdminBroker()
    for name, value, message in (
        ("foo", "1", "Unknown topic config name: foo"),
        ("retention.ms", "abc", "Invalid value abc for configuration retention.ms: Not a number of type LONG"),
        ("retention.ms", "-5", "Invalid value -5 for configuration retention.ms: Value must be at least -1"),
        ("retention.ms", None, "Null value not supported for topic configs: retention.ms"),
        (
            "cleanup.policy",
            "x",
            "Invalid value x for configuration cleanup.policy: String must be one of: compact, delete",
        ),
    ):
        result = create(broker, CreatableTopic("n", 0, 0, [], [CreatableTopicConfig(name, value)]))["n"]
        assert (result.error_code, result.error_message) == (40, message)


def test_a_topic_named_twice_in_one_request_is_refused_and_the_others_are_made() -> None:
    broker = AdminBroker()
    results = create(broker, CreatableTopic("d", 1, 1), CreatableTopic("d", 1, 1), CreatableTopic("e", 1, 1))
    assert (results["d"].error_code, results["d"].error_message) == (42, "Duplicate topic name.")
    assert results["e"].error_code == 0 and list(broker.image.topics) == ["e"]


def test_two_new_topics_of_one_request_do_not_share_a_folded_name_by_accident() -> None:
    # Kafka checks collisions against topics that are there, not within a request.
    broker = AdminBroker()
    results = create(broker, CreatableTopic("c.x", 1, 1), CreatableTopic("c_x", 1, 1))
    assert {result.error_code for result in results.values()} == {0}


def test_a_full_disk_refuses_the_topic_and_nothing_is_decided() -> None:
    broker = AdminBroker()
    broker.disk.full = True
    result = create(broker, CreatableTopic("orders", 1, 1), CreatableTopic("..", 1, 1))
    assert {name: one.error_code for name, one in result.items()} == {"orders": 56, "..": 17}
    assert "orders" not in broker.quorum.latest.topics
    broker.disk.full = False
    assert create(broker, CreatableTopic("orders", 1, 1))["orders"].error_code == 0
