"""Changes of a topic's configs."""

import pytest

from engine.core.metadata import config_changes
from engine.core.metadata.config_changes import Change, Operation
from engine.core.metadata.configs import ServerConfigs
from engine.wire.error_codes import ErrorCode, WireError

SERVER = ServerConfigs({}, {}, {})


def change(current: dict[str, str], *changes: Change) -> list[tuple[str, str | None]]:
    written = config_changes.changed(current, list(changes), SERVER)
    records = config_changes.records_for_topic("t", current, written, SERVER, [])
    return [(record.name, record.value) for record in records]


def test_only_what_changes_is_written() -> None:
    current = {"retention.ms": "5"}
    assert change(current, Change("retention.ms", Operation.SET, "5")) == []
    assert change(current, Change("retention.ms", Operation.SET, "6")) == [("retention.ms", "6")]
    assert change(current, Change("retention.ms", Operation.DELETE, None)) == [("retention.ms", None)]
    assert change(current, Change("segment.ms", Operation.DELETE, None)) == []


def test_lists_begin_with_the_default() -> None:
    assert change({}, Change("cleanup.policy", Operation.APPEND, "compact")) == [("cleanup.policy", "delete,compact")]
    assert change({}, Change("cleanup.policy", Operation.SUBTRACT, "delete")) == [("cleanup.policy", "")]
    assert change({"cleanup.policy": "compact"}, Change("cleanup.policy", Operation.APPEND, "compact")) == []


def test_a_change_is_checked_against_what_the_topic_would_then_have() -> None:
    with pytest.raises(WireError) as refused:
        change(
            {},
            Change("min.compaction.lag.ms", Operation.SET, "10"),
            Change("max.compaction.lag.ms", Operation.SET, "5"),
        )
    assert refused.value.code is ErrorCode.INVALID_CONFIG
    assert (
        refused.value.message == "conflict topic config setting min.compaction.lag.ms (10) > max.compaction.lag.ms (5)"
    )
    with pytest.raises(WireError, match="Tiered Storage functionality is disabled"):
        change({}, Change("remote.storage.enable", Operation.SET, "true"))


def test_the_first_bad_value_in_the_order_of_the_definition_is_reported() -> None:
    with pytest.raises(WireError) as refused:
        change({}, Change("retention.ms", Operation.SET, "x"), Change("segment.bytes", Operation.SET, "y"))
    assert refused.value.message == "Invalid value y for configuration segment.bytes: Not a number of type INT"


def test_a_config_not_acted_on_keeps_its_value() -> None:
    with pytest.raises(
        WireError, match=r"does not act on compression\.type yet, so it cannot be changed from producer"
    ):
        change({}, Change("compression.type", Operation.SET, "zstd"))
    assert change({}, Change("compression.type", Operation.SET, "producer")) == [("compression.type", "producer")]
