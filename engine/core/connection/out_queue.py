"""What waits to be sent on one connection: bytes and regions of files, short writes included.

Plain data, so that a world with half-sent replies can be copied, and tested
without a socket: `head` says what to send next, `sent` how much of it went.

Invariants:
- `queued_bytes` is the sum of the items' lengths.
- An item in the queue is never empty.
- Whoever queues a Region keeps its file: nobody truncates below it, and a deleted
  segment's file is not closed, before the region is sent or the connection is closed.

Not here: system calls (net/connection.py), windows (simulation/network.py), the order
of replies (reply_order.py).
"""

from dataclasses import dataclass, field
from typing import NamedTuple

SEND_JOIN_BYTES_MAX = 1 << 20  # how much may be copied together into one send


class Region(NamedTuple):
    """Bytes of a file (by its Disk's number), sent without being looked at."""

    file: int
    position: int
    length: int


@dataclass(slots=True)
class OutQueue:
    """Replies on their way out, oldest first."""

    items: list[bytes | Region] = field(default_factory=list)
    queued_bytes: int = 0

    def add(self, item: bytes | Region) -> None:
        """Queue one piece of a reply."""
        self.items.append(item)
        self.queued_bytes += len(item) if type(item) is bytes else item.length  # type: ignore[union-attr]

    def head(self) -> bytes | Region:
        """Return what to send next; bytes in a row are joined, so that one send carries many replies."""
        items = self.items
        if len(items) > 1 and type(items[0]) is bytes and type(items[1]) is bytes:
            self._join_head()
        return items[0]

    def _join_head(self) -> None:
        count = size = 0
        for item in self.items:
            if type(item) is not bytes or (count and size + len(item) > SEND_JOIN_BYTES_MAX):
                break
            size += len(item)
            count += 1
        self.items[:count] = [b"".join(self.items[:count])]  # type: ignore[arg-type]

    def sent(self, count: int) -> None:
        """Note that `count` bytes of the head are gone; the rest of it becomes the head."""
        self.queued_bytes -= count
        first = self.items[0]
        length = len(first) if type(first) is bytes else first.length  # type: ignore[union-attr]
        assert count <= length, "more sent than there was"
        if count == length:
            del self.items[0]
        elif isinstance(first, Region):
            self.items[0] = Region(first.file, first.position + count, length - count)
        else:
            self.items[0] = first[count:]

    def take(self, bytes_max: int) -> bytes | Region:
        """Return at most so much of the head, as sent: for who sends without a socket that may refuse."""
        head = self.items[0] if len(self.items) == 1 else self.head()
        length = len(head) if type(head) is bytes else head.length  # type: ignore[union-attr]
        if length <= bytes_max:
            self.queued_bytes -= length
            del self.items[0]
            return head
        self.sent(bytes_max)
        return Region(head.file, head.position, bytes_max) if isinstance(head, Region) else head[:bytes_max]

    def holds_region_of(self, file: int) -> bool:
        """Say whether bytes of this file still wait to be sent."""
        return any(isinstance(item, Region) and item.file == file for item in self.items)
