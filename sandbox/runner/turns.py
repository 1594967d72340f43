"""Whose turn it is, and for how long: a world is due when something is to happen in it, or to be shown of it.

Worlds that keep to the wall clock come first, whoever has been due longest before the others. Those that run faster
have what is left: slices that end before the next of the others is due, and while others play they rest after a slice
for RESTS times as long as it took. So whoever looks at another world does not see that they are there.

*Invariants*: nothing here reads a clock; no world waits for ever: one that hurries and waited for STARVED_S is next,
but of those never two in a row while one that keeps to the wall clock is due.
*Not here*: when a world is due, what happens in its turn (rounds.py, hosted.py).
"""

from dataclasses import dataclass, field
from operator import itemgetter
from typing import NamedTuple
from uuid import UUID

NEVER_S = float("inf")
SLICE_S = 0.005
HURRIED_S, LEAST_S = 0.002, 0.001  # of one that hurries; a shorter slice would be over before it began
RESTS = 4
STARVED_S = 0.05


class Turn(NamedTuple):
    """Who is next, and how long its slice is."""

    sandbox_id: UUID
    slice_s: float


@dataclass(slots=True)
class Turns:
    """When each world is due."""

    steady: dict[UUID, float] = field(default_factory=dict)
    hurried: dict[UUID, float] = field(default_factory=dict)
    after_s: dict[UUID, float] = field(default_factory=dict)  # what happens in one waits until then: it had a turn
    hurried_last: bool = False  # whoever had the last turn hurries

    def plan(self, sandbox_id: UUID, happens_s: float, shown_s: float, *, hurries: bool) -> None:
        """Something is to happen in a world then, and to be shown of it then."""
        after_s = self.after_s.get(sandbox_id, 0.0)
        if hurries:
            self.steady.pop(sandbox_id, None)
            self.hurried[sandbox_id] = max(min(happens_s, shown_s), after_s)
        else:
            self.hurried.pop(sandbox_id, None)
            self.steady[sandbox_id] = min(max(happens_s, after_s), shown_s)

    def had(self, sandbox_id: UUID, after_s: float) -> None:
        """It had its turn; what happens from now on is seen together, then."""
        self.after_s[sandbox_id], self.hurried_last = after_s, False

    def had_hurried(self, sandbox_id: UUID, began_s: float, ended_s: float, *, beside: bool) -> None:
        """It had its turn, and rests if that was beside others."""
        self.hurried_last = True
        self.after_s[sandbox_id] = ended_s + (RESTS * (ended_s - began_s) if beside else 0.0)

    def forget(self, sandbox_id: UUID) -> None:
        """It is gone."""
        for known in (self.steady, self.hurried, self.after_s):
            known.pop(sandbox_id, None)

    def next(self, now_s: float) -> Turn | None:
        """Whose turn it is now."""
        steady, steady_s = _first(self.steady)
        hurried, hurried_s = _first(self.hurried)
        steady_is_due = steady_s <= now_s
        if hurried is not None and hurried_s <= now_s - STARVED_S and not (self.hurried_last and steady_is_due):
            return Turn(hurried, SLICE_S)
        if steady is not None and steady_is_due:
            return Turn(steady, SLICE_S)
        if hurried is not None and hurried_s <= now_s:
            return Turn(hurried, min(HURRIED_S, max(LEAST_S, steady_s - now_s)))
        return None

    def pause_s(self, now_s: float) -> float:
        """For how long nobody has a turn."""
        return max(0.0, min([NEVER_S, *self.steady.values(), *self.hurried.values()]) - now_s)


def _first(due_s: dict[UUID, float]) -> tuple[UUID | None, float]:
    """Who has been due longest, or is due first, and when."""
    return min(due_s.items(), key=itemgetter(1)) if due_s else (None, NEVER_S)
