"""JoinGroup requests: what is refused before the group is asked, and what each version says."""

import pytest

from engine.wire.messages.join_group import JoinGroupRequest
from tests.engine.broker.group_cast import GROUP, Reader, group_world, stable_reader


@pytest.mark.parametrize(
    ("group_id", "session_timeout_ms", "member_id", "code"),
    [("", 10_000, "", 24), (GROUP, 5_999, "", 26), (GROUP, 1_800_001, "", 26), (GROUP, 10_000, "nobody", 25)],
)
def test_bad_requests_are_refused(group_id: str, session_timeout_ms: int, member_id: str, code: int):
    peer = group_world().connect()
    request = JoinGroupRequest(group_id, session_timeout_ms, 60_000, member_id, None, "consumer", [])
    assert peer.call(request, 5).error_code == code


def test_a_group_that_refused_its_first_member_is_not_there():
    world = group_world()
    request = JoinGroupRequest(GROUP, 10_000, 60_000, "", None, "consumer", [])
    assert world.connect().call(request, 3).error_code == 23
    assert all(not shard.groups for shard in world.broker.group_coordinator.shards.values())


def test_from_version_4_on_newcomers_come_back_with_an_id():
    reader = Reader(group_world())
    asked = reader.join(5)
    assert (asked.error_code, asked.member_id[:5]) == (79, "test-")
    assert reader.join(5).generation_id == 1


@pytest.mark.parametrize("version", range(10))
def test_every_version_lets_a_member_in(version: int):
    reader = Reader(group_world())
    reply = reader.join(version)
    if reply.error_code == 79:
        reply = reader.join(version)
    assert (reply.error_code, reply.protocol_name, reply.leader) == (0, "range", reader.member_id)
    assert [one.member_id for one in reply.members] == [reader.member_id]


def test_member_ids_differ():
    world = group_world()
    first, second = stable_reader(world), Reader(world)
    second.ask_to_join(3)
    first.join()
    assert second.joined().member_id != first.member_id


@pytest.mark.parametrize("rebalance_timeout_ms", [0, -1, -(1 << 31)])
def test_a_rebalance_timeout_of_nothing_or_less_leaves_no_time_to_sync(rebalance_timeout_ms: int):
    world = group_world()
    reader = Reader(world)
    reader.ask_to_join(3, rebalance_timeout_ms=rebalance_timeout_ms)
    assert reader.joined().generation_id == 1
    world.wait(10)
    assert reader.heartbeat() == 25
