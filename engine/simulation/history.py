"""The digest of everything that happened in a world: equal digests, equal histories.

Every event goes in with its time, number, cause, kind, subject and detail. The digest
is a chain of SHA-256, taken of many events at once because turning little into bytes is dear.

Invariant: how events are grouped depends on their number only, so a restored world
goes on to the same digest.

Not here: what machines observed (world.observations).
"""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from engine.simulation.snapshots import plain_bytes

GROUP = 300  # events that are digested at once
Event = tuple[int, int, int, str, Any, Any]  # at, number, cause, kind, subject, detail
PLAIN = ("bytes", "deadline")  # kinds whose details are nothing but bytes and numbers
SYNCED = "synced"  # of which incarnation and token are digested: what a sync covers follows from what was written


@dataclass(slots=True, eq=False)
class History:
    """What happened so far, in 32 bytes and what was not digested yet."""

    digest: bytes = b""
    undigested: list[Event] = field(default_factory=list)  # each with its detail as it was then

    def add(self, event: Event) -> None:
        """Note one event."""
        kind, detail, undigested = event[3], event[5], self.undigested
        if kind not in PLAIN and detail is not None and type(detail) is not int:
            event = (*event[:5], detail[:2] if kind == SYNCED else repr(detail))
        undigested.append(event)
        if len(undigested) >= GROUP:
            self.digest = hashlib.sha256(self._bytes()).digest()
            self.undigested = []

    def sha256(self) -> str:
        """Return the digest of all events so far, in hex."""
        return hashlib.sha256(self._bytes()).hexdigest()

    def _bytes(self) -> bytes:
        return self.digest + plain_bytes(self.undigested)
