"""SyncGroup and Heartbeat: how an assignment reaches the members of a generation.

The leader's SyncGroup makes the generation's record (`group.storing_generation`); the
coordinator writes it, and `on_stored` hands the assignments out. So no member works in
a generation that a crash could forget.

Not here: the record (group_records.py), how long is waited for SyncGroup (rebalance.py).
Spec: KIP-62; KIP-559 (protocol type and name are checked where they are sent).
"""

from dataclasses import dataclass

from engine.core.groups import rebalance
from engine.core.groups.answers import SyncAnswer
from engine.core.groups.group import Group, GroupState, Member
from engine.core.groups.joining import member_for
from engine.core.groups.limits import GroupLimits
from engine.wire.error_codes import ErrorCode, WireError


@dataclass(frozen=True, slots=True)
class Sync:
    """One SyncGroup request."""

    waiter: int
    member_id: str
    instance_id: str | None
    generation_id: int
    protocol_type: str | None
    protocol_name: str | None
    assignments: dict[str, bytes]  # of the leader, by member id


def sync(group: Group, request: Sync, now_ms: int) -> None:
    """Take one SyncGroup; its answer comes in `group.answers`, now or when the leader has sent its own."""
    try:
        member = _checked(group, request)
    except WireError as refused:
        group.answers.append(SyncAnswer(request.waiter, refused.code))
        return
    if group.is_in(GroupState.STABLE):
        rebalance.keep_alive(member, now_ms)
        group.pending_syncs.pop(member.member_id, None)
        if not group.pending_syncs:
            group.rebalance_deadline_ms = None
        group.answers.append(_assigned(group, member, request.waiter))
        return
    if member.syncing is not None:  # it asked again: only the last request is answered with the assignment
        group.answers.append(SyncAnswer(member.syncing, ErrorCode.REBALANCE_IN_PROGRESS))
    member.syncing = request.waiter
    group.pending_syncs.pop(member.member_id, None)
    if member.member_id == group.leader_id and group.storing_generation is None:
        for one in group.members.values():
            one.assignment = request.assignments.get(one.member_id, b"")
        group.storing_generation = group.generation_id


def _checked(group: Group, request: Sync) -> Member:
    if group.is_in(GroupState.DEAD):
        raise WireError(ErrorCode.COORDINATOR_NOT_AVAILABLE)
    member = member_for(group, request.member_id, request.instance_id)
    if request.generation_id != group.generation_id:
        raise WireError(ErrorCode.ILLEGAL_GENERATION)
    if request.protocol_type is not None and request.protocol_type != group.protocol_type:
        raise WireError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
    if request.protocol_name is not None and request.protocol_name != group.protocol_name:
        raise WireError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
    if group.is_in(GroupState.PREPARING_REBALANCE):
        raise WireError(ErrorCode.REBALANCE_IN_PROGRESS)
    if group.is_in(GroupState.EMPTY):
        raise WireError(ErrorCode.UNKNOWN_MEMBER_ID)
    return member


def _assigned(group: Group, member: Member, waiter: int) -> SyncAnswer:
    return SyncAnswer(waiter, ErrorCode.NONE, group.protocol_type, group.protocol_name, member.assignment)


def on_stored(group: Group, generation_id: int, error: ErrorCode, limits: GroupLimits, now_ms: int) -> None:
    """The generation's record is durable, or could not be written (then everybody joins again)."""
    if group.storing_generation != generation_id or group.generation_id != generation_id:
        return  # somebody came or went meanwhile; a newer generation follows
    group.storing_generation = None
    if not group.is_in(GroupState.COMPLETING_REBALANCE):
        return
    if error is not ErrorCode.NONE:
        for member in group.members.values():
            member.assignment = b""
            if member.syncing is not None:
                group.answers.append(SyncAnswer(member.syncing, error))
                member.syncing = None
        rebalance.prepare(group, limits, now_ms)
        return
    group.become(GroupState.STABLE)
    if not group.pending_syncs:
        group.rebalance_deadline_ms = None
    for member in group.members.values():
        if member.syncing is not None:
            group.answers.append(_assigned(group, member, member.syncing))
            member.syncing = None
            rebalance.keep_alive(member, now_ms)


def heartbeat(group: Group, member_id: str, instance_id: str | None, generation_id: int, now_ms: int) -> None:
    """Keep a member alive. Raises WireError; REBALANCE_IN_PROGRESS asks it to join again."""
    if group.is_in(GroupState.DEAD):
        raise WireError(ErrorCode.COORDINATOR_NOT_AVAILABLE)
    member = member_for(group, member_id, instance_id)
    if generation_id != group.generation_id:
        raise WireError(ErrorCode.ILLEGAL_GENERATION)
    if group.is_in(GroupState.EMPTY):
        raise WireError(ErrorCode.UNKNOWN_MEMBER_ID)
    rebalance.keep_alive(member, now_ms)
    if group.is_in(GroupState.PREPARING_REBALANCE):
        raise WireError(ErrorCode.REBALANCE_IN_PROGRESS)
