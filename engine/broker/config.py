"""The broker's own configs, by Kafka's names: text in, typed and checked values out.

`BrokerConfig.parse` refuses what is unknown, malformed or not built, so that no
setting is ever accepted and ignored. The text as given is kept for DescribeConfigs.

Invariants: every field has a key of the same name in KEYS (dots for underscores).
Not here: topic configs (core/metadata/configs.py), reading files (hosting, console).
Spec: https://kafka.apache.org/documentation/#brokerconfigs; `durability` and
`record.validation` are ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from engine.broker.config_keys import KEYS
from engine.core.groups.limits import GroupLimits
from engine.core.log.config import LogConfig
from engine.core.metadata.config_values import ConfigRefused, Value
from engine.core.metadata.configs import ServerConfigs, log_config
from engine.core.metadata.topic_config_keys import TOPIC_KEYS

SECURITY_PROTOCOLS = {"PLAINTEXT": 0}


class ConfigError(Exception):
    """A broker config cannot be used: which one, and why in words."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name = name
        self.reason = reason


class Listener(NamedTuple):
    """Where to listen, or what to tell clients: `name://host:port`. An empty host is every address."""

    name: str
    host: str
    port: int
    security_protocol: int = 0


@dataclass(frozen=True, slots=True)
class BrokerConfig:
    """Values as the broker uses them; names are Kafka's with underscores."""

    given: dict[str, str] = field(default_factory=dict)  # the text of what was set, by Kafka's names
    node_id: int = 1
    process_roles: tuple[str, ...] = ("broker", "controller")
    log_dirs: tuple[str, ...] = ()
    listeners: tuple[Listener, ...] = (Listener("PLAINTEXT", "", 9092),)
    advertised_listeners: tuple[Listener, ...] = ()
    num_partitions: int = 1
    default_replication_factor: int = 1
    min_insync_replicas: int = 1
    auto_create_topics_enable: bool = True
    delete_topic_enable: bool = True
    message_max_bytes: int = 1048588
    socket_request_max_bytes: int = 104857600
    queued_max_request_bytes: int = 268435456
    max_connections: int = 2147483647
    max_connections_per_ip: int = 2147483647
    connections_max_idle_ms: int = 600000
    fetch_max_bytes: int = 57671680
    max_incremental_fetch_session_cache_slots: int = 1000
    max_request_partition_size_limit: int = 2000
    log_segment_bytes: int = 1073741824
    log_roll_ms: int = 604800000
    log_retention_ms: int = 604800000
    log_retention_bytes: int = -1
    log_retention_check_interval_ms: int = 300000
    log_cleanup_policy: tuple[str, ...] = ("delete",)
    log_segment_delete_delay_ms: int = 60000
    log_index_size_max_bytes: int = 10485760
    log_index_interval_bytes: int = 4096
    log_flush_interval_messages: int = 9223372036854775807
    log_flush_interval_ms: int = 9223372036854775807
    log_flush_offset_checkpoint_interval_ms: int = 60000
    log_flush_start_offset_checkpoint_interval_ms: int = 60000
    replica_high_watermark_checkpoint_interval_ms: int = 5000
    log_message_timestamp_type: str = "CreateTime"
    log_message_timestamp_before_max_ms: int = 9223372036854775807
    log_message_timestamp_after_max_ms: int = 3600000
    producer_id_expiration_ms: int = 86400000
    producer_id_expiration_check_interval_ms: int = 600000
    group_min_session_timeout_ms: int = 6000
    group_max_session_timeout_ms: int = 1800000
    group_max_size: int = 2147483647
    group_initial_rebalance_delay_ms: int = 3000
    offset_metadata_max_bytes: int = 4096
    offsets_retention_minutes: int = 10080
    offsets_retention_check_interval_ms: int = 600000
    offsets_topic_num_partitions: int = 50
    offsets_topic_segment_bytes: int = 104857600
    metadata_log_max_record_bytes_between_snapshots: int = 20971520
    durability: str = "fsync"
    record_validation: str = "header"
    server: ServerConfigs = field(init=False, repr=False, compare=False)  # what it means for topics

    def __post_init__(self) -> None:
        """Work out what the broker's configs mean for topics."""
        defaults = {
            key.name: _text(getattr(self, key.server_name.replace(".", "_")))
            for key in TOPIC_KEYS.values()
            if key.server_name in KEYS
        }
        # log.roll.ms and the like: the folded value, under whatever name it was set.
        for topic_name, field_name in _FOLDED.items():
            defaults[topic_name] = _text(getattr(self, field_name))
        built_in = {name: key.default for name, key in KEYS.items()}
        object.__setattr__(self, "server", ServerConfigs(defaults, self.given, built_in))

    @classmethod
    def parse(cls, given: Mapping[str, str]) -> "BrokerConfig":
        """Read texts by Kafka's names; ConfigError says which one cannot be used and why."""
        values: dict[str, Any] = {}
        for name, text in given.items():
            key = KEYS.get(name)
            if key is None:
                raise ConfigError(name, "this broker knows no such setting, or has not built what it would set")
            try:
                values[name] = key.parse(text)
            except ConfigRefused as refused:
                raise ConfigError(name, str(refused)) from None
        _fold_times(values)
        for name in ("listeners", "advertised.listeners"):
            if name in values:
                values[name] = tuple(_listener(name, text) for text in values[name])
        fields = {name.replace(".", "_"): value for name, value in values.items()}
        config = cls(given=dict(given), **fields)
        config._check()
        return config

    def log_config(self, topic_configs: Mapping[str, str]) -> LogConfig:
        """What these configs of a topic mean for its logs on this broker."""
        return log_config(
            topic_configs,
            self.server,
            producer_id_expiration_ms=self.producer_id_expiration_ms,
            record_validation_full=self.record_validation == "full",
        )

    @property
    def group_limits(self) -> GroupLimits:
        """What groups may ask for."""
        return GroupLimits(
            self.group_min_session_timeout_ms,
            self.group_max_session_timeout_ms,
            self.group_max_size,
            self.group_initial_rebalance_delay_ms,
            self.offset_metadata_max_bytes,
            self.offsets_retention_minutes * 60_000,
        )

    @property
    def advertised(self) -> tuple[Listener, ...]:
        """What clients are told; by default the listeners themselves, an empty host as localhost."""
        chosen = self.advertised_listeners or self.listeners
        return tuple(one._replace(host=one.host or "localhost") for one in chosen)

    def _check(self) -> None:
        if len(self.log_dirs) > 1:
            raise ConfigError("log.dirs", "more than one directory is not built yet; name one")
        if not self.listeners:
            raise ConfigError("listeners", "name at least one, such as PLAINTEXT://127.0.0.1:9092")
        names = [listener.name for listener in self.listeners]
        if len(dict.fromkeys(names)) != len(names):
            raise ConfigError("listeners", "each listener must have a different name")
        for listener in self.advertised_listeners:
            if listener.name not in names:
                raise ConfigError("advertised.listeners", f"there is no listener {listener.name}")
            if not listener.host:
                raise ConfigError("advertised.listeners", "an address for clients needs a host")
        if self.advertised_listeners and len(self.advertised_listeners) != len(self.listeners):
            raise ConfigError("advertised.listeners", "name an address for each listener, or leave it out")
        if self.default_replication_factor != 1:
            raise ConfigError("default.replication.factor", "with one broker it can only be 1")
        if dict.fromkeys(self.process_roles) != {"broker": None, "controller": None}:
            raise ConfigError("process.roles", "only broker,controller in one process is built")


