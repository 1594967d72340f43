"""Live tails: one fetching tail per (connection, topic), shared by all viewers.

Used from Channels consumers (asyncio):

    async with watch(spec, topic, partition=None) as viewer:
        frame = await viewer.next_frame(records_max=50, wait_s=10)

Invariants:
- In every frame `shown + dropped == arrived`; the three count from the viewer's start.
- A viewer that asks slowly gets the newest records and a larger `dropped`; nobody else waits for it.
"""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Literal, Protocol

from console.kafka.connection import ConnectionSpec
from console.kafka.records import RecordView


@dataclass(frozen=True, slots=True)
class TailFrame:
    """What a viewer is to see next, and its counters."""

    records: list[RecordView]  # oldest first, at most records_max
    arrived: int
    shown: int
    dropped: int
    state: Literal["live", "reconnecting"]
    reason: str | None  # why it is reconnecting, in words


class Viewer(Protocol):
    """One viewer of a tail."""

    async def next_frame(self, *, records_max: int = 50, wait_s: float = 10.0) -> TailFrame:
        """Wait until something arrived or the state changed, at most `wait_s` (then a frame without records)."""


def watch(spec: ConnectionSpec, topic: str, *, partition: int | None = None) -> AbstractAsyncContextManager[Viewer]:
    """Watch a topic from its end on (from when the context is entered). Raises the errors of console.kafka.errors."""
    raise NotImplementedError
