"""How fast programs outside may write into one sandbox, by wall time: buckets that fill.

*Invariant*: nothing is lost: who is too fast gets its answer later, and is told so (throttle_time_ms).
*Not here*: what actors in the world do (events have a budget of their own, hosted.py).
"""

from dataclasses import dataclass

from engine.simulation.hosted import written
from engine.simulation.hosted.doors import PRODUCE, Asked

BURST_S = 10.0  # a bucket holds so many seconds' worth
HOLD_S_MAX = 30.0


@dataclass(slots=True)
class Bucket:
    """One kind of thing."""

    a_second: float | None
    level: float = 0.0  # what was taken and has not drained yet
    at_s: float = 0.0

    def draw(self, amount: float, now_s: float) -> float:
        """Take some; return for how many seconds that is too much."""
        if self.a_second is None:
            return 0.0
        self.level = max(0.0, self.level - (now_s - self.at_s) * self.a_second) + amount
        self.at_s = now_s
        return max(0.0, self.level / self.a_second - BURST_S)


@dataclass(slots=True)
class Rate:
    """What one sandbox takes from outside."""

    records: Bucket
    bytes: Bucket

    def draw(self, asked: Asked, now_s: float) -> float:
        """Take a write; return when it may be answered, 0 for at once."""
        if asked.api_key != PRODUCE:
            return 0.0
        sent = written.sent(asked.frame, {})
        count = 1 if sent is None else sum(sent.counts.values())
        late_s = max(self.records.draw(count, now_s), self.bytes.draw(len(asked.frame), now_s))
        return now_s + min(late_s, HOLD_S_MAX) if late_s else 0.0
