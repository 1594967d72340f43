"""AlterConfigs."""

from engine.wire.messages.alter_configs import AlterableConfig, AlterConfigsRequest, AlterConfigsResource
from engine.wire.messages.create_topics import CreatableTopic, CreateTopicsRequest
from tests.engine.broker.admin_broker import AdminBroker

TOPIC, BROKER, BROKER_LOGGER = 2, 4, 8


def alter(broker: AdminBroker, *configs: tuple[str, str | None], kind: int = TOPIC, name: str = "a", version: int = 2):
    resource = AlterConfigsResource(kind, name, [AlterableConfig(*config) for config in configs])
    result = broker.call(33, version, AlterConfigsRequest([resource], False)).responses[0]
    return result.error_code, result.error_message


def with_topic() -> AdminBroker:
    broker = AdminBroker()
    broker.call(19, 7, CreateTopicsRequest([CreatableTopic("a", 1, 1)], 5000))
    return broker


def test_what_is_given_replaces_what_was_set() -> None:
    broker = with_topic()
    for version in (0, 1, 2):
        assert alter(broker, ("retention.ms", "5"), ("segment.ms", "9"), version=version) == (0, None)
        assert broker.image.topic_configs("a") == {"retention.ms": "5", "segment.ms": "9"}
        assert alter(broker, ("segment.ms", "8")) == (0, None)
        assert broker.image.topic_configs("a") == {"segment.ms": "8"}
    assert alter(broker) == (0, None)
    assert broker.image.topic_configs("a") == {}


def test_refusals_are_kafkas() -> None:
    broker = with_topic()
    for configs, kind, name, code, message in (
        ([("retention.ms", None)], TOPIC, "a", 42, "Null value not supported for : retention.ms"),
        ([("retention.ms", "5")], TOPIC, "nope", 3, "The topic 'nope' does not exist."),
        ([("foo", "5")], TOPIC, "a", 40, "Unknown topic config name: foo"),
        ([("retention.ms", "5"), ("retention.ms", "6")], TOPIC, "a", 42, "Error due to duplicate config keys"),
        ([("num.partitions", "5")], BROKER, "1", 42, "Cannot update these configs dynamically: [num.partitions]"),
        ([("x", "5")], BROKER_LOGGER, "1", 42, "Unknown resource type 8"),
        ([("x", "5")], 5, "1", 42, "Unknown resource type 5"),
        ([("x", "5")], BROKER, "9", 42, "Unexpected broker id, expected 1, but received 9"),
    ):
        assert alter(broker, *configs, kind=kind, name=name) == (code, message)


def test_a_resource_named_twice_is_refused() -> None:
    # Kafka never answers this one.
    resource = AlterConfigsResource(TOPIC, "a", [])
    response = with_topic().call(33, 2, AlterConfigsRequest([resource, resource], False))
    assert [one.error_message for one in response.responses] == ["Each resource must appear at most once."] * 2
