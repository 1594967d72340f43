"""Heartbeat requests."""

import pytest

from engine.wire.messages.heartbeat import HeartbeatRequest
from tests.engine.broker.group_cast import GROUP, group_world, stable_reader


@pytest.mark.parametrize(("group_id", "code"), [("", 24), ("nobody's", 25)])
def test_groups_that_are_not_there_are_refused(group_id: str, code: int):
    assert group_world().connect().call(HeartbeatRequest(group_id, 1, "m"), 3).error_code == code


@pytest.mark.parametrize("version", range(5))
def test_every_version_keeps_a_member_alive(version: int):
    world = group_world()
    reader = stable_reader(world)
    for _ in range(3):
        world.wait(9_000)
        request = HeartbeatRequest(GROUP, reader.generation_id, reader.member_id)
        assert reader.peer.call(request, version).error_code == 0


def test_a_silent_member_is_given_up():
    world = group_world()
    reader = stable_reader(world)
    world.wait(10_000)
    assert reader.heartbeat() == 25
