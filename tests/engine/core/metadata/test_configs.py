"""Effective values, sources, synonyms."""

from engine.core.metadata import configs
from engine.core.metadata.configs import ConfigSource, ServerConfigs
from engine.core.metadata.topic_config_keys import TOPIC_KEYS

SERVER = ServerConfigs({}, {}, {})


def described(name: str, topic: dict[str, str], server: ServerConfigs):
    return next(config for config in configs.describe_topic(topic, server) if config.key.name == name)


def test_all_topic_configs_of_kafka_are_there_with_sound_defaults() -> None:
    assert len(TOPIC_KEYS) == 33
    for key in TOPIC_KEYS.values():
        assert key.default is not None and key.documentation.endswith(".")
        key.parse(key.default)


def test_the_topic_wins_over_the_broker_and_the_broker_over_the_default() -> None:
    server = ServerConfigs({"retention.ms": "7"}, {"log.retention.ms": "7"}, {"log.retention.ms": None})
    assert configs.effective_text("retention.ms", {}, SERVER) == "604800000"
    assert configs.effective_text("retention.ms", {}, server) == "7"
    assert configs.effective_text("retention.ms", {"retention.ms": "8"}, server) == "8"


def test_synonyms_begin_with_the_one_that_decides() -> None:
    server = ServerConfigs({"retention.ms": "7"}, {"log.retention.ms": "7"}, {"log.retention.ms": None})
    config = described("retention.ms", {"retention.ms": "8"}, server)
    assert [(one.name, one.value, one.source) for one in config.synonyms] == [
        ("retention.ms", "8", ConfigSource.TOPIC),
        ("log.retention.ms", "7", ConfigSource.STATIC_BROKER),
        ("log.retention.ms", "604800000", ConfigSource.DEFAULT),
    ][: len(config.synonyms)]
    assert config.source is ConfigSource.TOPIC
    assert described("remote.storage.enable", {}, server).source is ConfigSource.DEFAULT


def test_a_name_that_only_stands_before_the_very_name_is_dropped() -> None:
    # Kafka's rule: with log.retention.hours alone set, retention.ms shows no synonym.
    server = ServerConfigs(
        {"retention.ms": "3600000"},
        {"log.retention.hours": "1"},
        {"log.retention.ms": None, "log.retention.hours": "168"},
    )
    config = described("retention.ms", {}, server)
    assert (config.value, config.synonyms, config.source) == ("3600000", [], ConfigSource.DEFAULT)


def test_log_configs_are_the_effective_values() -> None:
    made = configs.log_config(
        {"cleanup.policy": "compact,delete", "segment.bytes": "1048576"},
        SERVER,
        producer_id_expiration_ms=5,
        record_validation_full=True,
    )
    assert (made.cleanup_policy, made.segment_bytes) == (("compact", "delete"), 1048576)
    assert (made.producer_id_expiration_ms, made.record_validation_full) == (5, True)
