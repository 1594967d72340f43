"""One group: who leads, what all know, and states that may follow each other."""

import pytest

from engine.core.groups.group import TRANSITIONS, Group, GroupState, Member


def member(name: str, *protocols: str, instance_id: str | None = None) -> Member:
    return Member(name, instance_id, "c", "/h", 1, 1, [(protocol, b"") for protocol in protocols])


def test_the_first_member_leads_and_the_next_one_follows_it():
    group = Group("g")
    group.add(member("a", "range"))
    group.add(member("b", "range"))
    assert group.leader_id == "a"
    group.remove("a")
    assert group.leader_id == "b"


def test_only_what_all_know_can_be_elected():
    group = Group("g", protocol_type="consumer")
    group.add(member("a", "sticky", "range"))
    group.add(member("b", "range"))
    assert group.select_protocol() == "range"
    assert group.supports("consumer", [("range", b"")])
    assert not group.supports("consumer", [("sticky", b"")])


def test_a_transition_that_the_table_does_not_know_is_a_bug():
    with pytest.raises(AssertionError):
        Group("g").become(GroupState.STABLE)
    assert all(GroupState.DEAD in following for state, following in TRANSITIONS.items() if state is not GroupState.DEAD)


def test_an_instance_names_one_member():
    group = Group("g")
    group.add(member("a", "range", instance_id="i"))
    assert group.static_members == {"i": "a"}
    group.remove("a")
    assert group.static_members == {}
