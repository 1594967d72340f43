"""SyncGroup requests."""

import pytest

from engine.wire.messages.sync_group import SyncGroupRequest, SyncGroupRequestAssignment
from tests.engine.broker.group_cast import GROUP, Reader, group_world, stable_reader


@pytest.mark.parametrize(("group_id", "code"), [("", 24), ("nobody's", 25)])
def test_groups_that_are_not_there_are_refused(group_id: str, code: int):
    assert group_world().connect().call(SyncGroupRequest(group_id, 1, "m"), 3).error_code == code


@pytest.mark.parametrize("version", range(6))
def test_every_version_hands_out_the_assignment(version: int):
    reader = Reader(group_world())
    reader.join(3)
    sent = [SyncGroupRequestAssignment(reader.member_id, b"mine")]
    request = SyncGroupRequest(
        GROUP, reader.generation_id, reader.member_id, protocol_type="consumer", protocol_name="range", assignments=sent
    )
    reply = reader.peer.call(request, version)
    assert (reply.error_code, reply.assignment) == (0, b"mine")


def test_an_old_generation_is_refused():
    reader = stable_reader(group_world())
    reader.generation_id = 0
    assert reader.sync().error_code == 22
