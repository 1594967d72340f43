"""Whether a lag grows or shrinks, by what pages have seen of it in the last minute.

Invariants:
- At most LAGS_MAX lags are remembered, the longest unseen forgotten first, SAMPLES_MAX numbers of each.
- A trend is told only when something was seen long enough before.
- What somebody's reset did to a lag is no trend: commits that went back end it, and after a reset of ours nothing is
  noted until no page can show numbers from before it.
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
SETTLES_S = 10.0  # pages share answers that may be as old


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


@dataclass(slots=True)
class _History:
    """What was seen of one lag."""

    samples: deque[tuple[float, int]]  # when, and how much
    committed: int = 0  # up to where all commits together were last seen
    from_s: float = 0.0  # before that nothing is noted


_seen: dict[object, _History] = {}


def seen(key: object, lag: int | None, committed: int, now_s: float | None = None) -> Trend | None:
    """Note a lag that a page shows, and the sum of the commits that it is of; return its trend."""
    if lag is None:
        return None
    now_s = time.monotonic() if now_s is None else now_s
    with _lock:
        history = _history(key)
        samples = history.samples
        if committed < history.committed or now_s < history.from_s:
            samples.clear()
        history.committed = committed
        if now_s < history.from_s:
            return None
        while samples and now_s - samples[0][0] > WINDOW_S:
            samples.popleft()
        trend = None
        if samples and now_s - samples[0][0] >= APART_S:
            over_s = now_s - samples[0][0]
            trend = Trend((lag - samples[0][1]) / over_s, over_s)
        if not samples or now_s - samples[-1][0] >= APART_S / 2:
            samples.append((now_s, lag))
        return trend


def moved(key: object, now_s: float | None = None) -> None:
    """Somebody has put the commits elsewhere: how the lag changed by that says nothing of the readers."""
    now_s = time.monotonic() if now_s is None else now_s
    with _lock:
        _history(key).from_s = now_s + SETTLES_S


def _history(key: object) -> _History:
    found = _seen.pop(key, None) or _History(deque(maxlen=SAMPLES_MAX))
    _seen[key] = found  # the last one looked at stands last
    while len(_seen) > LAGS_MAX:
        del _seen[next(iter(_seen))]
    return found
