"""File regions that connections still have to send pin their files: who must close before a file may change.

Invariant: a file is closed, deleted or truncated only when no out-queue and no parked
reply holds a region of it.
Not here: what queues them (handlers/fetch.py), the queue itself (core/connection/out_queue.py).
"""

from typing import TYPE_CHECKING

from engine.core.connection.out_queue import Region

if TYPE_CHECKING:
    from engine.broker.broker import Broker
    from engine.broker.connections import ClientConnection


def abort(broker: "Broker", connection: "ClientConnection | None") -> None:
    """Close a connection at once, whatever it still waits for."""
    if connection is not None and not connection.closed and connection not in broker.effects.abort:
        broker.effects.abort.append(connection)


def close_readers(broker: "Broker", file: int) -> None:
    """Close every connection that has bytes of this file still to send, and drop those bytes."""
    for connection in broker.connections.values():
        if _holds(connection, file):
            connection.out.items.clear()
            connection.out.queued_bytes = 0
            for slot in connection.slots:
                if slot.items:
                    slot.items = []
            abort(broker, connection)


def _holds(connection: "ClientConnection", file: int) -> bool:
    if connection.out.holds_region_of(file):
        return True
    return any(isinstance(item, Region) and item.file == file for slot in connection.slots for item in slot.items or ())
