"""How members go, and what becomes of those who stay."""

import pytest

from engine.core.groups import leaving
from engine.core.groups.group import GroupState
from engine.wire.error_codes import ErrorCode, WireError
from tests.engine.core.groups.cast import Stage


def test_a_silent_member_is_dropped_after_its_session():
    stage = Stage()
    first, _ = stage.stable(2)
    stage.pass_ms(9_999)
    assert len(stage.group.members) == 2
    stage.pass_ms(1)
    assert stage.group.state in (GroupState.EMPTY, GroupState.PREPARING_REBALANCE)
    assert first not in stage.group.members


def test_who_waits_for_the_others_is_not_silent():
    stage = Stage()
    stage.stable(2)
    newcomer = stage.join(session_timeout_ms=6_000)
    stage.pass_ms(59_000)
    member_ids = [one.member_id for one in stage.group.members.values() if one.joining == newcomer]
    assert member_ids or newcomer in stage.answers


def test_one_who_leaves_makes_the_others_rebalance():
    stage = Stage()
    first, second = stage.stable(2)
    stage.leave(first)
    assert stage.group.state is GroupState.PREPARING_REBALANCE
    assert stage.joined(stage.join(second)).leader_id == second


def test_a_static_member_leaves_by_its_instance():
    stage = Stage()
    stage.join(instance_id="i1")
    stage.leave("", "i1")
    assert stage.group.members == {}


@pytest.mark.parametrize(
    ("member_id", "instance_id", "code"),
    [
        ("nobody", None, ErrorCode.UNKNOWN_MEMBER_ID),
        ("", "i2", ErrorCode.UNKNOWN_MEMBER_ID),
        ("other", "i1", ErrorCode.FENCED_INSTANCE_ID),
    ],
)
def test_strangers_cannot_leave(member_id: str, instance_id: str | None, code: ErrorCode):
    stage = Stage()
    stage.join(instance_id="i1")
    with pytest.raises(WireError) as refused:
        leaving.leave(stage.group, stage.limits, member_id, instance_id, stage.now_ms)
    assert refused.value.code is code


def test_a_pending_member_may_leave():
    stage = Stage()
    (first,) = stage.stable(1)
    pending = stage.joined(stage.join(needs_known_member_id=True)).member_id
    again = stage.join(first)
    stage.leave(pending)
    assert stage.joined(again).generation_id == 2


def test_one_who_waits_and_is_dropped_gets_an_answer():
    stage = Stage()
    stage.stable(2)
    waiting = stage.join()
    name = next(one.member_id for one in stage.group.members.values() if one.joining == waiting)
    stage.leave(name)
    assert stage.joined(waiting).error is ErrorCode.UNKNOWN_MEMBER_ID


def test_the_first_of_many_pending_members_is_found_without_looking_at_all():
    stage = Stage()
    told = [stage.joined(stage.join(needs_known_member_id=True, session_timeout_ms=6_000 + n)) for n in range(500)]
    for one in told[:400]:
        stage.leave(one.member_id)
    assert leaving.next_deadline_ms(stage.group) == stage.now_ms + 6_400
    stage.join(needs_known_member_id=True, session_timeout_ms=60_000)
    assert len(stage.group.pending_deadlines) <= 2 * len(stage.group.pending_members) + 64
    stage.pass_ms(6_450)
    assert len(stage.group.pending_members) == 50
    stage.pass_ms(60_000)
    assert (stage.group.pending_members, stage.group.pending_deadlines) == ({}, [])
