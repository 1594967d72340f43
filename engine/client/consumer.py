"""Consuming assigned partitions: fetches run ahead of what is polled, one per leader at a time.

A partition is fetched while nothing of it waits to be polled, so memory is bounded by
one fetch per leader. Sessions (KIP-227) say only what changed; a broker that forgot the
session, or a lost connection, begins a new one.

Invariants:
- Each record is handed out at most once per assignment or seek, in offset order.
- What comes for a position that was moved meanwhile is dropped.
- An error is handed out as a Fetched with `error`; the partition is tried again by itself.

Not here: groups (issue of group membership), decoding (records.py), a single read (leader_calls.py).
"""

from collections import deque
from dataclasses import dataclass, field

from engine.client import fetch_messages, fetch_sessions, offset_messages
from engine.client.calls import EARLIEST, LATEST, Assign, Fetched, ListOffsets, OffsetFound, Pause, Place, Poll, Seek
from engine.client.cluster import Cluster
from engine.client.config import ConsumerConfig
from engine.client.errors import RETRIABLE, ClientError, Refused
from engine.client.fetch_sessions import FetchSession
from engine.client.requests import Request
from engine.core.effects import Effects
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.fetch import FetchRequest, FetchResponse
from engine.wire.messages.list_offsets import ListOffsetsResponse
from engine.wire.primitives import Message

OWNER = "consumer"
FETCH = "fetch"
OFFSETS = "offsets"
SESSION_ERRORS = (
    ErrorCode.FETCH_SESSION_ID_NOT_FOUND,
    ErrorCode.INVALID_FETCH_SESSION_EPOCH,
    ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR,
)


@dataclass(slots=True, eq=False)
class Position:
    """Where one partition is read."""

    offset: int | None  # None: to be found by auto.offset.reset
    generation: int  # of this offset: changes with seek and assign
    paused: bool = False
    stuck: bool = False  # out of range, and nobody said where to go on
    waiting: bool = False  # a request for it is on its way
    buffered: bool = False  # something of it waits to be polled
    retry_at_ms: int = 0
    failures: int = 0
    seen_version: int = -1  # of the metadata in which it had no leader


@dataclass(slots=True)
class OpenPoll:
    """Somebody waits for records."""

    deadline_ms: int
    bytes_max: int


