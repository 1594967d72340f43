"""BrokerConfig."""

import pytest

from engine.broker.config import BrokerConfig, ConfigError, Listener
from engine.broker.config_keys import KEYS


def test_defaults_are_those_of_the_table() -> None:
    config = BrokerConfig()
    for name, key in KEYS.items():
        field = name.replace(".", "_")
        if key.default is not None and name not in ("listeners", "log.roll.hours", "log.retention.hours"):
            assert getattr(config, field) == key.parse(key.default), name


def test_an_unknown_setting_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match=r"^num\.io\.threads: this broker knows no such setting"):
        BrokerConfig.parse({"num.io.threads": "8"})


def test_a_bad_value_is_refused_in_words() -> None:
    for name, value, words in (
        ("num.partitions", "0", "Value must be at least 1"),
        ("num.partitions", "x", "Not a number of type INT"),
        ("durability", "maybe", "String must be one of: fsync, pagecache"),
        ("auto.create.topics.enable", "yes", "Expected value to be either true or false"),
        ("listeners", "9092", "is not of the form"),
        ("listeners", "SSL://:9093", "SSL is not built yet"),
        ("listeners", "PLAINTEXT://a:99999", "is not of the form"),
        ("default.replication.factor", "3", "can only be 1"),
        ("log.dirs", "/a,/b", "more than one directory"),
        ("log.retention.ms", "0", "must be -1"),
        ("process.roles", "broker", "only broker,controller"),
    ):
        with pytest.raises(ConfigError, match=words):
            BrokerConfig.parse({name: value})


def test_milliseconds_win_over_minutes_and_minutes_over_hours() -> None:
    assert BrokerConfig.parse({"log.retention.hours": "2"}).log_retention_ms == 7_200_000
    assert BrokerConfig.parse({"log.retention.hours": "2", "log.retention.minutes": "3"}).log_retention_ms == 180_000
    given = {"log.retention.ms": "5", "log.retention.minutes": "3"}
    assert BrokerConfig.parse(given).log_retention_ms == 5
    assert BrokerConfig.parse({"log.retention.hours": "-1"}).log_retention_ms == -1


def test_clients_are_told_the_listeners_unless_other_addresses_are_named() -> None:
    config = BrokerConfig.parse({"listeners": "PLAINTEXT://:9092"})
    assert config.listeners == (Listener("PLAINTEXT", "", 9092),)
    assert config.advertised == (Listener("PLAINTEXT", "localhost", 9092),)
    config = BrokerConfig.parse({"listeners": "PLAINTEXT://[::1]:9092", "advertised.listeners": "PLAINTEXT://h:1"})
    assert (config.listeners[0].host, config.advertised) == ("::1", (Listener("PLAINTEXT", "h", 1),))


def test_topics_follow_the_broker_where_they_set_nothing() -> None:
    config = BrokerConfig.parse(
        {"log.retention.hours": "1", "log.segment.bytes": "2097152", "min.insync.replicas": "2"}
    )
    log_config = config.log_config({"segment.bytes": "1048576"})
    assert (log_config.retention_ms, log_config.segment_bytes) == (3_600_000, 1_048_576)
