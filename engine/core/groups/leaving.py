"""How members go: by LeaveGroup, by silence, or because an operator removes them.

Invariants:
- Whoever goes while it waits for an answer gets one.
- A member that waits in a rebalance is not silent: its session does not end meanwhile.

Not here: whoever misses a rebalance (rebalance.py).
Spec: KIP-62 (sessions), KIP-345 (leaving by instance id), KIP-394 (pending members).
"""

from engine.core.groups import rebalance
from engine.core.groups.answers import JoinAnswer, SyncAnswer
from engine.core.groups.group import Group, GroupState
from engine.core.groups.limits import GroupLimits
from engine.wire.error_codes import ErrorCode, WireError


def leave(group: Group, limits: GroupLimits, member_id: str, instance_id: str | None, now_ms: int) -> None:
    """Let one member go. Raises UNKNOWN_MEMBER_ID or FENCED_INSTANCE_ID."""
    if group.is_in(GroupState.DEAD):
        raise WireError(ErrorCode.COORDINATOR_NOT_AVAILABLE)
    if instance_id is not None:
        present_id = group.static_members.get(instance_id)
        if present_id is None:
            raise WireError(ErrorCode.UNKNOWN_MEMBER_ID)
        if member_id and member_id != present_id:
            raise WireError(ErrorCode.FENCED_INSTANCE_ID)
        member_id = present_id
    elif group.pending_members.pop(member_id, None) is not None:
        rebalance.maybe_complete_join(group, now_ms)
        return
    if member_id not in group.members:
        raise WireError(ErrorCode.UNKNOWN_MEMBER_ID)
    drop(group, limits, member_id, now_ms)


def drop(group: Group, limits: GroupLimits, member_id: str, now_ms: int) -> None:
    """Remove a member; the others rebalance."""
    member = group.remove(member_id)
    assert member is not None, "only members are dropped"
    if member.joining is not None:
        group.answers.append(JoinAnswer(member.joining, ErrorCode.UNKNOWN_MEMBER_ID, member_id))
    if member.syncing is not None:
        group.answers.append(SyncAnswer(member.syncing, ErrorCode.UNKNOWN_MEMBER_ID))
    if group.is_in(GroupState.STABLE, GroupState.COMPLETING_REBALANCE):
        rebalance.prepare(group, limits, now_ms)
    elif group.is_in(GroupState.PREPARING_REBALANCE):
        rebalance.maybe_complete_join(group, now_ms)


def on_deadline(group: Group, limits: GroupLimits, now_ms: int) -> None:
    """Drop whoever was silent too long, and end the rebalance's phase if its time is over."""
    expected = group.next_expected()
    while expected is not None and expected[0] <= now_ms:
        forget_pending(group, expected[1], now_ms)
        expected = group.next_expected()
    for member in list(group.members.values()):
        deadline_ms = member.session_deadline_ms
        if deadline_ms is None or deadline_ms > now_ms or member.member_id not in group.members:
            continue
        if member.joining is not None or member.syncing is not None:
            rebalance.keep_alive(member, now_ms)  # it is we who keep it waiting
        else:
            drop(group, limits, member.member_id, now_ms)
    if group.rebalance_deadline_ms is not None and group.rebalance_deadline_ms <= now_ms:
        rebalance.on_rebalance_deadline(group, limits, now_ms)


def forget_pending(group: Group, member_id: str, now_ms: int) -> None:
    """Expect somebody no longer who was told its id; whoever waited for it waits no more."""
    del group.pending_members[member_id]
    if not group.pending_members:
        rebalance.maybe_complete_join(group, now_ms)


def next_deadline_ms(group: Group) -> int | None:
    """When `on_deadline` has something to do; None if the group only waits for requests."""
    expected = group.next_expected()
    deadlines = [] if expected is None else [expected[0]]
    deadlines += [one.session_deadline_ms for one in group.members.values() if one.session_deadline_ms is not None]
    if group.rebalance_deadline_ms is not None:
        deadlines.append(group.rebalance_deadline_ms)
    return min(deadlines, default=None)
