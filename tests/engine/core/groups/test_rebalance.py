"""Rebalances: who is waited for, how long, and what generation comes of it."""

import pytest

from engine.core.groups import leaving, syncing
from engine.core.groups.group import GroupState
from engine.core.groups.limits import GroupLimits
from engine.wire.error_codes import ErrorCode
from tests.engine.core.groups.cast import Stage


def test_the_first_member_leads_and_gets_all_subscriptions():
    stage = Stage()
    answer = stage.joined(stage.join())
    assert (answer.generation_id, answer.leader_id, answer.protocol_name) == (1, answer.member_id, "range")
    assert [member[0] for member in answer.members] == [answer.member_id]


def test_a_newcomer_waits_until_the_others_have_joined_again():
    stage = Stage()
    (first,) = stage.stable(1)
    newcomer = stage.join()
    assert newcomer not in stage.answers
    again = stage.join(first)
    assert stage.joined(again).generation_id == stage.joined(newcomer).generation_id == 2
    assert len(stage.joined(again).members) == 2
    assert stage.joined(newcomer).members == ()


def test_the_initial_delay_is_prolonged_while_members_come():
    stage = Stage(GroupLimits(group_initial_rebalance_delay_ms=3_000))
    first = stage.join()
    stage.pass_ms(2_000)
    second = stage.join()
    stage.pass_ms(2_000)
    assert first not in stage.answers
    stage.pass_ms(2_000)
    assert stage.joined(first).generation_id == stage.joined(second).generation_id == 1


def test_the_initial_delay_ends_with_the_rebalance_timeout():
    stage = Stage(GroupLimits(group_initial_rebalance_delay_ms=3_000))
    first = stage.join(rebalance_timeout_ms=7_000)
    for _ in range(6):
        stage.pass_ms(1_000)
        stage.join(rebalance_timeout_ms=7_000)
    stage.pass_ms(1_000)
    assert first in stage.answers


def test_who_does_not_join_again_in_time_is_dropped():
    stage = Stage()
    first, second = stage.stable(2)
    newcomer = stage.join()
    again = stage.join(first)
    stage.pass_ms(60_000)
    assert stage.joined(again).generation_id == stage.joined(newcomer).generation_id
    assert second not in stage.group.members


def test_who_does_not_sync_in_time_is_dropped_and_the_others_rebalance():
    stage = Stage()
    first = stage.joined(stage.join()).member_id
    newcomer = stage.join()
    stage.join(first)
    silent = stage.joined(newcomer).member_id
    waiting = stage.sync(silent, 2)  # the leader never syncs
    stage.pass_ms(60_000)
    assert stage.synced(waiting).error is ErrorCode.REBALANCE_IN_PROGRESS
    assert first not in stage.group.members


def test_who_does_not_sync_is_dropped_also_when_the_leader_has():
    stage = Stage()
    first = stage.joined(stage.join()).member_id
    newcomer = stage.join()
    again = stage.joined(stage.join(first))
    second = stage.joined(newcomer).member_id
    stage.sync(first, again.generation_id, {first: b"1", second: b"2"})
    assert stage.group.is_in(GroupState.STABLE)
    while second in stage.group.members:
        at_ms = stage.now_ms
        stage.pass_ms(9_000)
        assert stage.now_ms > at_ms, "time passes, no deadline stands still"
        if first in stage.group.members and stage.group.is_in(GroupState.STABLE):
            syncing.heartbeat(stage.group, first, None, again.generation_id, stage.now_ms)
            syncing.heartbeat(stage.group, second, None, again.generation_id, stage.now_ms)
    assert stage.group.members and stage.group.is_in(GroupState.PREPARING_REBALANCE)


def test_who_syncs_after_the_leader_stays():
    stage = Stage()
    first = stage.joined(stage.join()).member_id
    newcomer = stage.join()
    again = stage.joined(stage.join(first))
    second = stage.joined(newcomer).member_id
    stage.sync(first, again.generation_id, {first: b"1", second: b"2"})
    assert stage.synced(stage.sync(second, again.generation_id)).assignment == b"2"
    for _ in range(20):
        stage.pass_ms(9_000)
        syncing.heartbeat(stage.group, first, None, again.generation_id, stage.now_ms)
        syncing.heartbeat(stage.group, second, None, again.generation_id, stage.now_ms)


def test_a_static_member_that_misses_a_rebalance_keeps_its_place():
    stage = Stage()
    static = stage.joined(stage.join(instance_id="i1", session_timeout_ms=1_000_000)).member_id
    stage.sync(static, 1, {static: b"a"})
    newcomer = stage.join()
    stage.pass_ms(60_000)
    assert stage.joined(newcomer).error is ErrorCode.NONE
    assert static in stage.group.members
    assert stage.joined(newcomer).leader_id == stage.joined(newcomer).member_id


def test_an_emptied_group_moves_its_generation_on():
    stage = Stage()
    names = stage.stable(2)
    generation = stage.group.generation_id
    for name in names:
        stage.leave(name)
    assert stage.group.state is GroupState.EMPTY
    assert stage.group.generation_id > generation


def test_members_wait_for_the_generation_to_be_written():
    stage = Stage(stores=False)
    first = stage.joined(stage.join()).member_id
    waiting = stage.sync(first, 1, {first: b"mine"})
    assert waiting not in stage.answers
    stage.stores = True
    stage.collect()
    assert stage.synced(waiting).assignment == b"mine"
    assert stage.group.state is GroupState.STABLE


def test_the_assignor_with_most_votes_among_those_all_know_wins():
    stage = Stage()
    first = stage.joined(stage.join(protocols=[("range", b""), ("sticky", b"")])).member_id
    newcomer = stage.join(protocols=[("sticky", b""), ("range", b"")])
    stage.join(first, protocols=[("sticky", b""), ("range", b"")])
    assert stage.joined(newcomer).protocol_name == "sticky"


def test_a_rebalance_without_time_does_not_go_round_for_ever():
    stage = Stage()
    static = stage.joined(stage.join(instance_id="i1", rebalance_timeout_ms=0)).member_id
    stage.sync(static, 1, {static: b"a"})
    stage.join(static, instance_id="i1", protocols=[("range", b"other")], rebalance_timeout_ms=0)
    newcomer = stage.join(rebalance_timeout_ms=0)
    stage.leave(stage.joined(newcomer).member_id if newcomer in stage.answers else static)
    stage.pass_ms(500)


@pytest.mark.parametrize("rebalance_timeout_ms", [-5, 0, 1])
def test_static_members_that_allow_no_time_are_looked_at_seldom(rebalance_timeout_ms: int):
    stage = Stage()
    stage.join(instance_id="i1", rebalance_timeout_ms=rebalance_timeout_ms)
    stage.join(instance_id="i2", rebalance_timeout_ms=rebalance_timeout_ms)
    stage.now_ms += 1
    leaving.on_deadline(stage.group, stage.limits, stage.now_ms)
    stage.leave("", "i2")
    assert stage.group.state is GroupState.PREPARING_REBALANCE
    looks = 0
    while (deadline_ms := leaving.next_deadline_ms(stage.group)) is not None:
        stage.now_ms = deadline_ms
        leaving.on_deadline(stage.group, stage.limits, stage.now_ms)
        looks += 1
    assert looks < 20, "their sessions are over after ten seconds"
    assert stage.group.state is GroupState.EMPTY
