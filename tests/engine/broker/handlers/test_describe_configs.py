"""DescribeConfigs."""

from engine.wire.messages.create_topics import CreatableTopic, CreatableTopicConfig, CreateTopicsRequest
from engine.wire.messages.describe_configs import DescribeConfigsRequest, DescribeConfigsResource
from tests.engine.broker.admin_broker import AdminBroker

TOPIC, BROKER, BROKER_LOGGER = 2, 4, 8


def with_topic(given: dict[str, str] | None = None) -> AdminBroker:
    broker = AdminBroker(given)
    configs = [CreatableTopicConfig("retention.ms", "5")]
    broker.call(19, 7, CreateTopicsRequest([CreatableTopic("a", 1, 1, [], configs)], 5000))
    return broker


def describe(broker: AdminBroker, kind: int, name: str, keys: list[str] | None = None, version: int = 4):
    wanted = DescribeConfigsResource(kind, name, keys)
    return broker.call(32, version, DescribeConfigsRequest([wanted], True, version >= 3)).results[0]


def test_every_config_of_a_topic_has_a_type_and_a_sentence() -> None:
    result = describe(with_topic(), TOPIC, "a")
    assert len(result.configs) == 33
    for config in result.configs:
        assert config.config_type and config.documentation.endswith(".") and not config.read_only


def test_sources_and_synonyms_say_where_a_value_comes_from() -> None:
    broker = with_topic({"log.segment.bytes": "2097152"})
    configs = {config.name: config for config in describe(broker, TOPIC, "a").configs}
    assert (configs["retention.ms"].value, configs["retention.ms"].config_source) == ("5", 1)
    segment_bytes = configs["segment.bytes"]
    assert (segment_bytes.value, segment_bytes.config_source) == ("2097152", 4)
    assert [(one.name, one.value, one.source) for one in segment_bytes.synonyms] == [
        ("log.segment.bytes", "2097152", 4),
        ("log.segment.bytes", "1073741824", 5),
    ]
    assert configs["flush.messages"].config_source == 5


def test_only_the_named_configs_are_described() -> None:
    result = describe(with_topic(), TOPIC, "a", ["retention.ms", "foo"])
    assert [config.name for config in result.configs] == ["retention.ms"]


def test_a_broker_describes_itself() -> None:
    broker = AdminBroker({"num.partitions": "7"})
    configs = {config.name: config for config in describe(broker, BROKER, "1").configs}
    assert (configs["num.partitions"].value, configs["num.partitions"].config_source) == ("7", 4)
    assert (configs["durability"].value, configs["durability"].config_source) == ("fsync", 5)
    assert all(config.read_only and config.documentation for config in configs.values())


def test_refusals_are_kafkas() -> None:
    broker = with_topic()
    for kind, name, code, message in (
        (TOPIC, "nope", 3, ""),
        (TOPIC, "..", 17, "Topic name is invalid: '..' is not allowed"),
        (BROKER, "9", 42, "Unexpected broker id, expected 1 or empty string, but received 9"),
        (BROKER, "abc", 42, "Broker id must be an integer, but it is: abc"),
        (BROKER_LOGGER, "9", 42, "Unexpected broker id, expected 1 but received 9"),
        (BROKER_LOGGER, "", 42, "Broker id must not be empty"),
        (BROKER_LOGGER, "1", 0, ""),
        (BROKER, "", 0, ""),
    ):
        result = describe(broker, kind, name)
        assert (result.error_code, result.error_message, result.configs) == (code, message, [])
    assert describe(broker, 3, "x").error_code == 42


def test_old_versions_are_answered() -> None:
    broker = with_topic()
    for version in (1, 2, 3):
        assert len(describe(broker, TOPIC, "a", version=version).configs) == 33
