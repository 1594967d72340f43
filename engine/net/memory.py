"""How much memory buffers of unfinished requests may take together, and who waits for some.

Invariants:
- `held` is what links took beyond their usual buffer; only above `limit` does anybody wait.
- One link may always go on, though the limit is reached: else all could wait for each
  other, each with half a request.

Not here: the buffers (connection.py).
Spec: mallopt(3).
"""

import ctypes
from dataclasses import dataclass, field

NOBODY = -1
M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8  # of mallopt(3)
OWN_PAGES_BYTES = 128 << 10


def return_large_blocks() -> None:
    """Have the allocator give large blocks back to the system as soon as they are free.

    glibc raises its threshold to the largest block ever freed: one large request, and
    the buffers of all later ones would stay with the process. Other allocators are left alone.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, OWN_PAGES_BYTES)
        mallopt(M_ARENA_MAX, 1)


@dataclass(slots=True)
class Memory:
    """The account of one shell."""

    limit: int
    held: dict[int, int] = field(default_factory=dict)  # by connection id
    total: int = 0
    favoured: int = NOBODY  # the one that may exceed the limit
    waiting: dict[int, None] = field(default_factory=dict)

    def may_grow(self, connection_id: int, more_bytes: int) -> bool:
        """Take so much for this connection, or note that it waits."""
        if self.total + more_bytes > self.limit and connection_id != self.favoured:
            if self.favoured != NOBODY:
                self.waiting[connection_id] = None
                return False
            self.favoured = connection_id
        self.held[connection_id] = self.held.get(connection_id, 0) + more_bytes
        self.total += more_bytes
        return True

    def note(self, connection_id: int, before: int, after: int) -> None:
        """A buffer shrank: all that it took is free again."""
        if after < before:
            self.forget(connection_id)

    def forget(self, connection_id: int) -> None:
        """Give back what this connection took."""
        self.total -= self.held.pop(connection_id, 0)
        self.waiting.pop(connection_id, None)
        if self.favoured == connection_id:
            self.favoured = NOBODY

    def take_waiting(self) -> list[int]:
        """Who may try again now, longest waiting first."""
        if not self.waiting or (self.favoured != NOBODY and self.total >= self.limit):
            return []
        waiting, self.waiting = list(self.waiting), {}
        return waiting
