"""IncrementalAlterConfigs."""

from engine.wire.messages.create_topics import CreatableTopic, CreateTopicsRequest
from engine.wire.messages.incremental_alter_configs import (
    AlterableConfig,
    AlterConfigsResource,
    IncrementalAlterConfigsRequest,
)
from tests.engine.broker.admin_broker import AdminBroker

SET, DELETE, APPEND, SUBTRACT = range(4)
TOPIC, BROKER, BROKER_LOGGER = 2, 4, 8


def with_topic() -> AdminBroker:
    broker = AdminBroker()
    broker.call(19, 7, CreateTopicsRequest([CreatableTopic("a", 1, 1)], 5000))
    return broker


def alter(broker: AdminBroker, *configs: tuple[str, int, str | None], kind: int = TOPIC, name: str = "a", only=False):
    resource = AlterConfigsResource(kind, name, [AlterableConfig(*config) for config in configs])
    result = broker.call(44, 1, IncrementalAlterConfigsRequest([resource], only)).responses[0]
    return result.error_code, result.error_message


def test_configs_are_set_and_removed_and_the_partitions_are_told() -> None:
    broker = with_topic()
    assert alter(broker, ("retention.ms", SET, "5"), ("segment.bytes", SET, "2097152")) == (0, None)
    assert broker.image.topic_configs("a") == {"retention.ms": "5", "segment.bytes": "2097152"}
    assert list(broker.replica_manager.deltas[-1].configured_topics) == ["a"]
    assert alter(broker, ("retention.ms", DELETE, None)) == (0, None)
    assert broker.restarted().image.topic_configs("a") == {"segment.bytes": "2097152"}


def test_lists_grow_and_shrink() -> None:
    broker = with_topic()
    assert alter(broker, ("cleanup.policy", APPEND, "compact")) == (0, None)
    assert broker.image.topic_configs("a") == {"cleanup.policy": "delete,compact"}
    assert alter(broker, ("cleanup.policy", SUBTRACT, "delete")) == (0, None)
    assert broker.image.topic_configs("a") == {"cleanup.policy": "compact"}


def test_a_config_not_acted_on_is_refused_in_words_unless_it_stays_what_it_is() -> None:
    broker = with_topic()
    for name, value in (
        ("compression.type", "gzip"),
        ("delete.retention.ms", "1"),
        ("preallocate", "true"),
        ("min.cleanable.dirty.ratio", "0.1"),
        ("leader.replication.throttled.replicas", "0:1"),
    ):
        code, message = alter(broker, (name, SET, value))
        assert code == 40 and message.startswith(f"This broker does not act on {name} yet")
    assert alter(broker, ("compression.type", SET, "producer")) == (0, None)
    assert alter(broker, ("min.cleanable.dirty.ratio", SET, "0.50")) == (0, None)


def test_refusals_are_kafkas() -> None:
    broker = with_topic()
    for configs, code, message in (
        ([("retention.ms", SET, None)], 42, "Null value not supported for : retention.ms"),
        ([("retention.ms", APPEND, "5")], 40, "Can't APPEND to key retention.ms because its type is not LIST."),
        ([("foo", APPEND, "5")], 40, "Can't APPEND to key foo because its type is not LIST."),
        ([("foo", SET, "5")], 40, "Unknown topic config name: foo"),
        ([("foo", DELETE, None)], 0, None),
        ([("retention.ms", SET, "5"), ("retention.ms", SET, "6")], 42, "Error due to duplicate config keys"),
        ([("retention.ms", 7, "5")], -1, None),
        (
            [("cleanup.policy", APPEND, "foo")],
            40,
            "Invalid value foo for configuration cleanup.policy: String must be one of: compact, delete",
        ),
        ([], 0, None),
    ):
        assert alter(broker, *configs) == (code, message)
    set_one = ("retention.ms", SET, "5")
    for kind, name, code, message in (
        (TOPIC, "nope", 3, "The topic 'nope' does not exist."),
        (TOPIC, "..", 17, "Topic name is invalid: '..' is not allowed"),
        (TOPIC, "", 42, "Default topic resources are not allowed."),
        (3, "x", 42, "Unknown resource type 3"),
        (32, "readers", 42, "Groups have no configs of their own yet"),
        (BROKER, "1", 42, "Cannot update these configs dynamically: [retention.ms]"),
        (BROKER, "9", 42, "Unexpected broker id, expected 1, but received 9"),
        (BROKER, "abc", 42, "Node id must be an integer, but it is: abc"),
        (BROKER_LOGGER, "1", 40, "Logger retention.ms does not exist!"),
    ):
        assert alter(broker, set_one, kind=kind, name=name) == (code, message)
    assert not broker.image.topic_configs("a")


def test_validate_only_writes_nothing_and_a_resource_named_twice_is_refused() -> None:
    broker = with_topic()
    assert alter(broker, ("retention.ms", SET, "5"), only=True) == (0, None)
    resource = AlterConfigsResource(TOPIC, "a", [AlterableConfig("retention.ms", SET, "5")])
    response = broker.call(44, 1, IncrementalAlterConfigsRequest([resource, resource], False))
    assert [one.error_message for one in response.responses] == ["Each resource must appear at most once."] * 2
    assert not broker.image.topic_configs("a")
