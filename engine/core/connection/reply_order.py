"""One connection as its machine knows it: what is unsent, and which replies are due in which order.

A request that cannot be answered yet keeps its place in line as a Slot. A parked
request *is* its slot (a subclass with what it waits for), so "waiting" is a value
that can be looked at and copied, not a future.

Invariants:
- Replies leave in the order of their requests: while there are slots, no reply goes
  straight to the out-queue.
- A Slot's `items` is None until its reply is known; an empty list is no reply at all
  (Produce with acks=0, or a request whose connection is closed).

Not here: the socket (the driver finds it by `id`), parsing (broker/connections.py).
"""

from collections import deque
from dataclasses import dataclass, field

from engine.core.connection.out_queue import OutQueue, Region


@dataclass(slots=True, eq=False)
class Slot:
    """The place of one reply in line."""

    items: list[bytes | Region] | None = None


@dataclass(slots=True, eq=False)
class Connection:
    """What a machine keeps of one connection."""

    id: int
    peer: str  # address of the other side; for one that we asked for, the peer as it was asked for
    out: OutQueue = field(default_factory=OutQueue)
    slots: deque[Slot] = field(default_factory=deque)  # in request order; empty when nothing is parked
    wanted_bytes: int = 4  # how many unread bytes make the next step possible
    paused: bool = False  # the machine reads nothing more until on_drained or `effects.resume`
    closed: bool = False

    def reply(self, reply: bytes) -> None:
        """Answer the request at hand; it goes out when all before it have."""
        if self.slots:
            self.slots.append(Slot([reply]))
        else:  # OutQueue.add, in place: this is the hot path
            out = self.out
            out.items.append(reply)
            out.queued_bytes += len(reply)

    def reply_items(self, items: list[bytes | Region]) -> None:
        """Answer with pieces, regions of files among them."""
        if self.slots:
            self.slots.append(Slot(items))
        else:
            for item in items:
                self.out.add(item)

    def release_slots(self) -> bool:
        """Queue the replies that are known, up to the first that is not. Say whether any moved."""
        slots, out = self.slots, self.out
        items = out.items
        before = len(items)
        while slots and (known := slots[0].items) is not None:
            slots.popleft()
            items += known
        if len(items) == before:
            return False
        for item in items[before:]:
            out.queued_bytes += len(item) if type(item) is bytes else item.length  # type: ignore[union-attr]
        return True
