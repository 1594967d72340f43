"""Which keys of a topic would go elsewhere if it had more partitions, shown for keys that are in it.

*Invariants*: only the bytes of keys are looked at; which hash a topic was written with is guessed from where its
records are, and said only if no record speaks against it.
*Not here*: reading the records (kafka/records.py), the hashes (partitioners.py).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from console.services.partitioners import PARTITIONERS, Partitioner, partition_of

SHOWN_MAX = 10
EXAMPLES = tuple(f"key-{number}".encode() for number in range(1, 7))


@dataclass(frozen=True, slots=True)
class Moved:
    """One key."""

    key: bytes
    before: int
    after: int

    @property
    def moves(self) -> bool:
        """Whether it goes elsewhere."""
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class KeyMoves:
    """Keys before and after."""

    rows: tuple[Moved, ...]
    partitioner: Partitioner  # by which the partitions are counted
    sampled: int  # different keys of the topic that were looked at; 0: the rows are examples
    fits: bool  # whether all of them are where this hash puts them


def key_moves(records: Iterable[tuple[bytes | None, int]], before: int, after: int) -> KeyMoves:
    """Look at (key, partition) of records that are in the topic."""
    keys: dict[bytes, int] = {}
    for key, partition in records:
        if key is not None:
            keys.setdefault(key, partition)
    agree = {
        name: sum(partition_of(key, before, name) == partition for key, partition in keys.items())
        for name in PARTITIONERS
    }
    best = max(PARTITIONERS, key=lambda name: agree[name])
    chosen = list(keys) or list(EXAMPLES)
    rows = tuple(
        Moved(key, partition_of(key, before, best), partition_of(key, after, best)) for key in chosen[:SHOWN_MAX]
    )
    return KeyMoves(rows, best, len(keys), bool(keys) and agree[best] == len(keys))
