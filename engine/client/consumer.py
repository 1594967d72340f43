"""Consuming the partitions we have: fetches run ahead of what is polled, one per leader at a time.

A partition is fetched while nothing of it waits to be polled, so memory is bounded by
one fetch per leader. Sessions (KIP-227) say only what changed; a broker that forgot the
session, or a lost connection, begins a new one.

Invariants:
- Each record is handed out at most once per assignment or seek, in offset order.
- What comes for a position that was moved meanwhile is dropped.
- An error is handed out as a Fetched with `error`; the partition is tried again by itself.
- `processed` <= `polled`: what was handed out counts as processed with the next poll, and when we leave.

Not here: who has which partition (group_membership.py), committed offsets (commits.py,
committed.py), decoding (records.py), a single read (leader_calls.py).
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.client import fetch_messages, fetch_sessions, offset_messages
from engine.client.calls import EARLIEST, LATEST, Assign, Fetched, ListOffsets, OffsetFound, Pause, Place, Poll, Seek
from engine.client.cluster import Cluster
from engine.client.config import ConsumerConfig
from engine.client.errors import RETRIABLE, ClientError, NoOffset, NotAllowed, Refused
from engine.client.fetch_messages import FetchFrom
from engine.client.fetch_sessions import FetchSession
from engine.client.requests import NEVER, Request
from engine.core.effects import Effects
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.fetch import FetchRequest, FetchResponse
from engine.wire.messages.list_offsets import ListOffsetsResponse
from engine.wire.primitives import Message

OWNER = "consumer"
FETCH = "fetch"
OFFSETS = "offsets"
SESSION_ERRORS = (
    ErrorCode.FETCH_SESSION_ID_NOT_FOUND, ErrorCode.INVALID_FETCH_SESSION_EPOCH, ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR,
)  # fmt: skip


@dataclass(slots=True, eq=False)
class Position:
    """Where one partition is read."""

    offset: int | None  # to be fetched next; None: to be found by auto.offset.reset
    generation: int  # of this offset: changes with seek and assign
    wants_committed: bool = False  # the group is asked first where it was
    polled: int | None = None  # behind what was handed out: the position that a commit takes
    processed: int | None = None  # what it was when the last poll began
    committed: int | None = None  # what the group is known to have committed
    paused: bool = False
    held: bool = False  # a rebalance is about to take it, or has just brought it
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
    begins: bool = False  # one of them may want what the group has committed
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
                self.note_processed()
                return  # answered when the group has had its say: it comes to `answer_polls` in this event
            case Assign():
                self._assign(call)
            case Seek():
                if (call.topic, call.partition) not in self.positions:
                    why = f"partition {call.partition} of topic {call.topic} is not assigned to this consumer"
                    self.effects.results.append((number, NotAllowed(why)))
                    return
                self._move((call.topic, call.partition), call.offset)
            case Pause():
                for place in call.places:
                    if place in self.positions:
                        self.positions[place].paused = call.paused
        self.effects.results.append((number, None))

    def note_processed(self) -> None:
        """Whoever polls, or leaves, is done with what was handed out before."""
        for position in self.positions.values():
            position.processed = position.polled

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
        new = self.positions[place] = Position(offset, self.last_generation, polled=offset, processed=offset)
        if offset is None and self.config.group_id is not None:
            new.wants_committed = self.begins = True
        if old is not None:
            new.paused, new.held, new.committed = old.paused, old.held, old.committed
        self._forget_buffered({place: None})

    def _forget_buffered(self, places: dict[Place, None]) -> None:
        self.buffered = deque(one for one in self.buffered if (one.topic, one.partition) not in places)

    # ---- what the group says
    def add(self, places: list[Place], *, held: bool) -> None:
        """Partitions that are ours from now on; they begin where the group has committed."""
        for place in places:
            self.cluster.interest[place[0]] = None
            self._move(place, None)
            self.positions[place].held = held

    def drop(self, places: list[Place]) -> None:
        """Partitions that are ours no more."""
        gone = dict.fromkeys(places)
        for place in gone:
            self.positions.pop(place, None)
        self._forget_buffered(gone)

    def hold(self, places: list[Place], *, held: bool) -> None:
        """Hand out and fetch nothing of them for a while, or go on."""
        for place in places:
            if place in self.positions:
                self.positions[place].held = held

    def begin_at(self, place: Place, generation: int, committed: int | None) -> None:
        """The group has committed this offset of a partition, or none."""
        position = self.positions.get(place)
        if position is not None and position.generation == generation:
            position.wants_committed = position.waiting = False
            position.failures = 0
            position.offset = position.polled = position.processed = position.committed = committed

    def cannot_begin(self, place: Place, generation: int, error: ClientError) -> None:
        """The group does not say where a partition begins: it waits for a seek."""
        position = self.positions.get(place)
        if position is not None and position.generation == generation:
            position.wants_committed, position.stuck = False, True
            self._hand_out(fetch_messages.failed(place, 0, error))

    def fail_polls(self, error: ClientError) -> None:
        """Nothing can be polled: say why."""
        for number in list(self.polls):
            del self.polls[number]
            self.effects.results.append((number, error))

    # ---- time
    def next_deadline_ms(self) -> int:
        """When a poll ends or a partition is tried again."""
        next_ms = NEVER
        for poll in self.polls.values():
            if poll.deadline_ms < next_ms:
                next_ms = poll.deadline_ms
        for position in self.positions.values():
            if 0 < position.retry_at_ms < next_ms:
                next_ms = position.retry_at_ms
        return next_ms

    # ---- asking
    def fetch_what_is_free(self, now_ms: int) -> None:
        """Send a request to each leader that has something for us and none on its way."""
        groups: dict[int, dict[Place, FetchFrom]] = {}
        lost: dict[int, dict[Place, int]] = {}
        leader_of, fetching = self.cluster.metadata.leader, self.fetching
        for place, position in self.positions.items():
            if position.retry_at_ms:
                if now_ms < position.retry_at_ms:
                    continue
                position.retry_at_ms = 0
            if position.waiting or position.buffered or position.paused or position.stuck:
                continue
            if position.held or position.wants_committed:
                continue
            offset = position.offset
            if offset is None and self.config.offset_reset == "none":
                self._give_up(place, position)
                continue
            leader = leader_of(place[0], place[1])
            if leader is None:
                self._ask_for_leader(place, position, now_ms)
            elif offset is None:
                reset = EARLIEST if self.config.offset_reset == "earliest" else LATEST
                lost.setdefault(leader.node_id, {})[place] = reset
            elif leader.node_id not in fetching:
                if leader.node_id not in groups:
                    groups[leader.node_id] = {}
                groups[leader.node_id][place] = (offset, leader.leader_epoch)
        for node_id, asked in lost.items():
            self._ask_offsets(node_id, asked, now_ms)
        for node_id, wanted in groups.items():
            self._fetch(node_id, wanted, now_ms)

    def _ask_for_leader(self, place: Place, position: Position, now_ms: int) -> None:
        metadata = self.cluster.metadata
        if position.seen_version == metadata.version:
            return  # asked already, no news yet
        if position.failures:
            self._hand_out(fetch_messages.failed(place, position.offset or 0, self.cluster.why_no_leader(place)))
        delay_ms = self.cluster.backoff_ms(position.failures - 1) if position.failures else 0
        position.seen_version = metadata.version
        position.failures += 1
        self.cluster.want_metadata(place[0], now_ms + delay_ms)

    def _give_up(self, place: Place, position: Position) -> None:
        position.stuck = True
        group = "no offset to begin with"
        if self.config.group_id is not None:
            group = f"no offset that group {self.config.group_id} has committed"
        why = f"partition {place[1]} of topic {place[0]} has {group}, and auto.offset.reset is none"
        self._hand_out(fetch_messages.failed(place, 0, NoOffset(why)))

    def _ask_offsets(self, node_id: int, asked: dict[Place, int], now_ms: int) -> None:
        call = ListOffsets((), self.config.read_committed)
        message, version_max = offset_messages.encode(asked, call, self.cluster.metadata)
        self._send(OFFSETS, message, version_max, node_id, asked, now_ms)

    def _fetch(self, node_id: int, wanted: dict[Place, FetchFrom], now_ms: int) -> None:
        session = self.sessions.get(node_id)
        if session is None:
            session = self.sessions[node_id] = FetchSession()
        config, message = self.config, FetchRequest()
        message.max_wait_ms, message.isolation_level = config.wait_ms_max, int(config.read_committed)
        message.min_bytes, message.max_bytes = config.bytes_min, config.bytes_max
        version_max = fetch_sessions.begin_fetch(
            session, message, wanted, config.partition_bytes_max, self.cluster.metadata, config.sessions
        )
        self.fetching[node_id] = self._send(FETCH, message, version_max, node_id, wanted, now_ms)

    def _send(
        self, kind: str, message: Message, version_max: int, node_id: int, asked: Mapping[Place, object], now_ms: int
    ) -> int:
        deadline_ms = now_ms + self.cluster.config.request_timeout_ms + self.config.wait_ms_max
        generations = {}
        for place in asked:
            position = self.positions[place]
            position.waiting = True
            generations[place] = position.generation
        part = (kind, node_id, asked, generations)
        request = Request(message, ("node", node_id), deadline_ms, OWNER, 0, part)
        request.once = kind == FETCH  # of a session: the broker would have moved its epoch
        request.version_max = version_max
        self.cluster.send(request, now_ms)
        return request.number

    # ---- answers
    def on_ended(self, request: Request, answer: Message | ClientError | None, now_ms: int) -> None:
        """Take what came of a request."""
        kind, node_id, asked, generations = request.part
        if kind == FETCH and self.fetching.get(node_id) == request.number:
            del self.fetching[node_id]
        current: dict[Place, None] = {}
        for place, generation in generations.items():
            position = self.positions.get(place)
            if position is not None and position.generation == generation:
                position.waiting = False
                current[place] = None
        if isinstance(answer, FetchResponse):
            self._take_records(node_id, answer, asked, current, now_ms)
        elif isinstance(answer, ListOffsetsResponse):
            self._take_offsets(offset_messages.decode(answer, len(generations)), current, now_ms)
        else:
            assert isinstance(answer, ClientError), "an answer to what was asked"
            self.sessions.pop(node_id, None)
            for place in current:
                self._retry(place, answer, now_ms)

    def _take_offsets(
        self, found: Mapping[Place, OffsetFound | Refused], current: dict[Place, None], now_ms: int
    ) -> None:
        missing = Refused(ErrorCode.UNKNOWN_SERVER_ERROR, "the broker left this partition out")
        for place in current:
            result = found.get(place, missing)
            if isinstance(result, OffsetFound):
                position = self.positions[place]
                position.offset = position.polled = position.processed = result.offset
                position.failures = 0
                self.effects.observe("offset_reset", *place, result.offset)
            else:
                self._retry(place, result, now_ms)

    def _take_records(
        self,
        node_id: int,
        answer: FetchResponse,
        asked: dict[Place, FetchFrom],
        current: dict[Place, None],
        now_ms: int,
    ) -> None:
        if answer.error_code in SESSION_ERRORS:
            self.sessions.pop(node_id, None)  # begin a new one at once
            return
        session = self.sessions.get(node_id)
        if session is not None:
            fetch_sessions.end_fetch(session, answer)
        found = fetch_messages.decode(answer, asked, self.cluster.metadata, self.config.check_crcs)
        for place, fetched in found.items():
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

    def answer_polls(self, now_ms: int) -> None:
        """Give open polls what there is, or nothing if their time is up."""
        for number, poll in list(self.polls.items()):
            taken = self._take(poll.bytes_max) if self.buffered else []
            if taken or now_ms >= poll.deadline_ms:
                del self.polls[number]
                self.effects.results.append((number, tuple(taken)))

    def _take(self, bytes_max: int) -> list[Fetched]:
        taken: list[Fetched] = []
        size = 0
        kept: deque[Fetched] = deque()
        while self.buffered and (not taken or size + len(self.buffered[0].records) <= bytes_max):
            fetched = self.buffered.popleft()
            position = self.positions.get((fetched.topic, fetched.partition))
            if position is not None and position.held:
                kept.append(fetched)
                continue
            size += len(fetched.records)
            taken.append(fetched)
            if position is not None and fetched.error is None:
                position.buffered = False
                position.polled = fetched.next_offset
        kept.extend(self.buffered)
        self.buffered = kept
        return taken
