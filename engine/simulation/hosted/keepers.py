"""Where a timeline keeps what is old: actions, keyframes, and the sealed blocks of its past.

Invariants:
- An action that `keep_action` was given is there for ever after, whatever is killed next.
- Blocks and keyframes may be made again from the actions: losing the newest costs time only.

Not here: files (the runner keeps those), what is in a keyframe (snapshots.py).
"""

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from engine.simulation.hosted.learner import Action
from engine.simulation.past import BLOCK_ENTRIES
from engine.simulation.shared import Block
from engine.simulation.snapshots import Snapshot


class Recorded(NamedTuple):
    """An action and where it belongs: after so many events, not before this time."""

    after: int
    at_us: int
    action: Action


class Keeper(Protocol):
    """What a timeline needs of its keeper."""

    actions: list[Recorded]

    def keep_action(self, recorded: Recorded) -> None:
        """Keep an action: durable when this returns."""

    def keep_block(self, number: int, block: Block) -> None:
        """Keep a sealed block of the past, unless it is kept already."""

    def block(self, number: int) -> bytes | None:
        """A sealed block."""

    def keep_keyframe(self, events: int, copy: Snapshot) -> None:
        """Keep the world as it is after so many events."""

    def nearest(self, events: int) -> tuple[int, Snapshot] | None:
        """The newest keyframe that is not younger."""

    def fork(self, events: int, *, past: bool) -> "Keeper":
        """Another keeper with everything up to there; in the past, what was done then has not been done yet."""


@dataclass(slots=True, eq=False)
class MemoryKeeper:
    """Keeps all in memory: for tests, and for worlds that nobody sleeps on."""

    actions: list[Recorded] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    frames: list[tuple[int, Snapshot]] = field(default_factory=list)

    def keep_action(self, recorded: Recorded) -> None:
        """Keep it as long as this process lives."""
        self.actions.append(recorded)

    def keep_block(self, number: int, block: Block) -> None:
        """Keep a sealed block."""
        if number == len(self.blocks):
            self.blocks.append(block)

    def block(self, number: int) -> bytes | None:
        """A sealed block."""
        return bytes(self.blocks[number].items[0]) if number < len(self.blocks) else None

    def keep_keyframe(self, events: int, copy: Snapshot) -> None:
        """Keep a keyframe, in order."""
        if not self.frames or self.frames[-1][0] < events:
            self.frames.append((events, copy))

    def nearest(self, events: int) -> tuple[int, Snapshot] | None:
        """The newest that is not younger."""
        place = bisect_right(self.frames, events, key=lambda frame: frame[0])
        return self.frames[place - 1] if place else None

    def fork(self, events: int, *, past: bool) -> "MemoryKeeper":
        """Share what never changes."""
        return MemoryKeeper(
            done_by(self.actions, events, past=past),
            self.blocks[: events // BLOCK_ENTRIES],
            [frame for frame in self.frames if frame[0] <= events],
        )


def done_by(actions: list[Recorded], events: int, *, past: bool) -> list[Recorded]:
    """The actions up to a moment: those that wait there belong to the present; in the past they are still to come."""
    return [one for one in actions if one.after < events or (one.after == events and not past)]
