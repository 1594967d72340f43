"""Reading what a group has committed: where partitions that were just assigned begin, and for whoever asks.

Invariants:
- A partition begins at its committed offset, or by auto.offset.reset if there is none;
  it is not fetched before that is known.
- At most one OffsetFetch for beginnings is on its way.
- Nobody is told what was committed before a commit of our own that was asked for earlier.

Not here: committing (commits.py), auto.offset.reset (consumer.py).
Spec: KIP-447 (require_stable: commits of open transactions are waited for).
"""

from dataclasses import dataclass, field

from engine.client.calls import Committed, Offset, Place
from engine.client.cluster_metadata import error_code
from engine.client.commits import Commits
from engine.client.consumer import Consumer
from engine.client.coordinator import Coordinator
from engine.client.errors import RETRIABLE, ClientError, Refused, TimedOut
from engine.client.group_messages import fetch_topics, fetched_offsets
from engine.client.requests import NEVER, Request
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.offset_fetch import OffsetFetchRequest, OffsetFetchResponse
from engine.wire.primitives import Message

OWNER = "committed"
ONE_GROUP_MAX = 7  # later versions ask for several groups at once
BEGINNINGS = 0  # the number of our own question


@dataclass(slots=True, eq=False)
class OpenQuestion:
    """An OffsetFetch that is wanted or on its way."""

    places: list[Place]
    deadline_ms: int
    after: int  # this commit of our own, and those before it
    generations: dict[Place, int] = field(default_factory=dict)  # of positions, if they are to begin
    asking: bool = False
    attempts: int = 0
    retry_at_ms: int = 0


@dataclass(slots=True, eq=False)
class CommittedOffsets:
    """Open questions to the coordinator, by the number of their call."""

    coordinator: Coordinator
    consumer: Consumer
    commits: Commits
    open: dict[int, OpenQuestion] = field(default_factory=dict)

    def begin(self, number: int, call: Committed, now_ms: int) -> None:
        """Take a call."""
        places, deadline_ms = list(dict.fromkeys(call.places)), now_ms + call.timeout_ms
        self.open[number] = OpenQuestion(places, deadline_ms, self.commits.last_order)
        if not call.places:
            self._finish(number, {})

    def cancel(self, number: int) -> bool:
        """Forget a call; say whether there was one."""
        return number != BEGINNINGS and self.open.pop(number, None) is not None

    def open_calls(self) -> list[int]:
        """The calls that have no result yet."""
        return [number for number in self.open if number != BEGINNINGS]

    def next_deadline_ms(self) -> int:
        """When a question is late or asked again."""
        next_ms = NEVER
        for question in self.open.values():
            next_ms = min(next_ms, question.deadline_ms)
            if question.retry_at_ms and not self.coordinator.identity.line_busy:
                next_ms = min(next_ms, question.retry_at_ms)
        return next_ms

    def advance(self, now_ms: int) -> None:
        """Ask what is to be asked."""
        if self.open:
            self._fail_late(now_ms)
        if self.consumer.begins and BEGINNINGS not in self.open:
            self._want_beginnings()
            self.consumer.begins = BEGINNINGS in self.open
        if not self.open or self.coordinator.identity.line_busy:
            return
        if self.coordinator.peer is None:
            self.coordinator.find(now_ms)
        for number, question in list(self.open.items()):
            if now_ms >= question.retry_at_ms:
                question.retry_at_ms = 0
            if self.coordinator.failure is not None:
                self._fail(number, question, self.coordinator.failure)
            elif self._may_ask(question):
                question.asking = True
                message = OffsetFetchRequest(
                    self.coordinator.identity.group_id, fetch_topics(question.places), require_stable=True
                )
                timeout_ms = self.coordinator.cluster.config.request_timeout_ms
                self.coordinator.send(OWNER, message, number, timeout_ms, now_ms, ONE_GROUP_MAX)

    def _fail_late(self, now_ms: int) -> None:
        for number, question in list(self.open.items()):
            if number != BEGINNINGS and now_ms >= question.deadline_ms:
                self._finish(number, TimedOut("the committed offsets were not told in time"))

    def _may_ask(self, question: OpenQuestion) -> bool:
        if self.coordinator.peer is None or question.asking or question.retry_at_ms:
            return False
        return not self.commits.is_open(question.places, question.after)

    def _want_beginnings(self, before: OpenQuestion | None = None) -> None:
        self.open.pop(BEGINNINGS, None)
        wanting = {place: one.generation for place, one in self.consumer.positions.items() if one.wants_committed}
        if wanting:
            question = self.open[BEGINNINGS] = OpenQuestion(list(wanting), NEVER, self.commits.last_order, wanting)
            if before is not None:
                question.attempts, question.retry_at_ms = before.attempts, before.retry_at_ms

    # ---- answers
    def on_ended(self, request: Request, answer: Message | ClientError | None, now_ms: int) -> None:
        """Take what came of a question."""
        number: int = request.part
        question = self.open.get(number)
        if question is None:
            return
        question.asking = False
        error: ClientError | None = answer if isinstance(answer, ClientError) else None
        found: dict[Place, tuple[ErrorCode, Offset]] = {}
        if isinstance(answer, OffsetFetchResponse):
            code = error_code(answer.error_code)
            found = fetched_offsets(answer)
            codes = [code] if code != ErrorCode.NONE else [one for one, _ in found.values() if one in RETRIABLE]
            if codes:
                error = Refused(codes[0], f"what group {self.coordinator.identity.group_id} has committed")
        if error is None:
            self._take(number, question, found)
            return
        moved = self.coordinator.on_trouble(request, error, now_ms)
        if moved or (isinstance(error, Refused) and error.code in RETRIABLE):
            question.retry_at_ms = now_ms + self.coordinator.cluster.backoff_ms(question.attempts)
            question.attempts += 1
            if number == BEGINNINGS:  # what was taken away meanwhile needs no answer, what came needs one
                self._want_beginnings(question)
        else:
            self._fail(number, question, error)

    def _fail(self, number: int, question: OpenQuestion, error: ClientError) -> None:
        if number != BEGINNINGS:
            self._finish(number, error)
            return
        for place, generation in question.generations.items():
            self.consumer.cannot_begin(place, generation, error)
        del self.open[BEGINNINGS]

    def _take(self, number: int, question: OpenQuestion, found: dict[Place, tuple[ErrorCode, Offset]]) -> None:
        results: dict[Place, Offset | ClientError | None] = {}
        for place in question.places:
            code, offset = found.get(place, (ErrorCode.UNKNOWN_SERVER_ERROR, Offset(-1)))
            if code != ErrorCode.NONE:
                results[place] = Refused(code, f"what is committed of partition {place[1]} of topic {place[0]}")
            else:
                results[place] = offset if offset.offset >= 0 else None
            if number == BEGINNINGS:
                self._begin(place, question.generations[place], results[place])
        if number == BEGINNINGS:
            del self.open[BEGINNINGS]
        else:
            self._finish(number, results)

    def _begin(self, place: Place, generation: int, result: Offset | ClientError | None) -> None:
        if isinstance(result, ClientError):
            self.consumer.cannot_begin(place, generation, result)
        else:
            committed = result.offset if result is not None else None
            self.consumer.begin_at(place, generation, committed)
            generation_id = self.coordinator.identity.generation_id
            self.consumer.effects.observe("begins_at", generation_id, *place, -1 if committed is None else committed)

    def _finish(self, number: int, result: object) -> None:
        self.open.pop(number, None)
        self.consumer.effects.results.append((number, result))
