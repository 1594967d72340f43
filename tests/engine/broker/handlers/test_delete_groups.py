"""DeleteGroups requests."""

import pytest

from engine.wire.messages.delete_groups import DeleteGroupsRequest
from engine.wire.messages.leave_group import LeaveGroupRequest
from tests.engine.broker.group_cast import GROUP, Reader, group_world, stable_reader


@pytest.mark.parametrize("version", range(3))
def test_an_empty_group_goes_with_its_offsets(version: int):
    world = group_world()
    reader = stable_reader(world)
    reader.commit(4)
    refused = reader.peer.call(DeleteGroupsRequest([GROUP]), version)
    assert [one.error_code for one in refused.results] == [68]
    reader.peer.call(LeaveGroupRequest(GROUP, reader.member_id), 0)
    reply = reader.peer.call(DeleteGroupsRequest([GROUP, "nobody's", ""]), version)
    assert {one.group_id: one.error_code for one in reply.results} == {GROUP: 0, "nobody's": 69, "": 69}
    assert reader.fetch() == -1
    assert Reader(world.restarted()).fetch() == -1


def test_offsets_without_a_group_go_too():
    reader = Reader(group_world())
    reader.commit(1)
    assert reader.peer.call(DeleteGroupsRequest([GROUP]), 2).results[0].error_code == 0
    assert reader.fetch() == -1
