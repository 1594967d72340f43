"""Who may commit, and when a committed offset is over."""

import pytest

from engine.core.groups.committed_offsets import CommittedOffset, CommittedOffsets, check_commit, expired
from engine.wire.error_codes import ErrorCode, WireError
from tests.engine.core.groups.cast import Stage

PLACE = ("orders", 0)


def refusal(stage: Stage | None, member_id: str, generation_id: int, instance_id: str | None = None) -> ErrorCode:
    try:
        check_commit(stage.group if stage else None, member_id, instance_id, generation_id)
    except WireError as refused:
        return refused.code
    return ErrorCode.NONE


def test_a_consumer_without_membership_may_commit():
    assert refusal(None, "", -1) is ErrorCode.NONE
    assert refusal(Stage(), "", -1) is ErrorCode.NONE


def test_a_generation_of_a_group_that_is_not_there_is_refused():
    assert refusal(None, "somebody", 3) is ErrorCode.ILLEGAL_GENERATION


def test_members_commit_in_their_generation_only():
    stage = Stage()
    first, _ = stage.stable(2)
    assert refusal(stage, first, 2) is ErrorCode.NONE
    assert refusal(stage, first, 1) is ErrorCode.ILLEGAL_GENERATION
    assert refusal(stage, "nobody", 2) is ErrorCode.UNKNOWN_MEMBER_ID
    assert refusal(stage, first, 2, "no-instance") is ErrorCode.UNKNOWN_MEMBER_ID


def test_nobody_commits_from_outside_while_members_are_there():
    stage = Stage()
    stage.stable(1)
    assert refusal(stage, "", -1) is ErrorCode.UNKNOWN_MEMBER_ID


def test_a_member_without_its_assignment_cannot_commit_yet():
    stage = Stage()
    first = stage.joined(stage.join()).member_id
    assert refusal(stage, first, 1) is ErrorCode.REBALANCE_IN_PROGRESS


def test_the_last_commit_of_a_place_stands():
    offsets = CommittedOffsets()
    offsets.put("g", PLACE, CommittedOffset(5, -1, "", 0))
    offsets.put("g", PLACE, CommittedOffset(3, -1, "", 1))
    assert offsets.of("g")[PLACE].offset == 3
    offsets.remove("g", PLACE)
    assert offsets.by_group == {}


@pytest.mark.parametrize(("age_ms", "over"), [(999, []), (1_000, [PLACE])])
def test_offsets_of_an_empty_group_expire(age_ms: int, over: list):
    stage = Stage()
    stage.group.protocol_type = "consumer"
    stage.group.state_since_wall_ms = 0
    assert expired(stage.group, {PLACE: CommittedOffset(1, -1, "", 0)}, 1_000, age_ms) == over


def test_what_members_read_does_not_expire():
    stage = Stage()
    stage.stable(1)
    offsets = {PLACE: CommittedOffset(1, -1, "", 0), ("other", 0): CommittedOffset(1, -1, "", 0)}
    assert expired(stage.group, offsets, 1_000, 10**9) == [("other", 0)]


def test_an_expiry_that_the_client_set_is_kept():
    offsets = {PLACE: CommittedOffset(1, -1, "", 0, expire_wall_ms=50)}
    assert expired(None, offsets, 10**9, 50) == [PLACE]
