"""JoinGroup: who may come in, and what members that join again are told."""

import pytest

from engine.core.groups.group import GroupState
from engine.core.groups.limits import GroupLimits
from engine.wire.error_codes import ErrorCode
from tests.engine.core.groups.cast import Stage


def test_a_newcomer_of_a_new_client_is_given_an_id_to_come_back_with():
    stage = Stage()
    asked = stage.joined(stage.join(needs_known_member_id=True))
    assert asked.error is ErrorCode.MEMBER_ID_REQUIRED
    assert stage.joined(stage.join(asked.member_id)).generation_id == 1


def test_a_pending_member_that_never_comes_back_is_forgotten():
    stage = Stage()
    (first,) = stage.stable(1)
    stage.join(needs_known_member_id=True)
    again = stage.join(first)
    assert again not in stage.answers, "the pending member is waited for"
    stage.pass_ms(10_000)
    assert stage.joined(again).generation_id == 2


def test_the_first_rebalance_waits_for_nobody_that_was_only_told_its_id():
    stage = Stage()
    told = stage.joined(stage.join(needs_known_member_id=True)).member_id
    second = stage.joined(stage.join())
    assert (second.error, second.generation_id) == (ErrorCode.NONE, 1)
    late = stage.join(told)
    assert late not in stage.answers, "a rebalance: the second one is told by its heartbeat"
    again = stage.joined(stage.join(second.member_id))
    assert (again.generation_id, stage.joined(late).generation_id, len(again.members)) == (2, 2, 2)


def test_who_was_told_its_id_may_come_back_until_its_session_is_over():
    stage = Stage()
    told = stage.joined(stage.join(needs_known_member_id=True)).member_id
    stage.stable(1)
    stage.pass_ms(10_000)
    assert stage.joined(stage.join(told)).error is ErrorCode.UNKNOWN_MEMBER_ID
    assert stage.group.pending_members == {}


def test_an_unknown_member_is_refused():
    stage = Stage()
    stage.stable(1)
    assert stage.joined(stage.join("nobody")).error is ErrorCode.UNKNOWN_MEMBER_ID


def test_who_knows_no_common_assignor_is_refused():
    stage = Stage()
    stage.stable(1)
    assert stage.joined(stage.join(protocols=[("other", b"")])).error is ErrorCode.INCONSISTENT_GROUP_PROTOCOL
    assert stage.joined(stage.join(protocol_type="connect")).error is ErrorCode.INCONSISTENT_GROUP_PROTOCOL
    assert stage.joined(stage.join(protocols=[])).error is ErrorCode.INCONSISTENT_GROUP_PROTOCOL
    assert stage.group.state is GroupState.STABLE


def test_a_full_group_takes_nobody_else():
    stage = Stage(GroupLimits(group_initial_rebalance_delay_ms=0, group_max_size=1))
    (first,) = stage.stable(1)
    assert stage.joined(stage.join()).error is ErrorCode.GROUP_MAX_SIZE_REACHED
    assert stage.joined(stage.join(first)).error is ErrorCode.NONE


def test_of_many_that_were_told_their_ids_the_first_to_come_back_are_in():
    stage = Stage(GroupLimits(group_initial_rebalance_delay_ms=3_000, group_max_size=2))
    told = [stage.joined(stage.join(needs_known_member_id=True)).member_id for _ in range(4)]
    waiters = [stage.join(member_id) for member_id in told]
    stage.pass_ms(6_000)
    found = [stage.joined(waiter).error for waiter in waiters]
    assert found == [ErrorCode.NONE] * 2 + [ErrorCode.GROUP_MAX_SIZE_REACHED] * 2
    assert list(stage.group.members) == told[:2]


def test_a_member_whose_place_was_taken_in_a_rebalance_is_not_waited_for():
    stage = Stage(GroupLimits(group_initial_rebalance_delay_ms=0, group_max_size=2))
    first, second = stage.stable(2)
    back, newcomer = stage.join(first), stage.join()
    assert stage.joined(stage.join(second)).error is ErrorCode.GROUP_MAX_SIZE_REACHED
    assert (stage.joined(back).generation_id, stage.joined(newcomer).generation_id) == (3, 3)
    assert second not in stage.group.members


@pytest.mark.parametrize("instance_id", ["i1", "i2"])
def test_a_full_group_takes_a_static_member_back_only_when_its_session_is_over(instance_id: str):
    stage = Stage(GroupLimits(group_initial_rebalance_delay_ms=0, group_max_size=1))
    former = stage.joined(stage.join(instance_id="i1")).member_id
    stage.sync(former, 1, {former: b"mine"})
    assert stage.joined(stage.join(instance_id=instance_id)).error is ErrorCode.GROUP_MAX_SIZE_REACHED
    assert list(stage.group.members) == [former]
    assert stage.joined(stage.join(former, instance_id="i1")).error is ErrorCode.NONE
    stage.sync(former, 2, {former: b"mine"})
    stage.pass_ms(10_001)
    assert stage.joined(stage.join(instance_id=instance_id)).error is ErrorCode.NONE


def test_a_follower_that_joins_again_unchanged_disturbs_nobody():
    stage = Stage()
    names = stage.stable(2)
    follower = next(name for name in names if name != stage.group.leader_id)
    generation = stage.group.generation_id
    answer = stage.joined(stage.join(follower))
    assert (answer.generation_id, stage.group.state) == (generation, GroupState.STABLE)


def test_a_leader_that_joins_again_starts_a_rebalance():
    stage = Stage()
    stage.stable(2)
    waiter = stage.join(stage.group.leader_id)
    assert waiter not in stage.answers
    assert stage.group.state is GroupState.PREPARING_REBALANCE


def test_a_changed_subscription_starts_a_rebalance():
    stage = Stage()
    (first,) = stage.stable(1)
    answer = stage.joined(stage.join(first, protocols=[("range", b"other")]))
    assert answer.generation_id == 2


def test_a_restarted_static_member_takes_its_place_without_a_rebalance():
    stage = Stage()
    former = stage.joined(stage.join(instance_id="i1")).member_id
    stage.sync(former, 1, {former: b"mine"})
    answer = stage.joined(stage.join(instance_id="i1"))
    assert (answer.error, answer.generation_id, answer.skip_assignment) == (ErrorCode.NONE, 1, True)
    assert answer.member_id != former
    assert stage.synced(stage.sync(answer.member_id, 1)).assignment == b"mine"
    assert stage.joined(stage.join(former, instance_id="i1")).error is ErrorCode.FENCED_INSTANCE_ID


def test_an_old_static_leader_is_not_asked_to_assign_again():
    stage = Stage()
    former = stage.joined(stage.join(instance_id="i1")).member_id
    stage.sync(former, 1, {former: b"mine"})
    answer = stage.joined(stage.join(instance_id="i1", skips_assignment=False))
    assert answer.leader_id == former != answer.member_id
    assert answer.members == ()


def test_a_former_static_self_that_waits_is_fenced():
    stage = Stage()
    stage.stable(1)
    waiting = stage.join(instance_id="i1")
    stage.join(instance_id="i1")
    assert stage.joined(waiting).error is ErrorCode.FENCED_INSTANCE_ID


def test_who_asks_twice_is_answered_twice():
    stage = Stage()
    stage.stable(2)
    leader = stage.group.leader_id
    first, second = stage.join(leader), None
    second = stage.join(leader)
    assert stage.joined(first).error is ErrorCode.REBALANCE_IN_PROGRESS
    assert second not in stage.answers
