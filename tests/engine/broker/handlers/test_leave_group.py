"""LeaveGroup requests: one member to version 2, several from version 3 on."""

import pytest

from engine.wire.messages.leave_group import LeaveGroupRequest, MemberIdentity
from tests.engine.broker.group_cast import GROUP, group_world, stable_reader


@pytest.mark.parametrize("version", range(3))
def test_one_member_leaves(version: int):
    world = group_world()
    reader = stable_reader(world)
    assert reader.peer.call(LeaveGroupRequest(GROUP, reader.member_id), version).error_code == 0
    assert reader.heartbeat() == 25
    assert reader.peer.call(LeaveGroupRequest(GROUP, "nobody"), version).error_code == 25


@pytest.mark.parametrize("version", range(3, 6))
def test_several_members_leave_each_with_an_answer(version: int):
    world = group_world()
    reader = stable_reader(world)
    members = [MemberIdentity(reader.member_id), MemberIdentity("nobody"), MemberIdentity("", "no-instance")]
    reply = reader.peer.call(LeaveGroupRequest(GROUP, members=members), version)
    assert (reply.error_code, [one.error_code for one in reply.members]) == (0, [0, 25, 25])


def test_no_group_is_refused():
    assert group_world().connect().call(LeaveGroupRequest("", "m"), 1).error_code == 24
