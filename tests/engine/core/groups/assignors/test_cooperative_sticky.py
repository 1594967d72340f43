"""The cooperative sticky assignor: nothing has two owners at any time."""

from engine.core.groups.assignors.cooperative_sticky import assign
from engine.core.groups.assignors.subscriber import Subscriber


def test_what_changes_hands_waits_until_it_is_revoked():
    held = tuple(("t", index) for index in range(4))
    members = [Subscriber("a", ("t",), owned=held, generation_id=1), Subscriber("b", ("t",))]
    first = assign(members, {"t": 4})
    assert len(first["a"]) == 2
    assert first["b"] == []
    again = [Subscriber("a", ("t",), None, tuple(first["a"]), 2), Subscriber("b", ("t",), None, (), 2)]
    second = assign(again, {"t": 4})
    assert second["a"] == first["a"]
    assert len(second["b"]) == 2
