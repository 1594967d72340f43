"""The last event in which something was seen, however long ago that was.

Sealed blocks of the past in which the words that are looked for do not stand are passed over unread: that is
twenty times as quick, so what is rare is found in the whole of a history.

Invariants:
- Looking changes nothing in the world.
- One question reads at most READ_MAX blocks; how far it came is said (`oldest`).

Not here: the chain of causes of what was found (why.py).
"""

from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from engine.simulation.hosted import observed
from engine.simulation.hosted.timeline import Timeline
from engine.simulation.past import BLOCK_ENTRIES, Seen
from engine.simulation.snapshots import plain_word

READ_MAX = 200


class Found(NamedTuple):
    """What a search came to."""

    event: int  # 0: it was not found
    oldest: int  # no event before this one was looked at; 1: the whole history was


def last_seen(
    timeline: Timeline,
    kinds: Collection[str],
    fits: Callable[[dict[str, Any]], bool],
    names: Collection[str] = (),
    before: int | None = None,
) -> Found:
    """The last event up to a moment (the playhead) with an observation that fits; `names` stand in every such one."""
    number = timeline.world.events if before is None else before
    read = 0
    while number > 0:
        block = (number - 1) // BLOCK_ENTRIES
        kept = timeline.sealed(block)
        if kept is not None and not _may_hold(kept, kinds, names):
            number = block * BLOCK_ENTRIES
            continue
        if read == READ_MAX:
            return Found(0, number + 1)
        read += 1
        while number > block * BLOCK_ENTRIES:
            row = timeline.row(number)
            for node, kind, *values in row[5] if row is not None else ():
                if kind in kinds and fits(observed.facts(Seen(node, kind, tuple(values)))):
                    return Found(number, number)
            number -= 1
    return Found(0, 1)


def _may_hold(kept: bytes, kinds: Collection[str], names: Collection[str]) -> bool:
    return any(plain_word(kind) in kept for kind in kinds) and all(plain_word(name) in kept for name in names)
