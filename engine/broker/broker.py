"""One broker as a machine: its connections, partitions, metadata and deadlines.

Its whole state is plain data; the Disk and the source of chance it is given are all it
calls. Events come in by the methods of `core.events.Machine`, wishes go out by `effects`.

Invariants:
- Replies leave each connection in the order of its requests.
- What promises durability is sent only after the sync that covers it.
- Once per event, at its end: one sync is begun, long polls are woken, replies that are
  now in order are queued. Five hundred appends in one read make one of each.

Not here: what a request means (handlers), when records count (durability.py), time that
passes (housekeeping.py), the decisions of the controller (controller.py).
"""

from dataclasses import dataclass, field
from heapq import heappop
from typing import Protocol

from engine.broker import connections, durability, group_coordinator, housekeeping, reconcile
from engine.broker.config import BrokerConfig
from engine.broker.connections import ClientConnection
from engine.broker.controller import Controller
from engine.broker.counters import Counters
from engine.broker.durability import Durability
from engine.broker.group_coordinator import GroupCoordinator
from engine.broker.group_replies import ParkedGroupRequest
from engine.broker.handlers import fetch
from engine.broker.housekeeping import Housekeeping
from engine.broker.parked_requests import ParkedFetch
from engine.broker.partition import Partition
from engine.broker.quorum import Quorum, open_quorum
from engine.broker.replica_manager import ReplicaManager
from engine.core.connection.reply_order import Connection
from engine.core.effects import Effects
from engine.core.limits import PARKED_REQUESTS_MAX
from engine.core.metadata.image import MetadataImage
from engine.core.replication.fetch_sessions import FetchSessions
from engine.storage.disk import Disk


class Chance(Protocol):
    """Where ids come from: a `random.Random`, seeded in the simulated world."""

    def getrandbits(self, bits: int, /) -> int:
        """Return that many random bits as a number."""


