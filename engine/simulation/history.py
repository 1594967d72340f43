"""The digest of everything that happened in a world: equal digests, equal histories.

Every event goes in with its time, number, cause, kind, subject and detail. The digest
is a chain of SHA-256, taken of many events at once because hashing little is dear.

Invariant: how events are grouped depends on their number only, so a restored world
goes on to the same digest.

Not here: what machines observed (world.observations).
"""

import hashlib
from dataclasses import dataclass, field
from typing import Any

GROUP = 600  # pieces that are digested at once


@dataclass(slots=True, eq=False)
class History:
    """What happened so far, in 32 bytes and what was not digested yet."""

    digest: bytes = b""
    undigested: list[bytes] = field(default_factory=list)

    def add(self, at_us: int, number: int, cause: int, kind: str, subject: Any, detail: Any) -> None:
        """Note one event."""
        undigested = self.undigested
        undigested.append(f"{at_us} {number} {cause} {kind} {subject};".encode())
        if type(detail) is bytes:
            undigested.append(detail)
        elif detail is not None:
            undigested.append(repr(detail).encode())
        if len(undigested) >= GROUP:
            self.digest = hashlib.sha256(self.digest + b"".join(undigested)).digest()
            self.undigested = []

    def sha256(self) -> str:
        """Return the digest of all events so far, in hex."""
        return hashlib.sha256(self.digest + b"".join(self.undigested)).hexdigest()
