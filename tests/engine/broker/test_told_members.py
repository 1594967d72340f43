"""Who was told its member id and is not back is forgotten when there are too many: the rest goes on as before."""

from typing import Any

import pytest

from engine.broker import told_members
from engine.wire import frames
from engine.wire.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol
from tests.engine.broker.group_cast import GROUP, Reader, group_world
from tests.engine.broker.harness import Peer, World
from tests.engine.core.groups.cast import SUBSCRIPTION

SESSION_MS = 1_800_000


def ask(peer: Peer, group_id: str = GROUP, client_id: str = "c", session_timeout_ms: int = SESSION_MS) -> Any:
    """Ask for a member id and never come back with it."""
    protocols = [JoinGroupRequestProtocol("range", SUBSCRIPTION)]
    request = JoinGroupRequest(group_id, session_timeout_ms, 60_000, "", None, "consumer", protocols)
    peer.calls.append((11, 9))
    peer.send_bytes(frames.encode_request(request, 9, len(peer.calls), client_id))
    (reply,) = peer.replies()
    assert reply.error_code == 79
    return reply


def pending(world: World) -> dict[str, int]:
    shards = world.broker.group_coordinator.shards.values()
    return {group.group_id: len(group.pending_members) for shard in shards for group in shard.groups.values()}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(told_members, "TOLD_MEMBERS_BYTES_MAX", 1 << 20)
    return group_world()


def test_client_ids_of_any_length_are_kept_within_the_bound(world: World):
    peer = world.connect()
    for _ in range(100):
        assert len(ask(peer, client_id="c" * 30_000).member_id) == 30_037
    assert 25 <= pending(world)[GROUP] <= 1 + (1 << 20) // 30_000
    assert len(world.broker.group_coordinator.told) == pending(world)[GROUP]


def test_groups_that_nobody_comes_back_to_are_kept_within_the_bound(world: World):
    peer = world.connect()
    for number in range(1_000):
        ask(peer, f"{number}")
    coordinator = world.broker.group_coordinator
    assert 300 <= len(pending(world)) <= (1 << 20) // 2_560
    assert set(coordinator.scheduled) == set(pending(world))
    assert len(coordinator.deadlines) <= 2 * len(coordinator.scheduled) + 64


def test_groups_whose_told_members_are_over_go_when_the_next_one_is_told(world: World):
    peer = world.connect()
    for number in range(10):
        ask(peer, f"{number}", session_timeout_ms=6_000)
    world.wait(6_001)
    ask(peer, "next")
    assert pending(world) == {"next": 1}
    assert len(world.broker.group_coordinator.told) == 1


def test_one_who_was_forgotten_is_told_so_and_asks_anew(world: World):
    honest, hostile = Reader(world), world.connect()
    honest.ask_to_join(5)
    assert honest.joined().error_code == 79
    for _ in range(100):
        ask(hostile, client_id="c" * 30_000)
    honest.ask_to_join(5)
    assert honest.joined().error_code == 25
    honest.member_id = ""
    honest.ask_to_join(5)
    assert honest.joined().error_code == 79
    honest.ask_to_join(5)
    assert honest.joined().error_code == 0


def test_whoever_waited_for_one_who_was_forgotten_waits_no_more(world: World):
    first, hostile = Reader(world), world.connect()
    first.join()
    first.sync({first.member_id: b"all"})
    ask(hostile)
    first.ask_to_join(3)
    assert first.peer.replies() == [], "the leader joined again: it waits for who was told its id"
    for _ in range(100):
        ask(hostile, "elsewhere", client_id="c" * 30_000)
    assert first.joined().generation_id == 2


def test_a_group_with_a_generation_or_members_is_not_dropped(world: World):
    member, peer = Reader(world), world.connect()
    ask(peer)
    member.join()
    for _ in range(100):
        ask(peer, "elsewhere", client_id="c" * 30_000)
    assert pending(world)[GROUP] == 0
    assert member.sync({member.member_id: b"all"}).assignment == b"all"


def test_many_that_are_told_their_ids_and_come_back_leave_nothing(world: World):
    for _ in range(50):
        reader = Reader(world)
        reader.ask_to_join(5)
        reader.joined()
        reader.ask_to_join(5)
    assert len(world.broker.group_coordinator.told) <= 1
