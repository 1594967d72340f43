"""Whose turn it is: slices for the worlds of a runner that play, one after the other, for a round's time.

Worlds that run faster than the wall clock come last in a round; and while others play, they rest after a slice for
RESTS times as long as it took. So whoever looks at another world does not see that they are there.

*Invariants*: a round takes ROUND_S and one slice at most; no world waits for ever.
*Not here*: how long a slice is, what happens in it (server.py, hosted.py).
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from sandbox.runner.hosted import Hosted

ROUND_S = 0.03
RESTS = 4
PAUSE_S = 0.02  # between two rounds when nothing is to be done at once


@dataclass(slots=True)
class Turns:
    """Who is next."""

    first: int = 0  # whose slice is the first of the next round
    rest_until_s: dict[UUID, float] = field(default_factory=dict)

    def round(self, hosted: Mapping[UUID, Hosted], tick: Callable[[UUID], bool]) -> bool:
        """Call `tick`, which says whether a world has more to do at once, for those in turn; say whether any has."""
        ends_s = time.perf_counter() + ROUND_S
        order = list(hosted)
        first = self.first % len(order) if order else 0
        order = order[first:] + order[:first]  # whoever had no slice in the last round comes first
        steady = [one for one in order if not hosted[one].hurries]
        hurry = [one for one in order if hosted[one].hurries]
        busy, taken = False, 0
        for sandbox_id in steady:
            busy = tick(sandbox_id) or busy
            taken += 1
            if time.perf_counter() > ends_s:
                break
        self.first += taken
        others = sum(one.plays for one in hosted.values()) > 1
        return self._hurried(hurry, others, tick, ends_s) or busy or taken < len(steady)

    def _hurried(self, order: list[UUID], others: bool, tick: Callable[[UUID], bool], ends_s: float) -> bool:
        """What is left of the round, one slice at least."""
        busy, now_s = False, time.perf_counter()
        resting = {one: until_s for one, until_s in self.rest_until_s.items() if until_s > now_s and one in order}
        for sandbox_id in order:
            if sandbox_id in resting:
                continue
            began_s = time.perf_counter()
            busy = (tick(sandbox_id) and not others) or busy
            now_s = time.perf_counter()
            if others:
                resting[sandbox_id] = now_s + RESTS * (now_s - began_s)
            if now_s > ends_s:
                break
        self.rest_until_s = resting
        return busy

    def pause_s(self) -> float:
        """How long the next round may wait for something to come."""
        now_s = time.perf_counter()
        return max(0.0, min([PAUSE_S, *(until_s - now_s for until_s in self.rest_until_s.values())]))
