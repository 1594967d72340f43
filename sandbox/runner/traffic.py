"""How much goes into a sandbox and out of it in a day: so that none becomes a place to drop files or to pass them on.

A day is one of UTC by the wall clock: the world's own can be set by its learner. Counted are records on their way,
that is requests that produce (the picture's form as well) and answers to Fetch. What actors in the world do is not.

*Invariant*: what was counted is written down after KEPT_BYTES at the latest: sleep, a kill and a fork begin no new day.
*Not here*: how fast (rates.py), how much may stay (the simulated disk).
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.simulation.hosted.refused import Refused

DAY_S = 86_400
KEPT_BYTES = 1 << 20


@dataclass(slots=True)
class Traffic:
    """What went through today."""

    bytes_max: int | None  # a day, each way
    day: int = 0
    taken: int = 0
    given: int = 0
    unkept: int = 0  # bytes since it was written down

    def must_take(self, size: int) -> None:
        """So many bytes want to come in; Refused if that is too much."""
        self._begin_day()
        if self.bytes_max is not None and self.taken + size > self.bytes_max:
            raise Refused(f"this sandbox takes {_size(self.bytes_max)} of records a day from outside: {_AGAIN}")

    def must_give(self) -> None:
        """Somebody wants to read; Refused if too much was read."""
        self._begin_day()
        if self.bytes_max is not None and self.given >= self.bytes_max:
            raise Refused(f"this sandbox gives {_size(self.bytes_max)} of records a day to the outside: {_AGAIN}")

    def count(self, taken: int, given: int) -> bool:
        """So many bytes came in and went out; whether that is to be written down now."""
        self._begin_day()
        self.taken += taken
        self.given += given
        self.unkept += taken + given
        return self.unkept >= KEPT_BYTES

    def _begin_day(self) -> None:
        today = int(time.time() // DAY_S)
        if today != self.day:
            self.day, self.taken, self.given, self.unkept = today, 0, 0, 0

    def as_json(self) -> dict[str, int]:
        """What is written down."""
        return {"day": self.day, "taken": self.taken, "given": self.given}


_AGAIN = "that was today's, and tomorrow's begins at 0:00 UTC"


def of(kept: Mapping[str, Any], bytes_max: int | None) -> Traffic:
    """What was written down, and goes on."""
    return Traffic(bytes_max, *(int(kept.get(name, 0)) for name in ("day", "taken", "given")))


def _size(count: int) -> str:
    return f"{count >> 30} GiB" if count >= 1 << 30 else f"{count >> 20} MiB"
