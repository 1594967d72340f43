"""What IncrementalAlterConfigs and AlterConfigs share: which resources can be changed, and the checks before.

Not here: what a change writes (core/metadata/config_changes.py).
Spec: kafka.server.ConfigAdminManager (order of checks and words).
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from engine.broker import described_broker
from engine.core.metadata import config_changes, topic_names
from engine.core.metadata.configs import ResourceType
from engine.wire.error_codes import ErrorCode, WireError
from engine.wire.primitives import Message

if TYPE_CHECKING:
    from engine.broker.broker import Broker
# Kafka keeps configs for these too.
UNBUILT = {16: "Subscriptions to client metrics", 32: "Groups"}


def repeated(resources: Iterable[tuple[int, str]]) -> dict[tuple[int, str], None]:
    """The resources that are named more than once."""
    seen: dict[tuple[int, str], None] = {}
    twice: dict[tuple[int, str], None] = {}
    for resource in resources:
        (twice if resource in seen else seen)[resource] = None
    return twice


def check(
    broker: "Broker", resource_type: int, name: str, configs: list[str], nulls: list[str], *, loggers: bool
) -> None:
    """WireError unless this resource is a topic that can be changed. `nulls`: configs to be set to no value."""
    if len(dict.fromkeys(configs)) != len(configs):
        raise WireError(ErrorCode.INVALID_REQUEST, "Error due to duplicate config keys")
    if nulls:
        raise WireError(ErrorCode.INVALID_REQUEST, f"Null value not supported for : {','.join(nulls)}")
    if resource_type == ResourceType.TOPIC:
        return _check_topic(broker, name)
    if resource_type == ResourceType.BROKER:
        if name:
            described_broker.check_node_id(name, broker.config.node_id)
        if configs:
            message = f"Cannot update these configs dynamically: [{', '.join(configs)}]"
            raise WireError(ErrorCode.INVALID_REQUEST, message)
        return None
    if resource_type == ResourceType.BROKER_LOGGER and loggers:
        described_broker.check_node_id(name, broker.config.node_id)
        for logger in configs:
            raise WireError(ErrorCode.INVALID_CONFIG, f"Logger {logger} does not exist!")
        return None
    if resource_type in UNBUILT:
        raise WireError(ErrorCode.INVALID_REQUEST, f"{UNBUILT[resource_type]} have no configs of their own yet")
    raise WireError(ErrorCode.INVALID_REQUEST, f"Unknown resource type {resource_type}")


def _check_topic(broker: "Broker", name: str) -> None:
    if not name:
        raise WireError(ErrorCode.INVALID_REQUEST, "Default topic resources are not allowed.")
    refusal = topic_names.refusal(name)
    if refusal is not None:
        raise WireError(ErrorCode.INVALID_TOPIC_EXCEPTION, refusal)
    if name not in broker.quorum.latest.topics:
        raise WireError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, f"The topic '{name}' does not exist.")


def records_for_topic(broker: "Broker", topic: str, written: Mapping[str, str | None]) -> list[Message]:
    """The records that write this to a topic, or WireError."""
    current = broker.quorum.latest.topic_configs(topic)
    return list(config_changes.records_for_topic(topic, current, written, broker.config.server, []))
