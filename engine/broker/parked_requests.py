"""Requests that cannot be answered yet: each is the slot that keeps its place in line, plain data.

`answer` gives a slot its reply; the connection sends it when all before it have theirs.

Invariants:
- A slot is answered once; one whose connection is closed is answered with nothing.
- What a slot waits for finds it by a list of its own (a partition's parked_acks and
  parked_fetches, the quorum's parked replies); the broker's deadlines find it by time.

Not here: when each kind is ready (handlers/produce.py, handlers/fetch.py, quorum.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heappush
from typing import TYPE_CHECKING

from engine.broker import region_pins
from engine.core.connection.out_queue import Region
from engine.core.connection.reply_order import Slot
from engine.core.replication.fetch_sessions import FetchSession, FetchState

if TYPE_CHECKING:
    from engine.broker.broker import Broker
    from engine.broker.connections import ClientConnection
    from engine.broker.partition import Partition


@dataclass(slots=True, eq=False)
class ParkedAck(Slot):
    """A produce, or a run of them, that is answered when the high watermarks of all its partitions have passed it."""

    connection: "ClientConnection | None" = None
    deadline_ms: int = 0
    api_version: int = 0
    reply: bytes = b""  # what is said if all goes well: one frame, or the frames of a run
    partitions_left: int = 0


@dataclass(slots=True, eq=False)
class ParkedFetch(Slot):
    """A fetch: what it asks for; parked, it is answered when enough can be read, or at its deadline."""

    connection: "ClientConnection | None" = None
    api_version: int = 0
    correlation_id: int = 0
    states: list[FetchState] = field(default_factory=list)
    session: FetchSession | None = None
    new_session: bool = False
    bytes_min: int = 0
    bytes_max: int = 0
    committed_only: bool = False
    from_replica: int = -1
    number: int = 0  # in the order of parking
    partitions: "list[Partition]" = field(default_factory=list)  # where it waits


@dataclass(slots=True, eq=False)
class ParkedReply(Slot):
    """A request of the admin that is answered when the metadata log is durable up to an offset."""

    connection: "ClientConnection | None" = None
    metadata_offset: int = 0  # exclusive
    reply: bytes = b""


def answer(broker: "Broker", slot: "ParkedAck | ParkedFetch | ParkedReply", items: list[bytes | Region]) -> None:
    """The reply is known: it goes out when all before it on its connection are."""
    assert slot.items is None, "answered once"
    slot.items = items
    connection = slot.connection
    if connection is not None and connection.slots and connection.slots[0] is slot:
        broker.unblocked.append(connection)


def park_ack(
    broker: "Broker",
    connection: "ClientConnection",
    reply: bytes,
    waiting: "Sequence[tuple[int, Partition]]",
    timeout_ms: int,
    api_version: int,
) -> None:
    """Answer a Produce when each of these partitions' high watermark has passed the offset beside it."""
    if broker.durability.failed is not None:  # in this very request: nothing will ever count, so nothing is said
        region_pins.abort(broker, connection)
        return
    slot = ParkedAck(None, connection, broker.now_ms + timeout_ms, api_version, reply, len(waiting))
    connection.slots.append(slot)
    for needed_offset, partition in waiting:
        partition.parked_acks.append((needed_offset, slot))


def wake_at(broker: "Broker", deadline_ms: int, slot: ParkedFetch) -> None:
    """Have the slot looked at when its time is up."""
    heappush(broker.deadlines, (deadline_ms, slot.number, slot))
    if broker.next_deadline_ms is None or deadline_ms < broker.next_deadline_ms:
        broker.next_deadline_ms = deadline_ms
