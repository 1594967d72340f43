"""DescribeGroups requests."""

import pytest

from engine.wire.messages.describe_groups import DescribeGroupsRequest
from tests.engine.broker.group_cast import GROUP, Reader, group_world, stable_reader
from tests.engine.core.groups.cast import SUBSCRIPTION


@pytest.mark.parametrize("version", range(7))
def test_members_are_described(version: int):
    reader = stable_reader(group_world())
    (group,) = reader.peer.call(DescribeGroupsRequest([GROUP]), version).groups
    assert (group.group_state, group.protocol_type, group.protocol_data) == ("Stable", "consumer", "range")
    (member,) = group.members
    assert (member.member_id, member.client_id, member.client_host) == (reader.member_id, "test", "/127.0.0.1")
    assert (member.member_metadata, member.member_assignment) == (SUBSCRIPTION, b"all")


def test_during_a_rebalance_no_assignment_is_shown():
    world = group_world()
    reader = stable_reader(world)
    Reader(world).ask_to_join(3)
    (group,) = reader.peer.call(DescribeGroupsRequest([GROUP]), 5).groups
    assert (group.group_state, group.protocol_data) == ("PreparingRebalance", "")
    assert all(one.member_assignment == b"" for one in group.members)


@pytest.mark.parametrize(("version", "code"), [(5, 0), (6, 69)])
def test_a_group_that_is_not_there_is_dead(version: int, code: int):
    (group,) = group_world().connect().call(DescribeGroupsRequest(["nobody's"]), version).groups
    assert (group.error_code, group.group_state) == (code, "Dead")


def test_who_commits_without_membership_is_an_empty_group():
    reader = Reader(group_world())
    reader.commit(1)
    (group,) = reader.peer.call(DescribeGroupsRequest([GROUP]), 6).groups
    assert (group.error_code, group.group_state, group.members) == (0, "Empty", [])
