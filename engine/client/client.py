"""The client machine: one Kafka client, driven by events, asked by calls.

It is driven like a broker (core/events.py): a shell or the world hands in what happens
and performs `effects`. Besides, `on_call` takes what somebody wants (calls.py); results
come in `effects.results`.

Invariants:
- Its state is plain data; the chance it is given is its only source of random numbers.
- Each call has one result, also when the client is closed.

Not here: sockets and names (net/client_shell.py), what each part does (the modules below).
"""

from dataclasses import dataclass, field

from engine.client import admin, consumer, group, leader_calls, producer
from engine.client.admin import Admin
from engine.client.calls import (
    Acknowledge,
    Assign,
    Call,
    Cancel,
    Commit,
    Committed,
    Fetch,
    Flush,
    GetMetadata,
    ListOffsets,
    Pause,
    Poll,
    Produce,
    Seek,
    Send,
    SendEverywhere,
    Subscribe,
    Unsubscribe,
)
from engine.client.cluster import Cluster
from engine.client.config import ClientConfig
from engine.client.connection import Connections
from engine.client.consumer import Consumer
from engine.client.errors import ClientError, Closed, ConnectionFailed, NotAllowed, Unreachable
from engine.client.group import Group
from engine.client.leader_calls import LeaderCalls
from engine.client.links import BrokerConnection
from engine.client.producer import Producer
from engine.client.requests import NEVER, Chance, Request
from engine.core.connection.reply_order import Connection
from engine.core.effects import Effects
from engine.wire.primitives import Message


