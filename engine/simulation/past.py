"""The past of a world that somebody walks in: each event with its cause, and what was observed in it.

Entries are numbered from 1, as World.events counts; number 0 is the beginning. What is
old is sealed: BLOCK_ENTRIES of them, compressed, in a Block that never changes. Whoever
keeps the world takes the sealed ones away (to memory or to a file), so that a long past
costs a running world nothing.

Invariants:
- An entry is plain data once it is sealed, and the same entries make the same bytes.
- `sealed` are the blocks that nobody has taken yet, the last of them number `blocks - 1`.
- The ledger has seen every observation up to now.

Not here: the digest of a history (history.py), reading a past (hosted/timeline.py).
"""

import json
import zlib
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from engine.simulation.ledger import Ledger, rule_of
from engine.simulation.shared import Block
from engine.simulation.snapshots import NotPlain, plain_bytes, plain_data

BLOCK_ENTRIES = 256


class Seen(NamedTuple):
    """One observation in an event."""

    node: str
    kind: str
    values: tuple[Any, ...]


class Entry(NamedTuple):
    """One event: what happened, because of which event, and what was seen in it."""

    number: int
    at_us: int
    cause: int
    kind: str
    subject: Any
    brief: Any
    seen: tuple[Seen, ...]


@dataclass(slots=True, eq=False)
class Past:
    """What has happened so far."""

    ledger: Ledger = field(default_factory=Ledger)
    count: int = 0
    blocks: int = 0  # sealed ever
    sealed: list[Block] = field(default_factory=list)
    young: list[list[Any]] = field(default_factory=list)  # not sealed yet
    at_hand: list[Any] | None = None  # the event that is being handled, or was handled last

    def begin(self, at_us: int, cause: int, kind: str, subject: Any, brief: Any) -> None:
        """An event is about to be handled."""
        if len(self.young) >= BLOCK_ENTRIES:  # not when it is full: what happens in its last event belongs to it
            self.seal_full()
        self.count += 1
        self.at_hand = row = [at_us, cause, kind, subject, brief, []]
        self.young.append(row)

    def seal_full(self) -> None:
        """Between two events: seal what is full."""
        if len(self.young) >= BLOCK_ENTRIES:
            self.sealed.append(Block((seal(self.young),)))
            self.blocks += 1
            self.young = []

    def observed(self, number: int, node: str, seen: list[tuple[Any, ...]]) -> None:
        """A node saw something in the event at hand: (kind, values...) each."""
        rows = self.at_hand[5] if self.at_hand is not None else []
        of_node = (node,)
        for one in seen:
            rows.append(of_node + one)
            rule = rule_of(one[0])
            if rule is not None:
                rule(self.ledger, number, one)

    def last(self) -> Entry | None:
        """The event that was handled last."""
        return entry_of(self.count, self.at_hand) if self.at_hand is not None else None

    def take_sealed(self) -> list[tuple[int, Block]]:
        """Hand the sealed blocks over, each with its number."""
        first = self.blocks - len(self.sealed)
        taken, self.sealed = self.sealed, []
        return [(first + place, block) for place, block in enumerate(taken)]


def seal(rows: list[list[Any]]) -> bytes:
    """Turn entries into bytes."""
    try:
        plain = plain_bytes(rows)
    except NotPlain:  # a named tuple, the name of a number: as JSON has it
        plain = plain_bytes(json.loads(json.dumps(rows, default=_plain)))
    return zlib.compress(plain, 1)


def unseal(block: bytes) -> list[list[Any]]:
    """Turn bytes back into entries."""
    rows: list[list[Any]] = plain_data(unread(block))
    return rows


def unread(block: bytes) -> bytes:
    """A block as it was before it was compressed, for who looks whether a word stands in it (snapshots.plain_word)."""
    return zlib.decompress(block)


def entry_of(number: int, row: list[Any]) -> Entry:
    """Name the parts of a row."""
    at_us, cause, kind, subject, brief, seen = row
    return Entry(
        number, at_us, cause, kind, subject, brief, tuple(Seen(one[0], one[1], tuple(one[2:])) for one in seen)
    )


def _plain(value: object) -> object:
    assert isinstance(value, bytes | bytearray | memoryview), f"{type(value)} in a past"
    return bytes(value).hex()
