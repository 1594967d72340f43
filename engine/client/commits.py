"""Committing how far a group has come: when the user says so, every auto.commit.interval.ms, before partitions go.

Commits go out one after the other, so that an older one that is repeated never lands
behind a younger one.

Invariants:
- A commit belongs to the generation in which it was asked for; after that is over it fails as CommitFailed.
- An automatic commit takes positions that the user has come back from (`processed`), never younger ones.
- At most COMMITS_MAX wait; more are refused.

Not here: who the member is (group_membership.py), reading committed offsets (committed.py).
Spec: KIP-447 for what a rebalance does to commits.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from engine.client.calls import Commit, Offset, Place
from engine.client.consumer import Consumer
from engine.client.coordinator import Coordinator
from engine.client.errors import RETRIABLE, ClientError, CommitFailed, NotAllowed, Refused, TimedOut
from engine.client.group_messages import commit_codes, commit_topics
from engine.client.requests import NEVER, Request
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.offset_commit import OffsetCommitRequest, OffsetCommitResponse
from engine.wire.primitives import Message

OWNER = "commits"
COMMITS_MAX = 100
BY_NAME_MAX = 9  # later versions name topics by id
NO_CALL = 0  # the number of an automatic commit
MEMBERSHIP_LOST = {
    ErrorCode.UNKNOWN_MEMBER_ID: "the coordinator does not know this member any more",
    ErrorCode.ILLEGAL_GENERATION: "the group is in another generation by now",
    ErrorCode.FENCED_INSTANCE_ID: "another consumer has taken the place of this static member",
    ErrorCode.REBALANCE_IN_PROGRESS: "the group is rebalancing: poll, and commit what is still assigned then",
}


@dataclass(slots=True, eq=False)
class OpenCommit:
    """A commit that is not answered."""

    number: int
    offsets: dict[Place, Offset]
    deadline_ms: int
    repeated: bool
    generation_id: int  # -1 of who is no member
    order: int  # of all commits
    attempts: int = 0
    retry_at_ms: int = 0
    last_reason: str = ""


@dataclass(slots=True, eq=False)
class Commits:
    """All commits of this client, in their order."""

    coordinator: Coordinator
    consumer: Consumer
    waiting: deque[OpenCommit] = field(default_factory=deque)
    in_flight: bool = False  # the first one
    auto_at_ms: int | None = None  # the next automatic one
    last_order: int = 0

    # ---- asking
    def begin(self, number: int, call: Commit, now_ms: int) -> None:
        """Take a commit of the user."""
        offsets = {(topic, partition): offset for topic, partition, offset in call.offsets or ()}
        if call.offsets is None:
            positions = self.consumer.positions.items()
            offsets = {place: Offset(one.polled) for place, one in positions if one.polled is not None}
        error = self._refusal()
        if error is not None or not offsets:
            self.consumer.effects.results.append((number, error))
        else:
            self._add(number, offsets, now_ms + call.timeout_ms, call.repeated)

    def _add(self, number: int, offsets: dict[Place, Offset], deadline_ms: int, repeated: bool) -> None:
        generation_id = self.coordinator.identity.generation_id
        self.last_order += 1
        self.waiting.append(OpenCommit(number, offsets, deadline_ms, repeated, generation_id, self.last_order))

    def _refusal(self) -> ClientError | None:
        if self.coordinator.identity.failure is not None:
            return self.coordinator.identity.failure
        identity = self.coordinator.identity
        if identity.subscribed and not identity.may_commit:
            return self._lost(ErrorCode.REBALANCE_IN_PROGRESS)
        if len(self.waiting) >= COMMITS_MAX:
            return NotAllowed(f"{COMMITS_MAX} commits wait already to be answered")
        return None

    def _is_over(self, commit: OpenCommit) -> bool:
        """The generation in which it was asked for is over: somebody else may have committed since."""
        identity = self.coordinator.identity
        return identity.generation_id != commit.generation_id or (identity.subscribed and not identity.may_commit)

    def is_open(self, places: Iterable[Place], order: int) -> bool:
        """Say whether a commit for one of these partitions waits for its answer that is so old."""
        return any(one.order <= order and any(place in one.offsets for place in places) for one in self.waiting)

    def cancel(self, number: int) -> bool:
        """Forget a commit's caller; what is on its way may be committed all the same."""
        for commit in self.waiting:
            if commit.number == number != NO_CALL:
                commit.number = NO_CALL
                return True
        return False

    def open_calls(self) -> list[int]:
        """The calls that have no result yet."""
        return [commit.number for commit in self.waiting if commit.number != NO_CALL]

    def commit_processed(self, timeout_ms: int, now_ms: int, *, repeated: bool) -> None:
        """Commit what was processed since the last commit, if the config says so."""
        config = self.consumer.config
        if not config.auto_commit or self._refusal() is not None:
            return
        known = {place: one.committed for place, one in self.consumer.positions.items()}
        for commit in self.waiting:
            if commit.repeated and not self._is_over(commit):  # it will be committed
                known.update((place, offset.offset) for place, offset in commit.offsets.items())
        offsets = {
            place: Offset(one.processed)
            for place, one in self.consumer.positions.items()
            if one.processed is not None and one.processed != known[place]
        }
        if offsets:
            self._add(NO_CALL, offsets, now_ms + timeout_ms, repeated)

    # ---- time
    def next_deadline_ms(self) -> int:
        """When a commit is due, late, or tried again."""
        next_ms = self.auto_at_ms if self.auto_at_ms is not None else NEVER
        if self.waiting:
            next_ms = min(next_ms, *(commit.deadline_ms for commit in self.waiting))
        if self.waiting and not self.in_flight and not self.coordinator.identity.line_busy:
            next_ms = min(next_ms, self.waiting[0].retry_at_ms or NEVER)
        return next_ms

    def advance(self, now_ms: int) -> None:
        """Fail what is late, commit what is due, send the first one that waits."""
        if self.waiting:
            self._fail_late(now_ms)
        if self.auto_at_ms is None or now_ms >= self.auto_at_ms or not self.consumer.positions:
            self._maybe_auto_commit(now_ms)
        while self.waiting and not self.in_flight and self._is_over(self.waiting[0]):
            self._result(self.waiting.popleft(), self._lost(ErrorCode.REBALANCE_IN_PROGRESS))
        if not self.waiting or self.in_flight or self.coordinator.identity.line_busy:
            return
        first = self.waiting[0]
        if now_ms < first.retry_at_ms:
            return
        first.retry_at_ms = 0
        if self.coordinator.failure is not None:
            self._result(self.waiting.popleft(), self.coordinator.failure)
        elif self.coordinator.peer is None:
            self.coordinator.find(now_ms)
        else:
            self._send(first, now_ms)

    def _fail_late(self, now_ms: int) -> None:
        for commit in [one for one in self.waiting if now_ms >= one.deadline_ms]:
            if not (self.in_flight and commit is self.waiting[0]):
                self.waiting.remove(commit)
            self._result(commit, TimedOut(f"not committed in time: {commit.last_reason or 'no answer'}"))
            commit.number, commit.deadline_ms, commit.repeated = NO_CALL, NEVER, False

    def _maybe_auto_commit(self, now_ms: int) -> None:
        config = self.consumer.config
        if not config.auto_commit or not self.consumer.positions:
            self.auto_at_ms = None
        elif self.auto_at_ms is None:
            self.auto_at_ms = now_ms + config.auto_commit_interval_ms
        elif now_ms >= self.auto_at_ms:
            self.auto_at_ms = now_ms + config.auto_commit_interval_ms
            if not any(commit.number == NO_CALL for commit in self.waiting):
                self.commit_processed(config.auto_commit_interval_ms, now_ms, repeated=False)

    def _send(self, commit: OpenCommit, now_ms: int) -> None:
        identity = self.coordinator.identity
        message = OffsetCommitRequest(
            identity.group_id, identity.generation_id, identity.member_id,
            identity.instance_id if identity.subscribed else None, topics=commit_topics(commit.offsets),
        )  # fmt: skip
        timeout_ms = self.coordinator.cluster.config.request_timeout_ms
        sender = (identity.member_id, identity.generation_id)
        self.coordinator.send(OWNER, message, sender, timeout_ms, now_ms, BY_NAME_MAX)
        self.in_flight = True
        self.consumer.effects.observe("commit_sent", identity.generation_id)

    # ---- answers
    def on_ended(self, request: Request, answer: Message | ClientError | None, now_ms: int) -> None:
        """Take what came of a commit."""
        commit, self.in_flight = self.waiting[0], False
        error: ClientError | None = answer if isinstance(answer, ClientError) else None
        if isinstance(answer, OffsetCommitResponse):
            error = self._judge(commit, answer, request.part)
        if error is None:
            self.waiting.popleft()
            self._note_committed(commit)
            self._result(commit, None)
            return
        moved = self.coordinator.on_trouble(request, error, now_ms)
        again = moved or (isinstance(error, Refused) and error.code in RETRIABLE)
        if again and commit.repeated:
            commit.retry_at_ms = now_ms + self.coordinator.cluster.backoff_ms(commit.attempts)
            commit.attempts += 1
            commit.last_reason = error.reason
        else:
            self.waiting.popleft()
            self._result(commit, error)

    def _judge(self, commit: OpenCommit, answer: OffsetCommitResponse, sender: tuple[str, int]) -> ClientError | None:
        codes = commit_codes(answer)
        identity = self.coordinator.identity
        for place in commit.offsets:
            code = codes.get(place, ErrorCode.UNKNOWN_SERVER_ERROR)
            if code in MEMBERSHIP_LOST:
                if identity.subscribed and sender == (identity.member_id, identity.generation_id):
                    identity.trouble = code
                return self._lost(code)
            if code != ErrorCode.NONE:
                return Refused(code, f"the commit of partition {place[1]} of topic {place[0]}")
        return None

    @staticmethod
    def _lost(code: ErrorCode) -> CommitFailed:
        return CommitFailed(code, f"not committed: {MEMBERSHIP_LOST[code]}")

    def _note_committed(self, commit: OpenCommit) -> None:
        offsets = tuple((*place, offset.offset) for place, offset in commit.offsets.items())
        self.consumer.effects.observe("commit_acknowledged", commit.generation_id, offsets)
        for place, offset in commit.offsets.items():
            position = self.consumer.positions.get(place)
            if position is not None:
                position.committed = offset.offset

    def _result(self, commit: OpenCommit, result: ClientError | None) -> None:
        if commit.number != NO_CALL:
            self.consumer.effects.results.append((commit.number, result))