@dataclass(slots=True, eq=False)
class Broker:
    """Made with what it is given, then `start`; only its driver calls it."""

    disk: Disk  # given, not ours: with rng the one part that may hold the real world
    config: BrokerConfig
    rng: Chance
    effects: Effects = field(default_factory=Effects)
    next_deadline_ms: int | None = None
    now_ms: int = 0
    wall_offset_ms: int = 0
    connections: dict[int, ClientConnection] = field(default_factory=dict)
    durability: Durability = field(init=False)
    housekeeping: Housekeeping = field(default_factory=Housekeeping)
    replica_manager: ReplicaManager = field(default_factory=ReplicaManager)
    controller: Controller = field(default_factory=Controller)
    group_coordinator: GroupCoordinator = field(init=False)
    quorum: Quorum = field(init=False)
    fetch_sessions: FetchSessions = field(init=False)
    counters: Counters = field(default_factory=Counters)
    deadlines: list[tuple[int, int, ParkedFetch]] = field(default_factory=list)  # heap; answered ones stay until due
    woken: list[Partition] = field(default_factory=list)  # whose waiting fetches are looked at as this event ends
    unblocked: list[ClientConnection] = field(default_factory=list)  # whose first slot got its reply in this event
    waiting_for_work: dict[int, ClientConnection] = field(default_factory=dict)  # by token
    parked_count: int = 0  # numbers parked fetches
    work_count: int = 0  # numbers what helpers are asked
    frame_bytes_max: int = 0

    def __post_init__(self) -> None:
        """Set up what depends on the config."""
        self.durability = Durability(fsync=self.config.durability == "fsync")
        self.fetch_sessions = FetchSessions(sessions_max=self.config.max_incremental_fetch_session_cache_slots)
        self.group_coordinator = GroupCoordinator(self.config.group_limits)
        self.frame_bytes_max = self.config.socket_request_max_bytes

    @property
    def wall_ms(self) -> int:
        """Wall time in this event."""
        return self.now_ms + self.wall_offset_ms

    @property
    def image(self) -> MetadataImage:
        """The cluster's metadata as far as it is durable."""
        return self.quorum.image

    def new_uuid(self) -> bytes:
        """Return a fresh id: random (version 4), never one that tools take for an option or for a reserved one."""
        while True:
            bits = self.rng.getrandbits(128)
            bits = bits & ~(0xF000 << 64) & ~(0xC000 << 48) | 0x4000 << 64 | 0x8000 << 48
            if bits >> 122 != 0b111110:  # its text would begin with "-" (KAFKA-8325)
                return bits.to_bytes(16, "big")

    # ---- life ----

    def start(self, now_ms: int, wall_offset_ms: int) -> None:
        """Open the data: metadata first, then the partitions it names. Everything found is durable afterwards."""
        self.now_ms, self.wall_offset_ms = now_ms, wall_offset_ms
        self.quorum = open_quorum(self.disk, self.config, self.wall_ms, self.new_uuid)
        self.replica_manager.open_partitions(self)
        self.controller.start(self)
        group_coordinator.load_all(self)
        housekeeping.begin(self)
        self.finish_event()

    def stop(self, now_ms: int) -> None:
        """Close every log in order, so that the next start needs no recovery."""
        self.now_ms = now_ms
        self.replica_manager.close(self)
        self.quorum.close()

    def on_task(self, name: str, now_ms: int) -> None:
        """Do what a task asks by name, or nothing if this broker has nothing to do for it."""
        self.now_ms = now_ms
        reconcile.reconcile(self, name)
        self.finish_event()

    # ---- events ----

    def on_connected(self, connection_id: int, peer: str, now_ms: int) -> ClientConnection:
        """A client connected."""
        self.now_ms = now_ms
        connection = self.connections[connection_id] = ClientConnection(connection_id, peer, active_ms=now_ms)
        return connection

    def on_bytes(
        self, connection: Connection, buffer: bytearray, view: memoryview, start: int, end: int, now_ms: int
    ) -> int:
        """Answer the whole requests that have come; return how many bytes they were."""
        self.now_ms = now_ms
        assert type(connection) is ClientConnection
        consumed = connections.read_requests(self, connection, buffer, view, start, end)
        self.finish_event()
        if connection.out.items:
            self.effects.touched.append(connection)
        return consumed

    def on_drained(self, connection: Connection, now_ms: int) -> None:
        """Everything is sent: read on, unless the connection waits for something else."""
        self.now_ms = now_ms
        assert type(connection) is ClientConnection
        is_full = len(connection.slots) >= PARKED_REQUESTS_MAX
        connection.paused = connection.work_token != 0 or connection.behind_group or is_full

    def on_closed(self, connection: Connection, now_ms: int) -> None:
        """Forget the connection and what it waited for."""
        self.now_ms = now_ms
        assert type(connection) is ClientConnection
        connection.closed = True
        self.connections.pop(connection.id, None)
        self.waiting_for_work.pop(connection.work_token, None)
        for slot in connection.slots:
            if isinstance(slot, ParkedFetch) and slot.items is None:
                fetch.unpark(slot)
                slot.items = []
            elif isinstance(slot, ParkedGroupRequest) and slot.items is None:
                group_coordinator.forget(self, slot)

    def on_refused(self, peer: str, reason: str, now_ms: int) -> None:
        """Nothing: this broker connects to nobody yet."""
        raise AssertionError("this broker connects to nobody")

    def on_deadline(self, now_ms: int) -> None:
        """Answer fetches whose time is up, do the housekeeping that is due."""
        self.now_ms = now_ms
        deadlines = self.deadlines
        while deadlines and (deadlines[0][0] <= now_ms or deadlines[0][2].items is not None):
            slot = heappop(deadlines)[2]
            if slot.items is None:
                fetch.maybe_finish(self, slot, at_once=True)
        housekeeping.run_due(self)
        group_coordinator.run_due(self)
        due_ms = [self.housekeeping.next_due_ms, deadlines[0][0] if deadlines else None]
        due_ms.append(self.group_coordinator.next_deadline_ms())
        self.next_deadline_ms = min(at for at in due_ms if at is not None)
        self.finish_event()

    def on_synced(self, token: int, now_ms: int) -> None:
        """What the sync covered counts."""
        self.now_ms = now_ms
        durability.finish_sync(self, token)
        self.finish_event()

    def on_sync_failed(self, token: int, reason: str, now_ms: int) -> None:
        """What the sync covered may be lost: the log directory goes offline."""
        self.now_ms = now_ms
        durability.fail(self, reason)
        self.finish_event()

    def on_work_done(self, token: int, result: object, now_ms: int) -> None:
        """A helper's verdict is here: the request it was for is handed in again."""
        self.now_ms = now_ms
        connection = self.waiting_for_work.pop(token, None)
        if connection is not None:
            connection.work_token = 0
            connection.verdicts.append(result)
            connection.paused = False
            self.effects.resume.append(connection)

    def on_wall_clock(self, wall_offset_ms: int, now_ms: int) -> None:
        """The wall clock leapt: retention looks at once."""
        self.now_ms, self.wall_offset_ms = now_ms, wall_offset_ms
        reconcile.reconcile(self, "enforce_retention")
        self.finish_event()

    # ---- inside an event ----

    def finish_event(self) -> None:
        """Once per event: make appends count or begin a sync, answer long polls, queue replies now in order."""
        if self.durability.pending:
            durability.settle(self)
        if self.durability.failed is not None:
            group_coordinator.abandon(self)
        while self.group_coordinator.advanced:  # what happens then may append again
            group_coordinator.run_advanced(self)
            durability.settle(self)
        if self.woken:
            woken, self.woken = self.woken, []
            for partition in woken:
                partition.woken = False
                for slot in list(partition.parked_fetches.values()):
                    if slot.items is None:
                        fetch.maybe_finish(self, slot, at_once=False)
        if self.unblocked:
            unblocked, self.unblocked = self.unblocked, []
            for connection in unblocked:
                if not connection.closed and connection.release_slots():
                    self.effects.touched.append(connection)
                if connection.behind_group:  # it is looked at again, and may have to wait again
                    connection.behind_group = connection.paused = False
                    self.effects.resume.append(connection)