@dataclass(slots=True, eq=False)
class Consumer:
    """What a client consumes."""

    config: ConsumerConfig
    cluster: Cluster
    effects: Effects
    positions: dict[Place, Position] = field(default_factory=dict)  # in the order in which they are asked for
    buffered: deque[Fetched] = field(default_factory=deque)
    sessions: dict[int, FetchSession] = field(default_factory=dict)  # by node
    fetching: dict[int, int] = field(default_factory=dict)  # node -> number of the request on its way
    polls: dict[int, OpenPoll] = field(default_factory=dict)
    last_generation: int = 0

    # ---- calls
    def begin(self, number: int, call: Assign | Seek | Pause | Poll, now_ms: int) -> None:
        """Start a call."""
        match call:
            case Poll():
                self.polls[number] = OpenPoll(now_ms + call.wait_ms, call.bytes_max)
                self._answer_polls(now_ms)
                return
            case Assign():
                self._assign(call)
            case Seek():
                self._move((call.topic, call.partition), call.offset)
            case Pause():
                for place in call.places:
                    if place in self.positions:
                        self.positions[place].paused = call.paused
        self.effects.results.append((number, None))

    def cancel(self, number: int) -> bool:
        """Forget a poll; say whether there was one."""
        return self.polls.pop(number, None) is not None

    def _assign(self, call: Assign) -> None:
        for topic in dict.fromkeys(topic for topic, _ in self.positions):
            self.cluster.interest.pop(topic, None)
        self.positions.clear()
        self.buffered.clear()
        for topic, partition, offset in call.positions:
            self.cluster.interest[topic] = None
            self._move((topic, partition), offset)

    def _move(self, place: Place, offset: int | None) -> None:
        self.last_generation += 1
        old = self.positions.get(place)
        self.positions[place] = Position(offset, self.last_generation, paused=old is not None and old.paused)
        self.buffered = deque(fetched for fetched in self.buffered if (fetched.topic, fetched.partition) != place)

    # ---- time
    def next_deadline_ms(self) -> int | None:
        """When a poll ends or a partition is tried again."""
        times = [poll.deadline_ms for poll in self.polls.values()]
        times += [position.retry_at_ms for position in self.positions.values() if position.retry_at_ms > 0]
        return min(times, default=None)

    def on_deadline(self, now_ms: int) -> None:
        """Answer polls whose time is up."""
        self._answer_polls(now_ms)

    # ---- asking
    def fetch_what_is_free(self, now_ms: int) -> None:
        """Send a request to each leader that has something for us and none on its way."""
        groups: dict[int, dict[Place, int]] = {}
        lost: dict[int, dict[Place, int]] = {}
        for place, position in self.positions.items():
            if position.retry_at_ms and now_ms >= position.retry_at_ms:
                position.retry_at_ms = 0
            if position.waiting or position.buffered or position.paused or position.stuck or position.retry_at_ms:
                continue
            leader = self.cluster.metadata.leader(*place)
            if leader is None:
                self._ask_for_leader(place, position, now_ms)
            elif position.offset is None:
                reset = EARLIEST if self.config.offset_reset == "earliest" else LATEST
                lost.setdefault(leader.node_id, {})[place] = reset
            elif leader.node_id not in self.fetching:
                groups.setdefault(leader.node_id, {})[place] = position.offset
        for node_id, asked in lost.items():
            self._ask_offsets(node_id, asked, now_ms)
        for node_id, asked in groups.items():
            self._fetch(node_id, asked, now_ms)

    def _ask_for_leader(self, place: Place, position: Position, now_ms: int) -> None:
        metadata = self.cluster.metadata
        if position.seen_version == metadata.version:
            return  # asked already, no news yet
        if position.failures:
            self._hand_out(fetch_messages.failed(place, position.offset or 0, self.cluster.why_no_leader(place)))
            self._answer_polls(now_ms)
        delay_ms = self.cluster.backoff_ms(position.failures - 1) if position.failures else 0
        position.seen_version = metadata.version
        position.failures += 1
        self.cluster.want_metadata(place[0], now_ms + delay_ms)

    def _ask_offsets(self, node_id: int, asked: dict[Place, int], now_ms: int) -> None:
        call = ListOffsets((), self.config.read_committed)
        message, version_max = offset_messages.encode(asked, call, self.cluster.metadata)
        self._send(OFFSETS, message, version_max, node_id, asked, now_ms)

    def _fetch(self, node_id: int, asked: dict[Place, int], now_ms: int) -> None:
        session = self.sessions.setdefault(node_id, FetchSession())
        message = FetchRequest(
            max_wait_ms=self.config.wait_ms_max,
            min_bytes=self.config.bytes_min,
            max_bytes=self.config.bytes_max,
            isolation_level=int(self.config.read_committed),
        )
        version_max = fetch_sessions.begin_fetch(
            session, message, asked, self.config.partition_bytes_max, self.cluster.metadata, self.config.sessions
        )
        self.fetching[node_id] = self._send(FETCH, message, version_max, node_id, asked, now_ms)

    def _send(
        self, kind: str, message: Message, version_max: int, node_id: int, asked: dict[Place, int], now_ms: int
    ) -> int:
        deadline_ms = now_ms + self.cluster.config.request_timeout_ms + self.config.wait_ms_max
        generations = {place: self.positions[place].generation for place in asked}
        part = (kind, node_id, asked, generations)
        # A fetch of a session must not be sent twice: the broker would have moved its epoch.
        request = Request(message, ("node", node_id), deadline_ms, OWNER, part=part, once=kind == FETCH)
        request.version_max = version_max
        for place in asked:
            self.positions[place].waiting = True
        self.cluster.send(request, now_ms)
        return request.number

    # ---- answers
    def on_ended(self, request: Request, answer: Message | ClientError | None, now_ms: int) -> None:
        """Take what came of a request."""
        kind, node_id, asked, generations = request.part
        if kind == FETCH and self.fetching.get(node_id) == request.number:
            del self.fetching[node_id]
        current = {}
        for place, generation in generations.items():
            position = self.positions.get(place)
            if position is not None and position.generation == generation:
                position.waiting = False
                current[place] = asked[place]
        if isinstance(answer, FetchResponse):
            self._take_records(node_id, answer, asked, current, now_ms)
        elif isinstance(answer, ListOffsetsResponse):
            self._take_offsets(answer, current, now_ms)
        else:
            assert isinstance(answer, ClientError), "an answer to what was asked"
            self.sessions.pop(node_id, None)
            for place in current:
                self._retry(place, answer, now_ms)
        self._answer_polls(now_ms)

    def _take_offsets(self, answer: ListOffsetsResponse, current: dict[Place, int], now_ms: int) -> None:
        found = offset_messages.decode(answer)
        missing = Refused(ErrorCode.UNKNOWN_SERVER_ERROR, "the broker left this partition out")
        for place in current:
            result = found.get(place, missing)
            if isinstance(result, OffsetFound):
                position = self.positions[place]
                position.offset, position.failures = result.offset, 0
                self.effects.observe("offset_reset", *place, result.offset)
            else:
                self._retry(place, result, now_ms)

    def _take_records(
        self,
        node_id: int,
        answer: FetchResponse,
        asked: dict[Place, int],
        current: dict[Place, int],
        now_ms: int,
    ) -> None:
        if answer.error_code in SESSION_ERRORS:
            self.sessions.pop(node_id, None)  # begin a new one at once
            return
        session = self.sessions.get(node_id)
        if session is not None:
            fetch_sessions.end_fetch(session, answer)
        for place, fetched in fetch_messages.decode(answer, asked, self.cluster.metadata).items():
            if place not in current:
                continue
            if fetched.error is None:
                self._take_partition(place, fetched)
            else:
                self._take_error(place, fetched.error, now_ms)

    def _take_partition(self, place: Place, fetched: Fetched) -> None:
        position = self.positions.pop(place)
        self.positions[place] = position  # the others come first next time
        position.failures = 0
        if fetched.records:
            position.offset = fetched.next_offset
            position.buffered = True
            self.buffered.append(fetched)

    def _take_error(self, place: Place, error: ClientError, now_ms: int) -> None:
        position = self.positions[place]
        if not isinstance(error, Refused) or error.code != ErrorCode.OFFSET_OUT_OF_RANGE:
            self._retry(place, error, now_ms)
        elif self.config.offset_reset == "none":
            position.stuck = True
            self._hand_out(fetch_messages.failed(place, position.offset or 0, error))
        else:
            position.offset = None

    def _retry(self, place: Place, error: ClientError, now_ms: int) -> None:
        position = self.positions[place]
        position.failures += 1
        position.retry_at_ms = now_ms + self.cluster.backoff_ms(position.failures - 1)
        if not isinstance(error, Refused) or error.code in RETRIABLE:
            self.cluster.want_metadata(place[0], now_ms)
        self._hand_out(fetch_messages.failed(place, position.offset or 0, error))

    # ---- handing out
    def _hand_out(self, fetched: Fetched) -> None:
        # An error that nobody polled is replaced by the newest of its partition.
        place = (fetched.topic, fetched.partition)
        for index, waiting in enumerate(self.buffered):
            if waiting.error is not None and (waiting.topic, waiting.partition) == place:
                self.buffered[index] = fetched
                return
        self.buffered.append(fetched)

    def _answer_polls(self, now_ms: int) -> None:
        for number, poll in list(self.polls.items()):
            if not self.buffered and now_ms < poll.deadline_ms:
                continue
            taken: list[Fetched] = []
            size = 0
            while self.buffered and (not taken or size + len(self.buffered[0].records) <= poll.bytes_max):
                fetched = self.buffered.popleft()
                size += len(fetched.records)
                taken.append(fetched)
                position = self.positions.get((fetched.topic, fetched.partition))
                if position is not None and fetched.error is None:
                    position.buffered = False
            del self.polls[number]
            self.effects.results.append((number, tuple(taken)))
