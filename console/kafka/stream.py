"""Live tails: one fetching tail per (connection, topic), shared by all viewers.

Used from Channels consumers (asyncio):

    async with watch(spec, topic, Wanted(partitions=frozenset({0, 3}), rows_per_s=100)) as viewer:
        frame = await viewer.next_frame(records_max=50, wait_s=10)

Invariants:
- In every frame shown + dropped = matching, and matching + others + unread = arrived; all count from the start.
- A viewer that asks slowly gets the newest records and a larger `dropped`; nobody else waits for it.
- Memory is bounded: one fetch per broker, one ring per filter (tail_ring.py); a viewer holds a place in it.

Not here: fetching and counting (tail.py), acknowledged frames (live/topic_tail.py).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from console.kafka.connection import ConnectionSpec, on_loop
from console.kafka.tail_join import Wanted, join, leave
from console.kafka.tail_viewer import TailFrame, Watching

__all__ = ["TailFrame", "Viewer", "Wanted", "watch"]


@dataclass(slots=True, eq=False)
class Viewer:
    """One viewer of a tail, for use on any loop."""

    watching: Watching

    async def next_frame(self, *, records_max: int = 50, wait_s: float = 10.0) -> TailFrame:
        """Wait until something arrived or the state changed, at most `wait_s` (then a frame without records)."""
        return await asyncio.wrap_future(on_loop(self.watching.next_frame(records_max, wait_s)))

    async def first_frame(self) -> TailFrame:
        """How it stands, at once and without records."""
        return await asyncio.wrap_future(on_loop(_first(self.watching)))


@asynccontextmanager
async def watch(spec: ConnectionSpec, topic: str, wanted: Wanted | None = None) -> AsyncIterator[Viewer]:
    """Watch a topic from its end on (from when the context is entered), or from where `wanted` says.

    Raises the errors of console.kafka.errors.
    """
    joining = on_loop(join(spec, topic, wanted or Wanted()))
    try:
        watching = await asyncio.wrap_future(joining)
    except asyncio.CancelledError:
        if joining.done() and not joining.cancelled() and joining.exception() is None:
            on_loop(leave(joining.result()))  # it had joined just before
        raise
    try:
        yield Viewer(watching)
    finally:
        await asyncio.shield(asyncio.wrap_future(on_loop(leave(watching))))


async def _first(watching: Watching) -> TailFrame:
    return watching.frame([])
