"""Filters of live tails: viewers with the same filter share a lane, so a batch is looked at once for each filter.

A lane without a filter holds batches as they came; one with a filter holds the records that match. Looking takes
time on the loop that all pages of the console use, so it has a budget: what arrives beyond it is counted as not
looked at, never guessed.

Invariants: at most LANES_MAX lanes of a tail; a filter is asked about every record of a batch, or about none.
Not here: the language (console.search), counting (tail_viewer.py).
"""

from dataclasses import dataclass, field
from typing import Protocol

from console.kafka.records import RecordView
from console.kafka.tail_ring import Ring

LANES_MAX = 8
BUSY_SHARE_MAX = 0.4  # of the loop's time for filters
SAVED_S_MAX = 0.2


class Matcher(Protocol):
    """A filter as a tail uses it."""

    @property
    def key(self) -> str:
        """Equal filters have equal keys."""

    def may_match(self, data: bytes) -> bool:
        """Whether a record in these bytes (uncompressed) could match; False only when none can."""

    def matches(self, record: RecordView) -> bool | None:
        """Whether a record matches; None when it cannot be compared."""


@dataclass(slots=True, eq=False)
class Lane:
    """What viewers with one filter share."""

    matcher: Matcher | None = None
    ring: Ring = field(default_factory=Ring)
    viewers: int = 0

    @property
    def filters(self) -> bool:
        """Whether records can be left out."""
        return self.matcher is not None


@dataclass(frozen=True, slots=True)
class Look:
    """What a filter says of the records that arrived together."""

    matching: list[RecordView]
    not_compared: list[RecordView]


def look(matcher: Matcher, views: list[RecordView]) -> Look:
    """Hold each record against the filter."""
    found = Look([], [])
    for view in views:
        answer = matcher.matches(view)
        if answer is None:
            found.not_compared.append(view)
        elif answer:
            found.matching.append(view)
    return found


@dataclass(slots=True)
class Budget:
    """Seconds that may be spent now; they come back with time."""

    share: float = BUSY_SHARE_MAX
    saved_s: float = SAVED_S_MAX
    at_s: float = 0.0

    def allows(self, now_s: float) -> bool:
        """Whether more may be begun. What was begun is finished: the debt is waited for."""
        self.saved_s = min(SAVED_S_MAX, self.saved_s + (now_s - self.at_s) * self.share)
        self.at_s = now_s
        return self.saved_s > 0

    def spend(self, seconds: float) -> None:
        """It took so long."""
        self.saved_s -= seconds
