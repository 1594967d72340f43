"""What can happen to a machine: one method per event, called with plain numbers.

A machine is an object whose whole state is plain data. It never waits, never asks
for the time, never touches a socket or a file. Something happens; a driver (the
shells in net/, or simulation/world.py) calls the method of that event; the machine
decides, and leaves what it wants in `effects` and in its connections' out-queues.

An event is a *call*, not an object, and covers one read, not one request: one
`on_bytes` may hold half a frame or five hundred (measured in the design's prototype:
objects per event cost 10 %, objects per request 40 %, copies of what is read 60 %).

Invariants of the seam:
- Between two events a machine holds no view of a buffer, no file, no closure.
- `on_bytes` says how much it consumed. The rest stays with the driver, which hands
  it in again with what comes next: a frame may be cut at any byte.
- `now_ms` never goes back. Wall time is `now_ms + wall_offset_ms`; a leap of the wall
  clock is an event of its own, so that a call carries one number.
- A deadline is asked for (`next_deadline_ms`), never scheduled. Drivers may call
  `on_deadline` early or twice; the machine looks at the clock it is given.
- What promises durability is sent only after `on_synced`.

Not here: what a machine asks for (effects.py), what a disk promises (storage/disk.py).
"""

from typing import Protocol

from engine.core.connection.reply_order import Connection
from engine.core.effects import Effects


class Machine(Protocol):
    """A broker or a client. Only its driver calls it."""

    effects: Effects

    @property
    def next_deadline_ms(self) -> int | None:
        """When `on_deadline` is wanted; None for not at all."""

    def on_connected(self, connection_id: int, peer: str, now_ms: int) -> Connection:
        """A connection is open: accepted, or asked for in `effects.connect` (then `peer` is what was asked)."""

    def on_bytes(
        self, connection: Connection, buffer: bytearray, view: memoryview, start: int, end: int, now_ms: int
    ) -> int:
        """Bytes `start..end` of the buffer are unread. Return how many were consumed.

        The buffer is the driver's. The machine may change it in place (it stamps
        offsets there) and must not keep `view`, which is a view of that buffer.
        """

    def on_drained(self, connection: Connection, now_ms: int) -> None:
        """The out-queue is empty again. A machine that paused for that reason says here that it reads on."""

    def on_closed(self, connection: Connection, now_ms: int) -> None:
        """The connection is gone. Output for it is dropped."""

    def on_refused(self, peer: str, reason: str, now_ms: int) -> None:
        """The connection that was asked for could not be opened; `reason` is a sentence for people."""

    def on_deadline(self, now_ms: int) -> None:
        """`next_deadline_ms` may have passed."""

    def on_synced(self, token: int, now_ms: int) -> None:
        """The sync that was asked for with this token is finished."""

    def on_sync_failed(self, token: int, reason: str, now_ms: int) -> None:
        """The sync failed: what it covered may be lost."""

    def on_work_done(self, token: int, result: object, now_ms: int) -> None:
        """The work that was asked for with this token is finished."""

    def on_wall_clock(self, wall_offset_ms: int, now_ms: int) -> None:
        """The wall clock now stands at `now_ms + wall_offset_ms`."""
