"""One classic consumer group: its members, its generation, and the states it may be in.

Plain data and the rules that keep it consistent. Who joins, syncs and leaves, and what
each is answered, is decided in joining.py, syncing.py, rebalance.py and leaving.py.

Invariants:
- `state` changes only along TRANSITIONS.
- `generation_id` never decreases; each completed join of members raises it by one.
- A group in Stable or CompletingRebalance has a leader among its members.
- `static_members` maps an instance id to the one member that holds it (KIP-345).

Not here: offsets (committed_offsets.py), records on disk (group_records.py), parked
replies (a waiter is a number here; broker/group_coordinator.py knows its slot).
Spec: KIP-62 (timeouts), KIP-345 (static members), KIP-394 (member ids), KIP-429.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from heapq import heappop, heappush

from engine.core.groups.answers import Answer

STALE_DEADLINES_MAX = 64


class GroupState(StrEnum):
    """Kafka's names of the states."""

    EMPTY = "Empty"
    PREPARING_REBALANCE = "PreparingRebalance"
    COMPLETING_REBALANCE = "CompletingRebalance"
    STABLE = "Stable"
    DEAD = "Dead"


_EMPTY, _PREPARING, _COMPLETING, _STABLE, _DEAD = GroupState
TRANSITIONS: dict[GroupState, tuple[GroupState, ...]] = {
    # members come: wait for the others; the last committed offset expires: forget the group
    _EMPTY: (_PREPARING, _DEAD),
    # all have joined: hand out the generation; nobody has: empty again
    _PREPARING: (_COMPLETING, _EMPTY, _DEAD),
    # the leader has sent the assignment; or somebody came or went meanwhile
    _COMPLETING: (_STABLE, _PREPARING, _EMPTY, _DEAD),
    # somebody came, went or subscribed anew
    _STABLE: (_PREPARING, _EMPTY, _DEAD),
    _DEAD: (),
}


@dataclass(slots=True, eq=False)
class Member:
    """One member as the coordinator knows it. Times are monotonic milliseconds."""

    member_id: str
    instance_id: str | None
    client_id: str
    client_host: str
    rebalance_timeout_ms: int
    session_timeout_ms: int
    protocols: list[tuple[str, bytes]]  # (assignor's name, subscription), the best liked first
    assignment: bytes = b""
    joining: int | None = None  # the waiter of its JoinGroup
    syncing: int | None = None  # the waiter of its SyncGroup
    session_deadline_ms: int | None = None  # when it is given up; not while it waits for an answer
    is_new: bool = False  # joined in the rebalance under way and has not been in a generation yet

    def metadata(self, protocol_name: str) -> bytes:
        """Give the subscription it sent for this assignor; empty if it does not know it."""
        return next((metadata for name, metadata in self.protocols if name == protocol_name), b"")


