"""An append-only list whose older part is immutable, so that copies of a world share it.

What only grows in a world (chunks of files, observations) lies in such lists.

Invariants:
- A Block never changes, and what it holds is plain data that never changes.
- `blocks` hold BLOCK_ITEMS items each; `tail` holds the rest, fewer than that.

Not here: how a snapshot keeps blocks apart from the rest (snapshots.py).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

BLOCK_ITEMS = 128


class Block:
    """Immutable items, shared by every copy that reaches them."""

    __slots__ = ("__weakref__", "items")  # whoever keeps blocks knows them by identity

    def __init__(self, items: tuple[Any, ...]) -> None:
        self.items = items


@dataclass(slots=True)
class SharedList:
    """A list that is appended to, and cut at its end."""

    blocks: list[Block] = field(default_factory=list)
    tail: list[Any] = field(default_factory=list)

    def append(self, item: Any) -> None:
        """Add one item, which must never change from now on."""
        self.tail.append(item)
        if len(self.tail) == BLOCK_ITEMS:
            self.blocks.append(Block(tuple(self.tail)))
            self.tail = []

    def last(self) -> Any:
        """The item that was appended last, None if there is none."""
        if self.tail:
            return self.tail[-1]
        return self.blocks[-1].items[-1] if self.blocks else None

    def __len__(self) -> int:
        return len(self.blocks) * BLOCK_ITEMS + len(self.tail)

    def __getitem__(self, number: int) -> Any:
        block, item = divmod(number, BLOCK_ITEMS)
        return self.blocks[block].items[item] if block < len(self.blocks) else self.tail[item]

    def __iter__(self) -> Iterator[Any]:
        for block in self.blocks:
            yield from block.items
        yield from self.tail

    def since(self, number: int) -> Iterator[Any]:
        """Items from `number` on."""
        while number < len(self):
            yield self[number]
            number += 1

    def truncate(self, count: int) -> None:
        """Keep the first `count` items."""
        assert 0 <= count <= len(self), "only a suffix can be cut off"
        block, rest = divmod(count, BLOCK_ITEMS)
        if block < len(self.blocks):
            self.tail = list(self.blocks[block].items[:rest])
            del self.blocks[block:]
        else:
            del self.tail[rest:]
