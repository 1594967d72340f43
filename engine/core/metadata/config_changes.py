"""Which config records a change deserves, or why it is refused.

Invariants:
- A change is checked as a whole, against what the topic would then have; nothing of a
  refused change is written.
- A config that this broker does not act on is never changed to another value than it has.

Not here: which requests ask (broker/handlers), effective values (configs.py).
Spec: KIP-339; org.apache.kafka.controller.ConfigurationControlManager,
ControllerConfigurationValidator, LogConfig.validate (order of checks and words).
"""

from collections.abc import Mapping
from enum import IntEnum
from typing import NamedTuple

from engine.core.metadata.config_values import ConfigRefused, ConfigType
from engine.core.metadata.configs import ServerConfigs, effective_text
from engine.core.metadata.image import TOPIC_RESOURCE
from engine.core.metadata.topic_config_keys import TOPIC_KEYS
from engine.wire.error_codes import ErrorCode, WireError
from engine.wire.record_types.cluster_metadata import ConfigRecord


class Operation(IntEnum):
    """What IncrementalAlterConfigs does with one config."""

    SET = 0
    DELETE = 1
    APPEND = 2
    SUBTRACT = 3


class Change(NamedTuple):
    """One wish. `value` is None where none is needed."""

    name: str
    operation: Operation
    value: str | None


def changed(current: Mapping[str, str], changes: list[Change], server: ServerConfigs) -> dict[str, str | None]:
    """What these wishes would write, not yet checked: None removes."""
    written: dict[str, str | None] = {}
    for change in changes:
        old = current.get(change.name)
        if change.operation is Operation.SET:
            new = change.value
        elif change.operation is Operation.DELETE:
            new = None
        else:
            new = _with_list_edited(change, old, server)
        # A null value is kept although nothing changes, so that it can be refused.
        if new != old or (new is None and change.operation is Operation.SET):
            written[change.name] = new
    return written


def _with_list_edited(change: Change, old: str | None, server: ServerConfigs) -> str:
    key = TOPIC_KEYS.get(change.name)
    if key is None or key.type is not ConfigType.LIST:
        raise WireError(
            ErrorCode.INVALID_CONFIG,
            f"Can't {change.operation.name} to key {change.name} because its type is not LIST.",
        )
    text = effective_text(change.name, {}, server) if old is None else old
    elements = [element.strip() for element in text.split(",")] if text else []
    for element in (change.value or "").split(","):
        if change.operation is Operation.APPEND:
            if element not in elements:
                elements.append(element)
        elif element in elements:
            elements.remove(element)
    return ",".join(elements)


def records_for_topic(
    topic: str, current: Mapping[str, str], written: Mapping[str, str | None], server: ServerConfigs, nulls: list[str]
) -> list[ConfigRecord]:
    """The records that write this, or WireError. `nulls`: configs that were set to no value."""
    if nulls:
        raise WireError(ErrorCode.INVALID_CONFIG, f"Null value not supported for topic configs: {','.join(nulls)}")
    after = {name: text for name, text in current.items() if name not in written}
    after.update({name: text for name, text in written.items() if text is not None})
    try:
        _check_topic(after, server)
    except ConfigRefused as refused:
        raise WireError(ErrorCode.INVALID_CONFIG, str(refused)) from None
    _check_acted_on(written, server)
    return [ConfigRecord(TOPIC_RESOURCE, topic, name, text) for name, text in written.items()]


def _check_topic(after: Mapping[str, str], server: ServerConfigs) -> None:
    """LogConfig.validate: unknown names, then each value in the order of the definition, then pairs."""
    for name in after:
        if name not in TOPIC_KEYS:
            raise ConfigRefused(f"Unknown topic config name: {name}")
    values = {}
    for name, key in TOPIC_KEYS.items():
        values[name] = key.parse(effective_text(name, after, server))
    least, most = values["min.compaction.lag.ms"], values["max.compaction.lag.ms"]
    assert isinstance(least, int) and isinstance(most, int)
    if least > most:
        raise ConfigRefused(
            f"conflict topic config setting min.compaction.lag.ms ({least}) > max.compaction.lag.ms ({most})"
        )
    if values["remote.storage.enable"]:
        raise ConfigRefused(
            "Tiered Storage functionality is disabled in the broker. "
            "Topic cannot be configured with remote log storage."
        )


def _check_acted_on(written: Mapping[str, str | None], server: ServerConfigs) -> None:
    for name, text in written.items():
        key = TOPIC_KEYS.get(name)
        if key is None or key.acted_on or text is None:
            continue
        unset = effective_text(name, {}, server)
        if key.parse(text) != key.parse(unset):
            raise WireError(
                ErrorCode.INVALID_CONFIG,
                f"This broker does not act on {name} yet, so it cannot be changed from {unset or 'its default'}.",
            )
