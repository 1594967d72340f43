"""Control records: their keys."""

import pytest

from engine.core.records.control import ControlType, control_key, control_type
from engine.wire.error_codes import WireError


def test_every_type_goes_through_its_key() -> None:
    for kind in ControlType:
        assert control_type(control_key(kind)) == kind


@pytest.mark.parametrize("key", [None, b"", b"\x00\x00\x00", b"\xff\xff\x00\x00"])
def test_a_key_that_is_none_is_refused(key: bytes | None) -> None:
    with pytest.raises(WireError):
        control_type(key)
