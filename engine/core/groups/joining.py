"""JoinGroup: who may come in, and what a member that joins again is told.

Invariants:
- Each waiter given to `join` is answered exactly once, at once or when the rebalance ends.
- A dynamic member that is asked to come back with its new id (KIP-394) is waited for by a
  rebalance that begins meanwhile, until its session is over; the first rebalance of an
  empty group waits for its delay alone. It may come back for as long, whoever waited.
- A static member that comes back takes its old place; its former self is fenced (KIP-345).

Not here: limits of session timeouts and empty group ids (the handler refuses them first).
Spec: KIP-62, KIP-345, KIP-394, KIP-814.
"""

from dataclasses import dataclass

from engine.core.groups import rebalance
from engine.core.groups.answers import JoinAnswer, SyncAnswer
from engine.core.groups.group import Group, GroupState, Member
from engine.core.groups.limits import GroupLimits
from engine.wire.error_codes import ErrorCode, WireError


@dataclass(frozen=True, slots=True)
class Join:
    """One JoinGroup request."""

    waiter: int
    member_id: str  # "" from somebody new
    new_member_id: str  # what somebody new will be called; made by the broker
    instance_id: str | None
    client_id: str
    client_host: str
    protocol_type: str
    protocols: list[tuple[str, bytes]]
    session_timeout_ms: int
    rebalance_timeout_ms: int
    needs_known_member_id: bool  # from version 4 on
    skips_assignment: bool  # from version 9 on


def join(group: Group, limits: GroupLimits, request: Join, now_ms: int) -> None:
    """Take one JoinGroup; its answer comes in `group.answers`, now or later."""
    try:
        if group.is_in(GroupState.DEAD):
            raise WireError(ErrorCode.COORDINATOR_NOT_AVAILABLE)
        if _is_full(group, limits, request):
            _turn_away(group, request.member_id, now_ms)
            raise WireError(ErrorCode.GROUP_MAX_SIZE_REACHED)
        if not group.supports(request.protocol_type, request.protocols):
            raise WireError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
        if request.member_id:
            _join_again(group, limits, request, now_ms)
        elif request.instance_id is not None:
            _join_static(group, limits, request, now_ms)
        elif request.needs_known_member_id:
            group.expect(request.new_member_id, now_ms + request.session_timeout_ms)
            raise WireError(ErrorCode.MEMBER_ID_REQUIRED)
        else:
            _add(group, limits, request, request.new_member_id, now_ms)
    except WireError as refused:
        member_id = request.member_id
        if refused.code == ErrorCode.MEMBER_ID_REQUIRED:
            member_id = request.new_member_id
        group.answers.append(JoinAnswer(request.waiter, refused.code, member_id))


def _is_full(group: Group, limits: GroupLimits, request: Join) -> bool:
    """In a rebalance the first come are in, whoever they are; else members keep their places.

    Who was told its id and is not back yet takes no place. A static member that comes back without its id counts as
    somebody new and finds its own place taken, until its session is over: so does Apache Kafka 4.3.1.
    """
    if group.is_in(GroupState.EMPTY):
        return False
    member = group.members.get(request.member_id)
    if group.is_in(GroupState.PREPARING_REBALANCE):
        joined = sum(one.joining is not None for one in group.members.values())
        return (member is None or member.joining is None) and joined >= limits.group_max_size
    return member is None and len(group.members) >= limits.group_max_size


def _turn_away(group: Group, member_id: str, now_ms: int) -> None:
    """Forget whoever found the group full, so that nobody waits for it."""
    group.remove(member_id)
    group.pending_members.pop(member_id, None)
    rebalance.maybe_complete_join(group, now_ms)


def _join_static(group: Group, limits: GroupLimits, request: Join, now_ms: int) -> None:
    """Somebody new with an instance id: takes the place of its former self, or a new one."""
    assert request.instance_id is not None
    former_id = group.static_members.get(request.instance_id)
    if former_id is None:
        _add(group, limits, request, request.new_member_id, now_ms)
        return
    member = _replace(group, former_id, request)
    known_protocol = group.protocol_name
    same_subscription = known_protocol is not None and member.metadata(known_protocol) == _metadata(
        request, known_protocol
    )
    _update(member, request)
    member.joining = request.waiter
    if group.is_in(GroupState.STABLE) and same_subscription and group.select_protocol() == known_protocol:
        # KIP-345: the same subscription needs no rebalance; the generation goes on with a new member id.
        is_leader = group.leader_id == member.member_id
        rebalance.keep_alive(member, now_ms)
        if is_leader and not request.skips_assignment:
            _answer_as_follower(group, member, former_id)
        else:
            rebalance.answer_join(group, member, skip_assignment=is_leader)
        group.storing_generation = group.generation_id
        return
    _wait_for_the_others(group, limits, member, now_ms)


