"""The offsets that groups have committed: who may commit, what is kept, what expires.

An offset is here once its record counts (it is below the high watermark of its
partition of `__consumer_offsets`), so a commit that was answered is never forgotten
and one that was not is never shown.

Invariants:
- An offset changes only by a commit record, a tombstone, or its topic's deletion.
- A commit with an old generation or by nobody the group knows is refused (S16).

Not here: the records (group_records.py), waiting for them (broker/group_coordinator.py).
Spec: KIP-98 (transactions come later), KIP-211 (expiry), KIP-320 (leader epoch).
"""

from dataclasses import dataclass, field

from engine.core.groups.group import Group, GroupState
from engine.core.groups.joining import member_for
from engine.wire.error_codes import ErrorCode, WireError

Place = tuple[str, int]  # topic, partition


@dataclass(frozen=True, slots=True)
class CommittedOffset:
    """What a group has committed for one partition."""

    offset: int
    leader_epoch: int  # -1 where the client did not say
    metadata: str
    commit_wall_ms: int
    expire_wall_ms: int = -1  # set by clients before version 5 only; -1: offsets.retention.minutes decides


@dataclass(slots=True)
class CommittedOffsets:
    """All committed offsets of one partition of `__consumer_offsets`, by group."""

    by_group: dict[str, dict[Place, CommittedOffset]] = field(default_factory=dict)

    def of(self, group_id: str) -> dict[Place, CommittedOffset]:
        """Give the offsets of one group; not to be changed."""
        return self.by_group.get(group_id, {})

    def put(self, group_id: str, place: Place, committed: CommittedOffset) -> None:
        """Note a commit."""
        self.by_group.setdefault(group_id, {})[place] = committed

    def remove(self, group_id: str, place: Place) -> None:
        """Forget one partition of a group."""
        offsets = self.by_group.get(group_id)
        if offsets is not None:
            offsets.pop(place, None)
            if not offsets:
                del self.by_group[group_id]


def check_commit(group: Group | None, member_id: str, instance_id: str | None, generation_id: int) -> None:
    """Raise WireError unless who commits belongs to the group, or the group has no members."""
    if group is None:
        if generation_id >= 0:
            raise WireError(ErrorCode.ILLEGAL_GENERATION)
        return  # a consumer without membership, or an operator
    if group.is_in(GroupState.DEAD):
        raise WireError(ErrorCode.COORDINATOR_NOT_AVAILABLE)
    if generation_id < 0 and group.is_in(GroupState.EMPTY):
        return
    if generation_id >= 0 or member_id or instance_id is not None:
        member_for(group, member_id, instance_id)
        if generation_id != group.generation_id:
            raise WireError(ErrorCode.ILLEGAL_GENERATION)
    elif not group.is_in(GroupState.EMPTY):
        raise WireError(ErrorCode.UNKNOWN_MEMBER_ID)
    if group.is_in(GroupState.COMPLETING_REBALANCE):
        # The member has a generation and no assignment yet: what it commits belongs to the one before.
        raise WireError(ErrorCode.REBALANCE_IN_PROGRESS)


def expired(group: Group | None, offsets: dict[Place, CommittedOffset], retention_ms: int, wall_ms: int) -> list[Place]:
    """Give the places whose offsets are over: nobody reads the topic, for longer than the retention (KIP-211)."""
    found = []
    for place, committed in offsets.items():
        if group is None or group.protocol_type is None:
            since_ms = committed.commit_wall_ms  # a consumer without membership
        elif group.is_in(GroupState.EMPTY):
            since_ms = max(committed.commit_wall_ms, group.state_since_wall_ms)
        elif group.subscribed_topics is not None and place[0] not in group.subscribed_topics:
            since_ms = committed.commit_wall_ms
        else:
            continue
        due_ms = committed.expire_wall_ms if committed.expire_wall_ms >= 0 else since_ms + retention_ms
        if due_ms <= wall_ms:
            found.append(place)
    return found
