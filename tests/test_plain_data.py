"""The walk that proves state to be plain data finds what is not."""

import threading
from collections import defaultdict, deque
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import pytest

from tests.plain_data import impure


class Colour(IntEnum):
    RED = 1


@dataclass(slots=True)
class Holder:
    held: Any = None
    more: deque[Any] = field(default_factory=deque)


def test_plain_state_has_nothing_impure():
    holder = Holder({"a": [1, 2.5, b"x", None, (True, bytearray(b"y"))], 7: Colour.RED}, deque([Holder("inner")]))
    holder.more.append(holder)  # a cycle
    assert impure(holder) == []


@pytest.mark.parametrize(
    "hidden",
    [lambda: 1, threading.Lock(), memoryview(b"x"), {1, 2}, (x for x in ()), defaultdict(list), Holder, object(), open],
    ids=["closure", "lock", "view", "set", "generator", "factory", "class", "object", "function"],
)
def test_what_is_not_plain_is_found_with_its_path(hidden):
    (found,) = impure(Holder({"deep": [Holder(hidden)]}))
    assert found.startswith("root.held['deep'][0].held: ")


def test_what_is_given_to_a_machine_is_not_entered():
    disk = object()
    assert impure(Holder(disk), boundary=(disk,)) == []
