"""Configurations of topics and brokers, with where each value comes from."""

from dataclasses import dataclass

from console.kafka.connection import ConnectionSpec


@dataclass(frozen=True, slots=True)
class ConfigEntry:
    """One setting."""

    name: str
    value: str | None  # None when sensitive
    default: str | None  # what it would be without this topic's or broker's own value, where known
    source: str  # "topic" | "broker (dynamic)" | "cluster (dynamic)" | "broker (static)" | "default" | "group" | ...
    type: str  # "boolean" | "string" | "int" | "short" | "long" | "double" | "list" | "class" | "password"
    documentation: str | None
    read_only: bool
    sensitive: bool

    @property
    def changed(self) -> bool:
        """Whether somebody set it (its value does not come from the defaults)."""
        return self.source != "default"


def topic_configs(spec: ConnectionSpec, name: str) -> list[ConfigEntry]:
    """All configs of a topic, by name."""
    raise NotImplementedError


def broker_configs(spec: ConnectionSpec, node_id: int) -> list[ConfigEntry]:
    """All configs of a broker, by name."""
    raise NotImplementedError