_FOLDED = {"segment.ms": "log_roll_ms", "retention.ms": "log_retention_ms"}


def _text(value: Value) -> str:
    """A value as it is written in properties."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(value) if isinstance(value, tuple) else str(value)


def _fold_times(values: dict[str, Value]) -> None:
    """Kafka's rule for a time that has several names: ms wins over minutes, minutes over hours; -1 is for ever."""
    for target, names in (
        ("log.retention.ms", (("log.retention.minutes", 60_000), ("log.retention.hours", 3_600_000))),
        ("log.roll.ms", (("log.roll.hours", 3_600_000),)),
    ):
        for name, factor in names:
            value = values.pop(name, None)
            if value is not None and target not in values:
                assert isinstance(value, int)
                values[target] = value * factor if value >= 0 else -1
    if values.get("log.retention.ms") == 0:
        raise ConfigError("log.retention.ms", "must be -1 (unlimited) or at least 1")


def _listener(name: str, text: str) -> Listener:
    """Read `NAME://host:port`; the host may be empty or an IPv6 address in brackets."""
    listener, separator, address = text.partition("://")
    host, colon, port = address.rpartition(":")
    if not separator or not colon or not port.isdecimal() or int(port) > 65535:
        raise ConfigError(name, f"{text} is not of the form PLAINTEXT://host:port")
    protocol = SECURITY_PROTOCOLS.get(listener.upper())
    if protocol is None:
        raise ConfigError(name, f"{listener} is not built yet; use PLAINTEXT")
    return Listener(listener.upper(), host.strip("[]"), int(port), protocol)
