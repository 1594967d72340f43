"""A client's group, as one part: membership, heartbeats, commits, committed offsets, and the coordinator they share.

Without group.id its calls are refused, and nothing of it is ever asked.

Invariant: a call has one result.
Not here: what each part does (the modules below).
"""

from dataclasses import dataclass, field

from engine.client import commits, committed, coordinator, group_answers, group_membership, heartbeats
from engine.client.calls import Acknowledge, Commit, Committed, GroupCall, Subscribe, Unsubscribe
from engine.client.cluster import Cluster
from engine.client.commits import Commits
from engine.client.committed import CommittedOffsets
from engine.client.consumer import Consumer
from engine.client.coordinator import Coordinator, Identity
from engine.client.errors import ClientError, NotAllowed
from engine.client.group_membership import Membership
from engine.client.group_stages import STABLE, Stage
from engine.client.heartbeats import Heartbeats
from engine.client.requests import Request
from engine.wire.error_codes import ErrorCode
from engine.wire.primitives import Message

OWNERS = (coordinator.OWNER, group_membership.OWNER, heartbeats.OWNER, commits.OWNER, committed.OWNER)
NO_GROUP = "this client has no group: set group.id"
BY_HAND = "partitions were assigned by hand: unassign them before subscribing"


@dataclass(slots=True, eq=False)
class Group:
    """What a client does in its group."""

    consumer: Consumer
    cluster: Cluster
    exists: bool = field(init=False)  # whether the client has a group at all
    identity: Identity = field(init=False)
    coordinator: Coordinator = field(init=False)
    commits: Commits = field(init=False)
    committed: CommittedOffsets = field(init=False)
    heartbeats: Heartbeats = field(init=False)
    membership: Membership = field(init=False)

    def __post_init__(self) -> None:
        config = self.consumer.config
        self.exists = bool(config.group_id)
        self.identity = Identity(config.group_id or "", config.group_instance_id)
        self.coordinator = Coordinator(self.identity, self.cluster)
        self.commits = Commits(self.coordinator, self.consumer)
        self.committed = CommittedOffsets(self.coordinator, self.consumer, self.commits)
        self.heartbeats = Heartbeats(config, self.coordinator)
        self.membership = Membership(self.coordinator, self.consumer, self.commits, self.heartbeats)

    @property
    def assigns(self) -> bool:
        """Whether the group says what is consumed, or will when we have left."""
        return self.identity.subscribed or self.membership.next_subscription is not None

    @property
    def is_at_rest(self) -> bool:
        """Whether a poll changes nothing for the group: there is none, or it is stable and we stay in it."""
        member = self.membership
        at_rest = member.stage is STABLE and not member.rejoin and self.identity.failure is None
        return not self.exists or at_rest

    # ---- calls
    def begin(self, number: int, call: GroupCall, now_ms: int) -> None:
        """Start a call."""
        results = self.consumer.effects.results
        error = self._refusal(call)
        if error is not None:
            results.append((number, NotAllowed(error)))
            return
        self.coordinator.failure = None  # whoever asks anew may be answered otherwise
        match call:
            case Commit():
                self.commits.begin(number, call, now_ms)
            case Committed():
                self.committed.begin(number, call, now_ms)
            case Unsubscribe():
                self.membership.unsubscribe(number, call, now_ms)
            case Subscribe():
                self.membership.subscribe(call, now_ms)
                results.append((number, None))
            case Acknowledge():
                self.membership.acknowledge(call)
                results.append((number, None))

    def _refusal(self, call: GroupCall) -> str | None:
        if not self.exists:
            return NO_GROUP
        if isinstance(call, Subscribe):
            if not call.topics:
                return "subscribe to at least one topic, or unsubscribe"
            if self.membership.stage is Stage.OUT and self.consumer.positions:
                return BY_HAND
        return None

    def cancel(self, number: int) -> bool:
        """Forget a call; say whether there was one. Leaving goes on all the same."""
        if number in self.membership.leaving:
            self.membership.leaving[number] = False
            return True
        return self.commits.cancel(number) or self.committed.cancel(number)

    def open_calls(self) -> list[int]:
        """The calls that have no result yet."""
        leaving = [number for number, is_asked in self.membership.leaving.items() if is_asked]
        return [*self.commits.open_calls(), *self.committed.open_calls(), *leaving]

    def on_assign(self, now_ms: int) -> None:
        """Partitions are about to be assigned by hand: what was processed of those before is committed."""
        if self.exists:
            if self.membership.leaving:  # what was assigned by hand before: this takes its place
                self.membership.left(now_ms)
            timeout_ms = self.cluster.config.request_timeout_ms
            self.commits.commit_processed(timeout_ms, now_ms, repeated=False)

    # ---- time
    def next_deadline_ms(self) -> int:
        """When something of the group is due."""
        next_ms = self.commits.next_deadline_ms()
        if (at_ms := self.heartbeats.next_deadline_ms()) < next_ms:
            next_ms = at_ms
        if (at_ms := self.membership.next_deadline_ms()) < next_ms:
            next_ms = at_ms
        if self.coordinator.wanted:
            next_ms = min(next_ms, self.coordinator.retry_at_ms)
        if self.committed.open:
            next_ms = min(next_ms, self.committed.next_deadline_ms())
        return next_ms

    def advance(self, now_ms: int) -> None:
        """Go as far as can be gone: after every event."""
        if self.identity.trouble:
            code, self.identity.trouble = self.identity.trouble, ErrorCode.NONE
            group_answers.heed(self.membership, code, now_ms)
        if self.coordinator.wanted:
            self.coordinator.find(now_ms)
        self.commits.advance(now_ms)
        self.membership.advance(now_ms)
        self.heartbeats.advance(now_ms)
        self.commits.advance(now_ms)
        self.committed.advance(now_ms)

    # ---- answers
    def on_ended(self, request: Request, answer: Message | ClientError | None, now_ms: int) -> None:
        """Hand an answer to the part that asked."""
        match request.owner:
            case coordinator.OWNER:
                self.coordinator.on_ended(answer, now_ms)
            case commits.OWNER:
                self.commits.on_ended(request, answer, now_ms)
            case committed.OWNER:
                self.committed.on_ended(request, answer, now_ms)
            case heartbeats.OWNER:
                asked = self.heartbeats.on_ended(request, answer, now_ms)
                if isinstance(asked, ClientError):
                    self.membership.fail(asked, now_ms)
                elif asked != ErrorCode.NONE:
                    group_answers.heed(self.membership, asked, now_ms)
            case _:
                group_answers.on_ended(self.membership, request, answer, now_ms)
