"""Configurations of topics and brokers, with where each value comes from.

Not here: changing them (services).
"""

from dataclasses import dataclass, replace

from console.kafka.connection import ConnectionSpec, Session, run
from console.kafka.errors import KafkaError, NotFound, refused
from engine.client.cluster_metadata import error_code
from engine.client.errors import ClientError
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.describe_configs import (
    DescribeConfigsRequest,
    DescribeConfigsResource,
    DescribeConfigsResourceResult,
    DescribeConfigsResponse,
)

TOPIC, BROKER = 2, 4  # resource types
SOURCES = {
    1: "topic",
    2: "broker (dynamic)",
    3: "cluster (dynamic)",
    4: "broker (static)",
    5: "default",
    6: "broker (logger)",
    7: "client metrics",
    8: "group",
}
OWN_SOURCES = {TOPIC: (1,), BROKER: (2, 3, 4)}  # set for this resource: without it the next one in line would count
TYPES = {
    1: "boolean",
    2: "string",
    3: "int",
    4: "short",
    5: "long",
    6: "double",
    7: "list",
    8: "class",
    9: "password",
}
CLEANUP_POLICY = "cleanup.policy"
CONFIGS_MAX = 2_000  # of a broker or topic: Kafka has some hundred
# Topic configs whose broker-wide value may be written in several units: the first that is set counts.
BROKER_WIDE = {
    "retention.ms": (("log.retention.ms", 1), ("log.retention.minutes", 60_000), ("log.retention.hours", 3_600_000)),
    "segment.ms": (("log.roll.ms", 1), ("log.roll.hours", 3_600_000)),
    "segment.jitter.ms": (("log.roll.jitter.ms", 1), ("log.roll.jitter.hours", 3_600_000)),
}


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

    async def read(session: Session) -> list[ConfigEntry]:
        return await described_topic(session, name)

    return run(spec, read)


async def described_topic(session: Session, name: str) -> list[ConfigEntry]:
    """The same within an operation."""
    entries = await _describe(session, TOPIC, name, None)
    unknown = [entry.name for entry in entries if entry.default is None and entry.name in BROKER_WIDE]
    if not unknown:
        return entries
    broker_wide = await _broker_wide(session, unknown)
    return [
        replace(entry, default=broker_wide[entry.name]) if entry.name in broker_wide else entry for entry in entries
    ]


def broker_configs(spec: ConnectionSpec, node_id: int) -> list[ConfigEntry]:
    """All configs of a broker, by name."""

    async def read(session: Session) -> list[ConfigEntry]:
        return await _describe(session, BROKER, str(node_id), node_id)

    return run(spec, read)


async def cleanup_policies(session: Session, names: list[str]) -> dict[str, str | None]:
    """The cleanup policy of each topic; none where the cluster does not tell."""
    if not names:
        return {}
    resources = [DescribeConfigsResource(TOPIC, name, [CLEANUP_POLICY]) for name in names]
    try:
        answer: DescribeConfigsResponse = await session.send(DescribeConfigsRequest(resources))
    except (ClientError, KafkaError):
        return {}
    told = answer.results[: len(names)]  # a cluster can name any number
    return {result.resource_name: result.configs[0].value for result in told if result.configs}


async def _broker_wide(session: Session, names: list[str]) -> dict[str, str]:
    """What these topic configs would be without a value of the topic's own, in milliseconds."""
    try:
        node_id = (await session.metadata([])).brokers[0].node_id
        values = {entry.name: entry.value for entry in await _describe(session, BROKER, str(node_id), node_id)}
    except (ClientError, KafkaError, IndexError):
        return {}
    found: dict[str, str] = {}
    for name in names:
        for broker_name, unit_ms in BROKER_WIDE[name]:
            value = values.get(broker_name)
            if value is not None and value.lstrip("-").isdigit():
                found[name] = str(int(value) * unit_ms if int(value) >= 0 else -1)
                break
    return found


async def _describe(session: Session, kind: int, name: str, node: int | None) -> list[ConfigEntry]:
    request = DescribeConfigsRequest(
        [DescribeConfigsResource(kind, name, None)], include_synonyms=True, include_documentation=True
    )
    answer: DescribeConfigsResponse = await session.send(request, node=node)
    for result in answer.results:
        code = error_code(result.error_code)
        if code != ErrorCode.NONE:
            raise refused(code, result.error_message)
        entries = (_entry(kind, config) for config in result.configs[:CONFIGS_MAX])
        return sorted(entries, key=lambda entry: entry.name)
    raise NotFound(f"the cluster says nothing of {name}")


def _entry(kind: int, config: DescribeConfigsResourceResult) -> ConfigEntry:
    # Synonyms come in order of precedence: the first that is not the resource's own is what would count without it.
    others = [synonym.value for synonym in config.synonyms if synonym.source not in OWN_SOURCES[kind]]
    source = SOURCES.get(config.config_source, "unknown")
    default = others[0] if others else (config.value if source == "default" else None)
    return ConfigEntry(
        name=config.name,
        value=None if config.is_sensitive else config.value,
        default=None if config.is_sensitive else default,
        source=source,
        type=TYPES.get(config.config_type, "unknown"),
        documentation=config.documentation,
        read_only=config.read_only,
        sensitive=config.is_sensitive,
    )
