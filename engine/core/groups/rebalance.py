"""A rebalance from its beginning to the new generation: who is waited for, and how long.

1. `prepare` asks all members to join again (they hear of it by their heartbeats).
2. When all have joined, or the longest rebalance timeout is over, `complete_join`
   drops those who have not, elects the assignor and answers every JoinGroup.
3. The leader's SyncGroup brings the assignment (syncing.py); who has not synced
   within the rebalance timeout is dropped.

The first rebalance of an empty group waits `group.initial.rebalance.delay.ms` for
more members, again and again while they come, at most a rebalance timeout in all. It
waits for nobody by name: also not for those who were told their ids (KIP-394).

Not here: sessions (leaving.py), requests (joining.py, syncing.py).
Spec: KIP-134 (initial delay), KIP-345 (static members survive a missed rebalance).
"""

from engine.core.groups.answers import JoinAnswer, SyncAnswer
from engine.core.groups.group import Group, GroupState, Member
from engine.core.groups.limits import GroupLimits
from engine.core.groups.subscription import subscribed_topics
from engine.wire.error_codes import ErrorCode

IDLE_ROUND_MS_MIN = 1_000  # members may allow no time at all; without this they would be looked at each millisecond


def keep_alive(member: Member, now_ms: int) -> None:
    """Give the member a whole session timeout from now."""
    member.session_deadline_ms = now_ms + member.session_timeout_ms


def prepare(group: Group, limits: GroupLimits, now_ms: int) -> None:
    """Begin a rebalance: those who wait for an assignment are told to join again."""
    if group.is_in(GroupState.COMPLETING_REBALANCE):
        _cancel_syncs(group, now_ms)
    group.pending_syncs.clear()
    group.storing_generation = None
    delay_ms = limits.group_initial_rebalance_delay_ms
    is_first = group.is_in(GroupState.EMPTY)
    group.in_initial_delay = is_first and delay_ms > 0
    group.become(GroupState.PREPARING_REBALANCE)
    if is_first and delay_ms == 0:
        complete_join(group, now_ms)
        return
    if group.in_initial_delay:
        # The whole wait is at most one rebalance timeout; its first part is one delay.
        group.initial_delay_left_ms = max(group.rebalance_timeout_ms() - delay_ms, 0)
        group.joined_since_delay = False
        group.rebalance_deadline_ms = now_ms + delay_ms
        return
    group.rebalance_deadline_ms = now_ms + group.rebalance_timeout_ms()
    maybe_complete_join(group, now_ms)


def _cancel_syncs(group: Group, now_ms: int) -> None:
    for member in group.members.values():
        member.assignment = b""
        if member.syncing is not None:
            group.answers.append(SyncAnswer(member.syncing, ErrorCode.REBALANCE_IN_PROGRESS))
            member.syncing = None
            keep_alive(member, now_ms)


def maybe_complete_join(group: Group, now_ms: int) -> None:
    """Complete the join if nobody is missing; the initial delay is always waited for."""
    if group.in_initial_delay or not group.is_in(GroupState.PREPARING_REBALANCE):
        return
    if group.everybody_has_joined():
        complete_join(group, now_ms)


def on_rebalance_deadline(group: Group, limits: GroupLimits, now_ms: int) -> None:
    """The time of the rebalance's present phase is over."""
    if group.is_in(GroupState.COMPLETING_REBALANCE, GroupState.STABLE):  # stable: the leader has synced, others not
        _drop_who_did_not_sync(group, limits, now_ms)
    elif group.is_in(GroupState.PREPARING_REBALANCE):
        if group.in_initial_delay and group.joined_since_delay and group.initial_delay_left_ms > 0:
            delay_ms = min(limits.group_initial_rebalance_delay_ms, group.initial_delay_left_ms)
            group.initial_delay_left_ms -= delay_ms
            group.joined_since_delay = False
            group.rebalance_deadline_ms = now_ms + delay_ms
        else:
            complete_join(group, now_ms)


def _drop_who_did_not_sync(group: Group, limits: GroupLimits, now_ms: int) -> None:
    group.rebalance_deadline_ms = None
    if not group.pending_syncs:
        return
    for member_id in list(group.pending_syncs):
        group.remove(member_id)
    group.pending_syncs.clear()
    if group.members:
        prepare(group, limits, now_ms)
    else:
        become_empty(group)


def complete_join(group: Group, now_ms: int) -> None:
    """End the join with those who came: a new generation, or an empty group."""
    group.rebalance_deadline_ms = None
    group.in_initial_delay = False
    for member in list(group.members.values()):
        if member.joining is None and member.instance_id is None:
            group.remove(member.member_id)
    joined = [member for member in group.members.values() if member.joining is not None]
    if not group.members:
        become_empty(group)
        return
    if not joined:
        # Only static members are left and none is back: keep their places, wait another round.
        group.rebalance_deadline_ms = now_ms + max(group.rebalance_timeout_ms(), IDLE_ROUND_MS_MIN)
        return
    if group.leader_id is None or group.members[group.leader_id].joining is None:
        group.leader_id = joined[0].member_id
    group.generation_id += 1
    group.protocol_name = group.select_protocol()
    group.subscribed_topics = subscribed_topics(group)
    group.become(GroupState.COMPLETING_REBALANCE)
    group.pending_syncs = dict.fromkeys(group.members)
    group.rebalance_deadline_ms = now_ms + group.rebalance_timeout_ms()
    for member in joined:
        answer_join(group, member)
        keep_alive(member, now_ms)
        member.is_new = False


def become_empty(group: Group) -> None:
    """Nobody is left: the generation moves on, so that nobody of the old one can commit."""
    group.generation_id += 1
    group.protocol_name = None
    group.leader_id = None
    group.rebalance_deadline_ms = None
    group.pending_syncs.clear()
    group.subscribed_topics = subscribed_topics(group)
    group.become(GroupState.EMPTY)
    group.storing_generation = group.generation_id


def answer_join(group: Group, member: Member, *, skip_assignment: bool = False) -> None:
    """Answer a member's JoinGroup with the present generation."""
    assert member.joining is not None and group.protocol_name is not None, "somebody waits for a generation"
    leads = member.member_id == group.leader_id
    members = tuple(
        (one.member_id, one.instance_id, one.metadata(group.protocol_name)) for one in group.members.values() if leads
    )
    group.answers.append(
        JoinAnswer(
            member.joining,
            ErrorCode.NONE,
            member.member_id,
            group.generation_id,
            group.protocol_type,
            group.protocol_name,
            group.leader_id or "",
            members,
            skip_assignment,
        )
    )
    member.joining = None