@dataclass(slots=True, eq=False)
class Client:
    """One client of one cluster."""

    config: ClientConfig
    chance: Chance
    effects: Effects = field(default_factory=Effects)
    deadline_known: bool = False  # `deadline_ms` is the one after the last event
    deadline_ms: int | None = None
    wall_offset_ms: int = 0
    closed: bool = False
    connections: Connections = field(init=False)
    cluster: Cluster = field(init=False)
    admin: Admin = field(init=False)
    leader_calls: LeaderCalls = field(init=False)
    producer: Producer = field(init=False)
    consumer: Consumer = field(init=False)
    group: Group = field(init=False)

    def __post_init__(self) -> None:
        self.connections = Connections(self.config, self.effects, self.chance)
        self.cluster = Cluster(self.config, self.chance, self.connections)
        self.admin = Admin(self.cluster, self.effects)
        self.leader_calls = LeaderCalls(self.cluster, self.effects)
        self.producer = Producer(self.config.producer, self.cluster, self.effects)
        self.consumer = Consumer(self.config.consumer, self.cluster, self.effects)
        self.group = Group(self.consumer, self.cluster)

    # ---- what somebody wants
    def on_call(self, number: int, call: Call, now_ms: int) -> None:
        """Begin a call; its result comes as (number, result)."""
        assert number > 0, "calls are numbered from 1"
        if self.closed:
            self.effects.results.append((number, Closed("the client is closed")))
            return
        match call:
            case Produce():
                if self.producer.begin(number, call, now_ms, now_ms + self.wall_offset_ms):
                    self._due_at(now_ms + self.config.producer.linger_ms)
                    return  # it lingers, and nobody else waited for it
            case Poll():
                self.consumer.begin(number, call, now_ms)
                if not self.consumer.buffered and call.wait_ms > 0 and self.group.is_at_rest:
                    self._due_at(now_ms + call.wait_ms)
                    return  # it waits, and nobody else waited for it
            case Flush():
                self.producer.open.flush(number)
            case Send() | SendEverywhere() | GetMetadata():
                self.admin.begin(number, call, now_ms)
            case ListOffsets() | Fetch():
                self.leader_calls.begin(number, call, now_ms)
            case Assign() if self.group.assigns:
                error = NotAllowed("the group assigns this consumer's partitions: unsubscribe before assigning by hand")
                self.effects.results.append((number, error))
            case Assign() | Seek() | Pause():
                if isinstance(call, Assign):
                    self.group.on_assign(now_ms)
                self.consumer.begin(number, call, now_ms)
            case Subscribe() | Unsubscribe() | Acknowledge() | Commit() | Committed():
                self.group.begin(number, call, now_ms)
            case Cancel():
                self._cancel(call.number)
                self.effects.results.append((number, None))
        self._settle(now_ms)

    def close(self, now_ms: int) -> None:
        """End all calls and close the connections; of each record it is said whether it may be written."""
        if self.closed:
            return
        self.closed = True
        self.producer.give_up("the client was closed")
        numbers = [*self.admin.open, *self.leader_calls.open, *self.consumer.polls]
        numbers += self.group.open_calls()
        for number in sorted(numbers):
            self._cancel(number)
            self.effects.results.append((number, Closed("the client was closed")))
        self.connections.close()
        self.deadline_known = False

    def _cancel(self, number: int) -> None:
        for part in (self.admin, self.leader_calls, self.producer, self.consumer, self.group):
            if part.cancel(number):
                return

    # ---- events
    def on_connected(self, connection_id: int, peer: str, now_ms: int) -> Connection:
        """A connection that was asked for is open."""
        connection = self.connections.on_connected(connection_id, peer, now_ms)
        self._settle(now_ms)
        return connection

    def on_bytes(
        self, connection: Connection, buffer: bytearray, view: memoryview, start: int, end: int, now_ms: int
    ) -> int:
        """Bytes of answers."""
        assert isinstance(connection, BrokerConnection), "a client has no other connections"
        consumed = self.connections.on_bytes(connection, view, start, end, now_ms)
        if consumed:  # a part of an answer changes nothing
            self._settle(now_ms)
        return consumed

    def on_drained(self, connection: Connection, now_ms: int) -> None:
        """Nothing waits for this."""

    def on_closed(self, connection: Connection, now_ms: int, lost: str = "") -> None:
        """A connection is gone; `lost` says why, where the shell knows."""
        assert isinstance(connection, BrokerConnection), "a client has no other connections"
        self.connections.on_closed(connection, now_ms, lost)
        self._settle(now_ms)

    def on_refused(self, peer: str, reason: str, now_ms: int, failure: type[Unreachable] = ConnectionFailed) -> None:
        """A connection could not be opened."""
        self.connections.on_refused(peer, failure(reason), now_ms)
        self._settle(now_ms)

    def on_deadline(self, now_ms: int) -> None:
        """Time has passed."""
        self.connections.on_deadline(now_ms)
        self.cluster.on_deadline(now_ms)
        if self.leader_calls.open:
            self.leader_calls.on_deadline(now_ms)
        self.producer.on_deadline(now_ms)
        self._settle(now_ms)

    def on_synced(self, token: int, now_ms: int) -> None:
        """A client has no disk."""

    def on_sync_failed(self, token: int, reason: str, now_ms: int) -> None:
        """A client has no disk."""

    def on_work_done(self, token: int, result: object, now_ms: int) -> None:
        """A long answer is decoded."""
        self.connections.on_work_done(token, result, now_ms)
        self._settle(now_ms)

    def on_wall_clock(self, wall_offset_ms: int, now_ms: int) -> None:
        """Records without a timestamp get the wall time."""
        self.wall_offset_ms = wall_offset_ms

    # ---- after each event
    def _settle(self, now_ms: int) -> None:
        if self.closed:
            return
        cluster, writes, reads = self.cluster, self.producer, self.consumer
        cluster.pump(now_ms)
        while True:
            ended, cluster.ended = cluster.ended, []
            for request, answer in ended:
                self._hand_over(request, answer, now_ms)
            # Most clients only write or only read: what has nothing to do is not asked, for every event passes here.
            if writes.unsent or writes.unplaced or writes.new_id_wanted:
                writes.send_what_is_due(now_ms)
            if self.group.exists:
                self.group.advance(now_ms)
            if reads.polls:
                reads.answer_polls(now_ms)
            if reads.positions:
                reads.fetch_what_is_free(now_ms)
            if self.connections.finished or cluster.metadata_at_ms is not None:
                cluster.pump(now_ms)  # what was sent a moment ago and failed at once, metadata that is wanted now
            if not cluster.ended:
                break
        if reads.polls and reads.buffered:  # what was given up a moment ago is said at once
            reads.answer_polls(now_ms)
        self.deadline_known = False

    def _due_at(self, at_ms: int) -> None:
        """Something will be due then, and nothing else has changed: if it comes first, the next deadline is known."""
        if self.deadline_ms is None or at_ms <= self.deadline_ms:
            self.deadline_ms = at_ms
        else:
            self.deadline_known = False

    @property
    def next_deadline_ms(self) -> int | None:
        """When something is due; found when it is asked for: after several calls in a row, once."""
        if not self.deadline_known:
            next_ms = NEVER if self.closed else self._next_deadline_ms()
            self.deadline_ms = next_ms if next_ms < NEVER else None
            self.deadline_known = True
        return self.deadline_ms

    def _next_deadline_ms(self) -> int:
        next_ms = self.cluster.next_deadline_ms()  # no `min` in here: every event passes
        if self.leader_calls.open and (at_ms := self.leader_calls.next_deadline_ms()) < next_ms:
            next_ms = at_ms
        writes, reads = self.producer, self.consumer
        if (writes.unsent or writes.unplaced) and (at_ms := writes.next_deadline_ms()) < next_ms:
            next_ms = at_ms
        if (reads.polls or reads.positions) and (at_ms := reads.next_deadline_ms()) < next_ms:
            next_ms = at_ms
        if self.group.exists and (at_ms := self.group.next_deadline_ms()) < next_ms:
            next_ms = at_ms
        return next_ms

    def _hand_over(self, request: Request, answer: Message | ClientError | None, now_ms: int) -> None:
        match request.owner:
            case producer.OWNER:
                self.producer.on_ended(request, answer, now_ms)
            case consumer.OWNER:
                self.consumer.on_ended(request, answer, now_ms)
            case admin.OWNER:
                self.admin.on_ended(request, answer, now_ms)
            case leader_calls.OWNER:
                self.leader_calls.on_ended(request, answer, now_ms)
            case owner if owner in group.OWNERS:
                self.group.on_ended(request, answer, now_ms)
            case owner:
                raise AssertionError(f"a request of {owner}")
