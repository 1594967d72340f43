"""Where a reset brings the partitions of a group: pure arithmetic on offsets.

*Invariants*: no partition leaves its log: what lies outside becomes the nearer end, as with Kafka's own tool, and a
note says so.
A partition of which something is not told stays where it is, and the note says why.
*Not here*: asking the cluster, and the commit (services/offset_resets.py).
"""

from dataclasses import dataclass
from typing import Literal

from console.kafka.group_offsets import AtTime, Bounds

Kind = Literal["earliest", "latest", "offset", "shift", "time"]


@dataclass(frozen=True, slots=True)
class Wish:
    """Where to go."""

    topic: str
    partitions: tuple[int, ...] | None  # None: all
    kind: Kind
    value: int = 0  # an offset, a number of records (below zero: back), or a time in ms


@dataclass(frozen=True, slots=True)
class Move:
    """What a reset does to one partition."""

    partition: int
    before: int | None  # None: nothing committed
    after: int | None  # None: it stays as it is, for the reason in `note`
    note: str = ""

    @property
    def repeats(self) -> int:
        """Records that are read again."""
        return max(0, self.before - self.after) if self.before is not None and self.after is not None else 0

    @property
    def skips(self) -> int:
        """Records that are never read."""
        return max(0, self.after - self.before) if self.before is not None and self.after is not None else 0

    @property
    def changes(self) -> bool:
        """Whether there is anything to commit."""
        return self.after is not None and self.after != self.before


def planned(index: int, wish: Wish, before: int | None, bounds: Bounds, at_time: AtTime | None) -> Move:
    """Where one partition goes; `at_time` is what a lookup of the wished time gave."""
    if bounds.start is None or bounds.end is None:
        return Move(index, before, None, f"stays: {bounds.error}")
    match wish.kind:
        case "earliest":
            return Move(index, before, bounds.start)
        case "latest":
            return Move(index, before, bounds.end)
        case "time":
            if at_time is None or at_time.error is not None:
                why = at_time.error if at_time else "the cluster does not tell this time"
                return Move(index, before, None, f"stays: {why}")
            if at_time.offset is None:
                return Move(index, before, bounds.end, "no record is that young: the end")
            target = at_time.offset
        case "shift":
            if before is None:
                return Move(index, before, None, "stays: nothing is committed that could be shifted")
            target = before + wish.value
        case _:
            target = wish.value
    if target > bounds.end:
        return Move(index, before, bounds.end, "asked for more than there is: the end")
    if target < bounds.start:
        return Move(index, before, bounds.start, "asked for less than is kept: the beginning")
    return Move(index, before, target)
