"""SyncGroup and Heartbeat: assignments reach exactly the members of the generation."""

import pytest

from engine.core.groups import syncing
from engine.core.groups.group import GroupState
from engine.wire.error_codes import ErrorCode, WireError
from tests.engine.core.groups.cast import Stage


def refusal(stage: Stage, member_id: str, generation_id: int, instance_id: str | None = None) -> ErrorCode:
    with pytest.raises(WireError) as refused:
        syncing.heartbeat(stage.group, member_id, instance_id, generation_id, stage.now_ms)
    return refused.value.code


def test_each_member_gets_its_own_assignment():
    stage = Stage()
    names = stage.stable(3)
    generation = stage.group.generation_id
    for name in names:
        assert stage.synced(stage.sync(name, generation)).assignment == name.encode()


def test_an_old_generation_is_refused():
    stage = Stage()
    first, _ = stage.stable(2)
    assert stage.synced(stage.sync(first, 1)).error is ErrorCode.ILLEGAL_GENERATION


def test_a_stranger_is_refused():
    stage = Stage()
    stage.stable(1)
    assert stage.synced(stage.sync("nobody", 1)).error is ErrorCode.UNKNOWN_MEMBER_ID


def test_another_protocol_is_refused():
    stage = Stage()
    (first,) = stage.stable(1)
    answer = stage.synced(stage.sync(first, 1, protocol_name="sticky"))
    assert answer.error is ErrorCode.INCONSISTENT_GROUP_PROTOCOL
    assert stage.synced(stage.sync(first, 1, protocol_type="connect")).error is ErrorCode.INCONSISTENT_GROUP_PROTOCOL


def test_during_a_rebalance_members_are_told_to_join_again():
    stage = Stage()
    first, _ = stage.stable(2)
    stage.join()
    generation = stage.group.generation_id
    assert stage.synced(stage.sync(first, generation)).error is ErrorCode.REBALANCE_IN_PROGRESS
    assert refusal(stage, first, generation) is ErrorCode.REBALANCE_IN_PROGRESS


def test_a_heartbeat_keeps_a_member_alive():
    stage = Stage()
    (first,) = stage.stable(1)
    for _ in range(5):
        stage.pass_ms(9_000)
        syncing.heartbeat(stage.group, first, None, 1, stage.now_ms)
    assert stage.group.state is GroupState.STABLE


def test_heartbeats_of_strangers_and_old_generations_are_refused():
    stage = Stage()
    first, _ = stage.stable(2)
    assert refusal(stage, "nobody", 2) is ErrorCode.UNKNOWN_MEMBER_ID
    assert refusal(stage, first, 1) is ErrorCode.ILLEGAL_GENERATION
    assert refusal(stage, first, 2, "no-instance") is ErrorCode.UNKNOWN_MEMBER_ID


def test_a_generation_that_could_not_be_written_is_joined_again():
    stage = Stage(stores=False)
    first = stage.joined(stage.join()).member_id
    waiting = stage.sync(first, 1, {first: b"mine"})
    syncing.on_stored(stage.group, 1, ErrorCode.NOT_COORDINATOR, stage.limits, stage.now_ms)
    stage.collect()
    assert stage.synced(waiting).error is ErrorCode.NOT_COORDINATOR
    assert stage.group.state is GroupState.PREPARING_REBALANCE


def test_what_was_stored_too_late_changes_nothing():
    stage = Stage(stores=False)
    first = stage.joined(stage.join()).member_id
    stage.sync(first, 1, {first: b"mine"})
    newcomer = stage.join()
    syncing.on_stored(stage.group, 1, ErrorCode.NONE, stage.limits, stage.now_ms)
    assert stage.group.state is GroupState.PREPARING_REBALANCE
    stage.join(first)
    assert stage.joined(newcomer).generation_id == 2