def _answer_as_follower(group: Group, member: Member, leader_id: str) -> None:
    """Before KIP-814 a leader that came back was told another leader's name, so that it does not assign."""
    assert member.joining is not None
    group.answers.append(
        JoinAnswer(
            member.joining, ErrorCode.NONE, member.member_id, group.generation_id, group.protocol_type,
            group.protocol_name, leader_id,
        )
    )  # fmt: skip
    member.joining = None


def _replace(group: Group, former_id: str, request: Join) -> Member:
    """Give the static member its new id; whoever waits under the old one is fenced."""
    member = group.members.pop(former_id)
    assert member.instance_id is not None
    if member.joining is not None:
        group.answers.append(JoinAnswer(member.joining, ErrorCode.FENCED_INSTANCE_ID, former_id))
        member.joining = None
    if member.syncing is not None:
        group.answers.append(SyncAnswer(member.syncing, ErrorCode.FENCED_INSTANCE_ID))
        member.syncing = None
    member.member_id = request.new_member_id
    group.members[member.member_id] = member
    group.static_members[member.instance_id] = member.member_id
    if group.leader_id == former_id:
        group.leader_id = member.member_id
    if former_id in group.pending_syncs:
        del group.pending_syncs[former_id]
        group.pending_syncs[member.member_id] = None
    return member


def _metadata(request: Join, protocol_name: str) -> bytes:
    return next((metadata for name, metadata in request.protocols if name == protocol_name), b"")


def _add(group: Group, limits: GroupLimits, request: Join, member_id: str, now_ms: int) -> None:
    member = Member(
        member_id, request.instance_id, request.client_id, request.client_host, request.rebalance_timeout_ms,
        request.session_timeout_ms, request.protocols, joining=request.waiter, is_new=True,
    )  # fmt: skip
    if not group.members:
        group.protocol_type = request.protocol_type
    group.add(member)
    # A new member is not heard of while it waits for the others; it must still not be kept for ever.
    member.session_deadline_ms = now_ms + max(request.session_timeout_ms, request.rebalance_timeout_ms)
    group.joined_since_delay = True
    _wait_for_the_others(group, limits, member, now_ms)


def _wait_for_the_others(group: Group, limits: GroupLimits, member: Member, now_ms: int) -> None:
    if group.is_in(GroupState.PREPARING_REBALANCE):
        rebalance.maybe_complete_join(group, now_ms)
    else:
        rebalance.prepare(group, limits, now_ms)


def member_for(group: Group, member_id: str, instance_id: str | None) -> Member:
    """Find the member that a request names. Raises UNKNOWN_MEMBER_ID, or FENCED_INSTANCE_ID for a former self."""
    if instance_id is not None:
        present_id = group.static_members.get(instance_id)
        if present_id is None:
            raise WireError(ErrorCode.UNKNOWN_MEMBER_ID)
        if present_id != member_id:
            raise WireError(ErrorCode.FENCED_INSTANCE_ID)
    member = group.members.get(member_id)
    if member is None:
        raise WireError(ErrorCode.UNKNOWN_MEMBER_ID)
    return member


def _join_again(group: Group, limits: GroupLimits, request: Join, now_ms: int) -> None:
    """Somebody who has an id: a pending member coming back, or a member in a rebalance."""
    if request.member_id in group.pending_members and request.instance_id is None:
        _add(group, limits, request, request.member_id, now_ms)
        return
    member = member_for(group, request.member_id, request.instance_id)
    changed = member.protocols != request.protocols
    if group.is_in(GroupState.EMPTY):
        raise WireError(ErrorCode.UNKNOWN_MEMBER_ID)
    if member.joining is not None:  # it asked again before it was answered: only the last request counts
        group.answers.append(JoinAnswer(member.joining, ErrorCode.REBALANCE_IN_PROGRESS, member.member_id))
        member.joining = None
    must_rebalance = changed or (group.is_in(GroupState.STABLE) and member.member_id == group.leader_id)
    if group.is_in(GroupState.PREPARING_REBALANCE) or must_rebalance:
        if member.syncing is not None:
            group.answers.append(SyncAnswer(member.syncing, ErrorCode.REBALANCE_IN_PROGRESS))
            member.syncing = None
        _update(member, request)
        member.joining = request.waiter
        member.session_deadline_ms = None
        _wait_for_the_others(group, limits, member, now_ms)
        return
    member.joining = request.waiter
    rebalance.keep_alive(member, now_ms)
    rebalance.answer_join(group, member)


def _update(member: Member, request: Join) -> None:
    member.protocols = request.protocols
    member.client_id, member.client_host = request.client_id, request.client_host
    member.rebalance_timeout_ms = request.rebalance_timeout_ms
    member.session_timeout_ms = request.session_timeout_ms
