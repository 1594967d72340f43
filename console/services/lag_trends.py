"""Whether a lag grows or shrinks, by what pages have seen of it in the last minute.

*Invariants*: at most LAGS_MAX lags are remembered, the longest unseen forgotten first, SAMPLES_MAX numbers of each; a
trend is told only when something was seen long enough before.
*Not here*: the lag itself (console/kafka/groups.py). Nothing is kept when the process ends.
"""

import threading
import time
from collections import deque
from dataclasses import dataclass

LAGS_MAX = 5_000
SAMPLES_MAX = 30
WINDOW_S = 60.0
APART_S = 3.0  # two numbers that are closer say nothing


@dataclass(frozen=True, slots=True)
class Trend:
    """How a lag changed: `per_s` records in a second (below zero: it shrinks), seen over `over_s` seconds."""

    per_s: float
    over_s: float

    @property
    def direction(self) -> str:
        """In a word; less than a record in ten seconds is no direction."""
        return "steady" if abs(self.per_s) < 0.1 else "grows" if self.per_s > 0 else "shrinks"


_lock = threading.Lock()
_seen: dict[object, deque[tuple[float, int]]] = {}


def seen(key: object, lag: int | None, now_s: float | None = None) -> Trend | None:
    """Note a lag that a page shows; return its trend."""
    if lag is None:
        return None
    now_s = time.monotonic() if now_s is None else now_s
    with _lock:
        samples = _seen.pop(key, None) or deque(maxlen=SAMPLES_MAX)
        _seen[key] = samples
        while len(_seen) > LAGS_MAX:
            del _seen[next(iter(_seen))]
        while samples and now_s - samples[0][0] > WINDOW_S:
            samples.popleft()
        trend = None
        if samples and now_s - samples[0][0] >= APART_S:
            over_s = now_s - samples[0][0]
            trend = Trend((lag - samples[0][1]) / over_s, over_s)
        if not samples or now_s - samples[-1][0] >= APART_S / 2:
            samples.append((now_s, lag))
        return trend
