"""Control records: keys and markers."""

import pytest

from engine.core.records.control import ControlType, control_key, control_type, end_marker, end_marker_epoch
from engine.wire.error_codes import WireError


def test_a_marker_says_how_a_transaction_ended() -> None:
    key, value = end_marker(committed=True, coordinator_epoch=9)
    assert key == b"\x00\x00\x00\x01"
    assert control_type(key) == ControlType.COMMIT
    assert end_marker_epoch(value) == 9
    assert control_type(end_marker(committed=False, coordinator_epoch=9)[0]) == ControlType.ABORT


def test_every_type_goes_through_its_key() -> None:
    for kind in ControlType:
        assert control_type(control_key(kind)) == kind


@pytest.mark.parametrize("key", [None, b"", b"\x00\x00\x00", b"\xff\xff\x00\x00"])
def test_a_key_that_is_none_is_refused(key: bytes | None) -> None:
    with pytest.raises(WireError):
        control_type(key)


@pytest.mark.parametrize("value", [None, b"\x00\x00\x00"])
def test_a_marker_that_is_too_short_is_refused(value: bytes | None) -> None:
    with pytest.raises(WireError):
        end_marker_epoch(value)
