"""Calls that are split by who leads each partition, and put together again: ListOffsets and Fetch.

A round asks the leaders that are known, all at once. Partitions whose leader turns out
to be another, or is not known, go into the next round, which begins with fresh metadata;
the rest have their answer.

Invariants:
- Each position has one answer in the result, a value or a ClientError.
- At most ROUNDS_MAX rounds, and never beyond the call's deadline.

Not here: fetching for ever (consumer.py).
"""

from dataclasses import dataclass, field

from engine.client import fetch_messages, offset_messages
from engine.client.admin import metadata_request
from engine.client.calls import Fetch, Fetched, ListOffsets, OffsetFound, Place
from engine.client.cluster import Cluster
from engine.client.errors import RETRIABLE, ClientError, Refused, TimedOut
from engine.client.fetch_messages import FetchFrom
from engine.client.requests import ANY, NEVER, Request
from engine.core.effects import Effects
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.fetch import FetchResponse
from engine.wire.messages.list_offsets import ListOffsetsResponse
from engine.wire.messages.metadata import MetadataResponse
from engine.wire.primitives import Message

OWNER = "leaders"
ROUNDS_MAX = 5
Answer = OffsetFound | Fetched | ClientError


@dataclass(slots=True, eq=False)
class LeaderCall:
    """A call on its way."""

    call: ListOffsets | Fetch
    deadline_ms: int
    pending: dict[Place, int]  # what is asked of each: timestamp or offset
    answers: dict[Place, Answer] = field(default_factory=dict)
    failed: dict[Place, ClientError] = field(default_factory=dict)  # of this round, to be tried in the next
    requests: dict[int, None] = field(default_factory=dict)
    round: int = 0
    next_round_ms: int | None = None