@dataclass(slots=True, eq=False)
class Group:
    """One group. Its answers to waiters gather in `answers` until the coordinator takes them."""

    group_id: str
    state: GroupState = GroupState.EMPTY
    state_since_wall_ms: int = -1
    protocol_type: str | None = None
    protocol_name: str | None = None
    generation_id: int = 0
    leader_id: str | None = None
    members: dict[str, Member] = field(default_factory=dict)
    static_members: dict[str, str] = field(default_factory=dict)  # instance id -> member id
    pending_members: dict[str, int] = field(default_factory=dict)  # given an id, not yet back: member id -> deadline
    pending_deadlines: list[tuple[int, str]] = field(
        default_factory=list
    )  # theirs as a heap; some are not pending any more
    pending_syncs: dict[str, None] = field(default_factory=dict)  # who has not sent SyncGroup in this generation
    rebalance_deadline_ms: int | None = None  # of the join, the initial delay or the sync under way
    in_initial_delay: bool = False  # the first rebalance waits for more members
    initial_delay_left_ms: int = 0  # how often and long it may still be prolonged
    joined_since_delay: bool = False  # somebody joined since the initial delay was last prolonged
    storing_generation: int | None = None  # the assignment of this generation is being written
    subscribed_topics: dict[str, None] | None = None  # None where the protocol is not that of consumers
    answers: list[Answer] = field(default_factory=list)

    def become(self, state: GroupState) -> None:
        """Change the state; a transition that the table does not know is our own bug."""
        assert state in TRANSITIONS[self.state], f"{self.state} to {state}"
        self.state = state

    def is_in(self, *states: GroupState) -> bool:
        """Say whether the group is in one of these states."""
        return self.state in states

    def add(self, member: Member) -> None:
        """Take in a member; the first one leads and brings the protocol type."""
        assert member.member_id not in self.members, "a member joins once"
        if self.leader_id is None:
            self.leader_id = member.member_id
        self.members[member.member_id] = member
        if member.instance_id is not None:
            self.static_members[member.instance_id] = member.member_id
        self.pending_members.pop(member.member_id, None)

    def expect(self, member_id: str, deadline_ms: int) -> None:
        """Remember somebody who was told its id and should come back with it."""
        self.pending_members[member_id] = deadline_ms
        if len(self.pending_deadlines) > 2 * len(self.pending_members) + STALE_DEADLINES_MAX:
            self.pending_deadlines = sorted((at_ms, name) for name, at_ms in self.pending_members.items())
        else:
            heappush(self.pending_deadlines, (deadline_ms, member_id))

    def next_expected(self) -> tuple[int, str] | None:
        """Give (deadline, member id) of the pending member whose time is over first."""
        deadlines = self.pending_deadlines
        while deadlines and self.pending_members.get(deadlines[0][1]) != deadlines[0][0]:
            heappop(deadlines)
        return deadlines[0] if deadlines else None

    def remove(self, member_id: str) -> Member | None:
        """Let a member go; another one that has joined leads if it was the leader."""
        member = self.members.pop(member_id, None)
        self.pending_syncs.pop(member_id, None)
        if member is None:
            return None
        if member.instance_id is not None and self.static_members.get(member.instance_id) == member_id:
            del self.static_members[member.instance_id]
        if self.leader_id == member_id:
            self.leader_id = next(iter(self.members), None)
        return member

    def everybody_has_joined(self) -> bool:
        """Say whether the rebalance waits for nobody."""
        return not self.pending_members and all(member.joining is not None for member in self.members.values())

    def rebalance_timeout_ms(self) -> int:
        """Give the longest rebalance timeout of the members: as long must slow ones be waited for.

        At least a millisecond: a phase that is over as it begins would begin again for ever.
        """
        return max([1, *(member.rebalance_timeout_ms for member in self.members.values())])

    def supports(self, protocol_type: str, protocols: list[tuple[str, bytes]]) -> bool:
        """Say whether somebody who speaks this may join: same type, and an assignor that all know."""
        if not protocol_type or not protocols:
            return False
        if not self.members:
            return True
        return protocol_type == self.protocol_type and any(self._all_know(name) for name, _ in protocols)

    def _all_know(self, name: str) -> bool:
        return all(any(name == known for known, _ in member.protocols) for member in self.members.values())

    def select_protocol(self) -> str:
        """Elect the assignor: each member votes for the first of its list that all know; most votes win."""
        assert self.members, "nobody votes in an empty group"
        votes: dict[str, int] = {}
        for member in self.members.values():
            choice = next(name for name, _ in member.protocols if self._all_know(name))
            votes[choice] = votes.get(choice, 0) + 1
        return max(votes, key=lambda name: votes[name])

    def check_invariants(self) -> None:
        """Stop at the cause of a bug: called after every step in tests and in the simulated world."""
        if self.is_in(GroupState.STABLE, GroupState.COMPLETING_REBALANCE):
            assert self.leader_id in self.members, "a generation has a leader"
        for instance_id, member_id in self.static_members.items():
            assert self.members[member_id].instance_id == instance_id, "an instance id names its member"
        for member in self.members.values():
            assert member.joining is None or member.syncing is None, "a member waits for one answer at a time"
