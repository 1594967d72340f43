"""The simulated world as a value: a heap of events, machines, links, disks, clocks, one chance.

Everything that happens has a place in one history, counted from 1, and a cause: the place
of the event that was being handled when it was caused, 0 for what was there from the beginning.

Invariants:
- One seed, one history: no clock, no hash order, no id() decides anything.
- The world is plain data: a copy of it between two events continues identically.
- Events of one time happen in the order of their numbers.

Not here: what events do (driver.py and the modules of its HANDLERS), which nodes there
are and how they start (cluster.py), who produces and consumes (workloads/).
"""

import random
from dataclasses import dataclass, field
from heapq import heappush
from typing import Any, Protocol, runtime_checkable

from engine.client.config import ClientConfig
from engine.core.connection.reply_order import Connection
from engine.core.events import Machine
from engine.simulation.clocks import Clock
from engine.simulation.disks import SimulatedDisk
from engine.simulation.history import Event, History
from engine.simulation.past import Past
from engine.simulation.shared import SharedList

WALL_OFFSET_MS = 1_700_000_000_000  # when worlds begin, unless they are told


@dataclass(slots=True, eq=False)
class End:
    """One end of a link, as its node's driver sees it."""

    node: str
    peer: str  # who is at the other end, as the machine is told
    asked: bool  # whether this node asked for the connection
    connection: Connection | None = None  # once the machine was told
    unread: bytearray = field(default_factory=bytearray)
    in_flight: int = 0  # bytes this end sent that have not arrived
    last_us: int = 0  # when the last of them arrives
    closing: bool = False


@dataclass(slots=True, eq=False)
class Node:
    """A machine, or the place where one will start again, with what its driver keeps."""

    name: str
    clock: Clock
    machine: Machine | None = None  # None while it is down
    disk: SimulatedDisk | None = None  # a broker's
    properties: dict[str, str] = field(default_factory=dict)  # a broker's, by Kafka's names
    actor: "Actor | None" = None  # who uses this client
    declared: int = 0  # the event that says what it is now; 0: it is as it was from the beginning
    incarnation: int = 0  # events for an earlier one are dropped
    deadlines_ms: list[int] = field(default_factory=list)  # those of this incarnation in the heap, the soonest last


class Actor(Protocol):
    """Who uses a client machine: it calls, gets results, and can be woken."""

    def on_start(self, world: "World", node: Node) -> None:
        """The world begins."""

    def on_result(self, world: "World", node: Node, call: int, result: object) -> None:
        """A call of the client is finished."""

    def on_wake(self, world: "World", node: Node, detail: Any) -> None:
        """A time that was asked for with `world.push(at, "wake", node.name, detail)` has come."""


@runtime_checkable
class Mortal(Protocol):
    """An actor to whom it matters that its process is killed; of any other it comes back as it was."""

    def on_killed(self, world: "World", node: Node) -> ClientConfig | None:
        """What its client had is about to be gone: with what config it comes back, if it does."""


@dataclass(slots=True, eq=False)
class World:
    """Everything there is."""

    chance: random.Random
    nodes: dict[str, Node] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)  # "host:port" to the node that listens there
    ends: dict[int, End] = field(default_factory=dict)  # of links; the other end of n is n ^ 1
    heap: list[Event] = field(default_factory=list)
    now_us: int = 0
    wall_offset_ms: int = WALL_OFFSET_MS  # of clocks that begin: wall time minus the world's
    number: int = 0  # of the last event made
    events: int = 0  # handled so far; the last of them is the cause of what it makes
    links: int = 0
    acted: list[Node] = field(default_factory=list)  # whose effects are to be performed before the next event
    last_node: str = ""  # whose effects were performed last
    history: History = field(default_factory=History)
    observations: SharedList = field(default_factory=SharedList)  # (at, cause, node, kind, values...)
    past: Past | None = None  # instead of observations: what a learner can walk in
    frozen: dict[str, int] = field(default_factory=dict)  # nodes that do nothing, until when
    severed: dict[tuple[str, str], int] = field(default_factory=dict)  # who cannot connect to whom, and until when
    cut_chance: float = 0.3  # that what is sent arrives in more pieces
    delay_range_us: tuple[int, int] = (50, 800)
    sync_range_us: tuple[int, int] = (200, 6000)
    slower_us: dict[str, int] = field(default_factory=dict)  # nodes whose disk needs so much longer for a sync
    down_range_us: tuple[int, int] | None = (
        1_000,
        300_000,
    )  # how long a node that crashed stays down; None: until told

    def push(self, at_us: int, kind: str, subject: Any, detail: Any = None) -> None:
        """Let something happen at `at_us`, caused by the event at hand."""
        self.number += 1
        heappush(self.heap, (at_us, self.number, self.events, kind, subject, detail))

    def delay_us(self) -> int:
        """Draw how long something small takes."""
        low, high = self.delay_range_us
        return low + int(self.chance.random() * (high - low))

    def observe(self, name: str, kind: str, *values: Any) -> None:
        """Note something that the world itself did."""
        if self.past is not None:
            self.past.observed(self.events, name, [(kind, *values)])
        else:
            self.observations.append((self.now_us, self.events, name, kind, *values))

    def node_of(self, subject: Any) -> Node | None:
        """Whose event it is: subjects are names of nodes and numbers of ends."""
        if type(subject) is int:
            end = self.ends.get(subject)
            return self.nodes[end.node] if end is not None else None
        return self.nodes.get(subject)