@dataclass(slots=True, eq=False)
class LeaderCalls:
    """The open calls of this kind."""

    cluster: Cluster
    effects: Effects
    open: dict[int, LeaderCall] = field(default_factory=dict)

    def begin(self, number: int, call: ListOffsets | Fetch, now_ms: int) -> None:
        """Start a call."""
        pending = {(topic, partition): what for topic, partition, what in call.positions}
        open_call = self.open[number] = LeaderCall(call, now_ms + call.timeout_ms, pending)
        if any(self.cluster.metadata.leader(*place) is None for place in pending):
            self._refresh(number, open_call, now_ms)
        else:
            self._ask_leaders(number, open_call, now_ms)

    def cancel(self, number: int) -> bool:
        """Forget a call; say whether there was one."""
        open_call = self.open.pop(number, None)
        for request_number in open_call.requests if open_call is not None else ():
            self.cluster.give_up(request_number)
        return open_call is not None

    def next_deadline_ms(self) -> int:
        """When the next round of a call begins."""
        return min((one.next_round_ms for one in self.open.values() if one.next_round_ms is not None), default=NEVER)

    def on_deadline(self, now_ms: int) -> None:
        """Begin the rounds that are due."""
        for number, open_call in list(self.open.items()):
            if open_call.next_round_ms is not None and now_ms >= open_call.next_round_ms:
                open_call.next_round_ms = None
                self._refresh(number, open_call, now_ms)

    def on_ended(self, request: Request, answer: Message | ClientError | None, now_ms: int) -> None:
        """Take what came of a request."""
        open_call = self.open.get(request.call)
        if open_call is None:
            return
        open_call.requests.pop(request.number, None)
        if request.part is None:
            if isinstance(answer, MetadataResponse):
                self.cluster.metadata.absorb(answer, now_ms, every_topic=False)
                self._ask_leaders(request.call, open_call, now_ms)
            else:
                self._finish(request.call, answer)
            return
        places: list[Place] = request.part
        if isinstance(answer, ClientError):
            open_call.answers.update(dict.fromkeys(places, answer))
        else:
            self._take_answer(open_call, request, answer)
        for place in places:
            if place in open_call.answers:
                open_call.pending.pop(place, None)
        if not open_call.requests:
            self._end_round(request.call, open_call, now_ms)

    # ---- inside
    def _refresh(self, number: int, open_call: LeaderCall, now_ms: int) -> None:
        names = tuple(dict.fromkeys(topic for topic, _ in open_call.pending))
        request = Request(metadata_request(names), ANY, open_call.deadline_ms, OWNER, number)
        self.cluster.send(request, now_ms)
        open_call.requests[request.number] = None

    def _ask_leaders(self, number: int, open_call: LeaderCall, now_ms: int) -> None:
        groups: dict[int, list[Place]] = {}
        for place in open_call.pending:
            leader = self.cluster.metadata.leader(*place)
            if leader is None:
                open_call.failed[place] = self.cluster.why_no_leader(place)
            else:
                groups.setdefault(leader.node_id, []).append(place)
        for node_id, places in groups.items():
            message, version_max = self._message(open_call, places)
            request = Request(message, ("node", node_id), open_call.deadline_ms, OWNER, number, places)
            request.version_max = version_max
            self.cluster.send(request, now_ms)
            open_call.requests[request.number] = None
        if not groups:
            self._end_round(number, open_call, now_ms)

    def _message(self, open_call: LeaderCall, places: list[Place]) -> tuple[Message, int]:
        call, metadata = open_call.call, self.cluster.metadata
        if isinstance(call, ListOffsets):
            return offset_messages.encode({place: open_call.pending[place] for place in places}, call, metadata)
        return fetch_messages.encode(self._fetch_from(open_call, places), call, metadata)

    def _fetch_from(self, open_call: LeaderCall, places: list[Place]) -> dict[Place, FetchFrom]:
        return {place: (open_call.pending[place], self.cluster.metadata.leader_epoch(place)) for place in places}

    def _take_answer(self, open_call: LeaderCall, request: Request, answer: Message | None) -> None:
        found: dict[Place, Answer]
        if isinstance(answer, ListOffsetsResponse):
            found = dict(offset_messages.decode(answer, len(request.part)))
        else:
            assert isinstance(answer, FetchResponse), "an answer to what was asked"
            asked = self._fetch_from(open_call, request.part)
            # Whoever decodes such a read checks: records.py names what is damaged, and gives the rest.
            found = dict(fetch_messages.decode(answer, asked, self.cluster.metadata, check_crcs=False))
        for place in request.part:
            result = found.get(place, Refused(ErrorCode.UNKNOWN_SERVER_ERROR, "the broker left this partition out"))
            error = result.error if isinstance(result, Fetched) else result
            if isinstance(error, Refused) and error.code in RETRIABLE:
                open_call.failed[place] = error
            else:
                open_call.answers[place] = result

    def _end_round(self, number: int, open_call: LeaderCall, now_ms: int) -> None:
        open_call.round += 1
        hopeless = [
            place
            for place, error in open_call.failed.items()
            if open_call.round >= ROUNDS_MAX or not _may_come(error, open_call.round)
        ]
        for place in hopeless:
            open_call.answers[place] = open_call.failed[place]
            del open_call.pending[place]
        open_call.failed.clear()
        if not open_call.pending:
            self._finish(number, open_call.answers)
            return
        delay_ms = 0 if open_call.round == 1 else self.cluster.backoff_ms(open_call.round - 2)
        if now_ms + delay_ms >= open_call.deadline_ms:
            late = TimedOut("no leader answered in time")
            self._finish(number, open_call.answers | dict.fromkeys(open_call.pending, late))
        else:
            open_call.next_round_ms = now_ms + delay_ms

    def _finish(self, number: int, result: object) -> None:
        self.cancel(number)
        self.effects.results.append((number, result))


def _may_come(error: ClientError, rounds: int) -> bool:
    """Whether another round may help: a topic that fresh metadata does not have will not come by waiting."""
    missing = isinstance(error, Refused) and error.code in (
        ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
        ErrorCode.UNKNOWN_TOPIC_ID,
    )
    return isinstance(error, Refused) and error.code in RETRIABLE and (not missing or rounds < 2)
