"""What a topic's configs are in effect, where each comes from, and what that means for its logs.

A value comes from the topic itself, else from the broker's static config of the
corresponding name, else it is the default.

Invariants: what is in an image was checked before it was written, so reading it back
never fails.
Not here: changing them (config_changes.py), the table (topic_config_keys.py).
Spec: KIP-226 (sources and synonyms); kafka.server.ConfigHelper.
"""

from collections.abc import Mapping
from enum import IntEnum
from typing import NamedTuple

from engine.core.log.config import LogConfig
from engine.core.metadata.config_values import ConfigKey, Value
from engine.core.metadata.topic_config_keys import SERVER_SYNONYMS, TOPIC_KEYS


class ConfigSource(IntEnum):
    """Where a value comes from, as DescribeConfigs numbers it."""

    UNKNOWN = 0
    TOPIC = 1
    DYNAMIC_BROKER = 2
    DYNAMIC_DEFAULT_BROKER = 3
    STATIC_BROKER = 4
    DEFAULT = 5


class ResourceType(IntEnum):
    """Whose configs: ConfigResource.Type."""

    TOPIC = 2
    BROKER = 4
    BROKER_LOGGER = 8


class Synonym(NamedTuple):
    """A config that would give a value, were those before it not set."""

    name: str
    value: str | None
    source: ConfigSource


class DescribedConfig(NamedTuple):
    """One config of a resource as it is in effect. `synonyms` begins with the one that decides."""

    key: ConfigKey
    value: str | None
    source: ConfigSource
    synonyms: list[Synonym]


class ServerConfigs(NamedTuple):
    """What a broker's static configs mean for topics."""

    defaults: Mapping[str, str]  # topic config -> text in effect where the topic sets nothing
    given: Mapping[str, str]  # broker config -> text that was set
    built_in: Mapping[str, str | None]  # broker config -> default


def effective_text(name: str, topic_configs: Mapping[str, str], server: ServerConfigs) -> str:
    """The text of one config in effect."""
    text = topic_configs.get(name)
    if text is None:
        text = server.defaults.get(name)
    if text is None:
        text = TOPIC_KEYS[name].default
    assert text is not None, "every topic config has a default"
    return text


def describe_topic(topic_configs: Mapping[str, str], server: ServerConfigs) -> list[DescribedConfig]:
    """All configs of a topic that sets these, by name."""
    described = []
    for name in sorted(TOPIC_KEYS):
        key = TOPIC_KEYS[name]
        synonyms = _server_synonyms(key, server)
        if name in topic_configs:
            synonyms.insert(0, Synonym(name, topic_configs[name], ConfigSource.TOPIC))
        source = synonyms[0].source if synonyms else ConfigSource.DEFAULT
        described.append(DescribedConfig(key, effective_text(name, topic_configs, server), source, synonyms))
    return described


def _server_synonyms(key: ConfigKey, server: ServerConfigs) -> list[Synonym]:
    """The broker configs behind a topic config: those set, then the defaults; from the first of the very name on."""
    if key.server_name is None:
        return []
    names = (key.server_name, *SERVER_SYNONYMS.get(key.server_name, ()))
    synonyms = [Synonym(name, server.given[name], ConfigSource.STATIC_BROKER) for name in names if name in server.given]
    for name in names:
        # One that has other names has no default of its own: Kafka's is in another unit, under another name.
        unknown = key.default if name == key.server_name and name not in SERVER_SYNONYMS else None
        default = server.built_in.get(name, unknown)
        if default is not None:
            synonyms.append(Synonym(name, default, ConfigSource.DEFAULT))
    while synonyms and synonyms[0].name != key.server_name:  # Kafka drops what stands before the name itself
        del synonyms[0]
    return synonyms


def effective_values(topic_configs: Mapping[str, str], server: ServerConfigs) -> dict[str, Value]:
    """Every config of a topic as a value."""
    return {name: key.parse(effective_text(name, topic_configs, server)) for name, key in TOPIC_KEYS.items()}


def log_config(
    topic_configs: Mapping[str, str],
    server: ServerConfigs,
    *,
    producer_id_expiration_ms: int,
    record_validation_full: bool,
) -> LogConfig:
    """What these configs mean for the logs of the topic."""
    values = effective_values(topic_configs, server)
    fields = {name.replace(".", "_"): value for name, value in values.items()}
    known = {name: fields[name] for name in LogConfig.__dataclass_fields__ if name in fields}
    return LogConfig(
        **known,  # type: ignore[arg-type]
        producer_id_expiration_ms=producer_id_expiration_ms,
        record_validation_full=record_validation_full,
    )
