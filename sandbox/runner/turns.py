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
    """Who is next: whoever had a slice longest ago."""

    slices: int = 0
    last: dict[UUID, int] = field(default_factory=dict)  # the number of the last slice of each
    rest_until_s: dict[UUID, float] = field(default_factory=dict)
    eager: set[UUID] = field(default_factory=set)  # of those that rest: who has more to do

    def round(self, hosted: Mapping[UUID, Hosted], tick: Callable[[UUID], bool]) -> bool:
        """Call `tick`, which says whether a world has more to do at once, for those in turn; say whether any has."""
        ends_s = time.perf_counter() + ROUND_S
        self.last = {one: self.last.get(one, 0) for one in hosted}
        order = sorted(hosted, key=self.last.__getitem__)
        steady = [one for one in order if not hosted[one].hurries]
        hurry = [one for one in order if hosted[one].hurries]
        others = sum(one.plays for one in hosted.values()) > 1
        busy, taken = False, 0
        for sandbox_id in steady:
            busy = self._slice(sandbox_id, tick) or busy
            taken += 1
            if time.perf_counter() > ends_s:
                break
        return self._hurried(hurry, others, tick, ends_s) or busy or taken < len(steady)

    def _slice(self, sandbox_id: UUID, tick: Callable[[UUID], bool]) -> bool:
        self.slices += 1
        self.last[sandbox_id] = self.slices
        return tick(sandbox_id)

    def _hurried(self, order: list[UUID], others: bool, tick: Callable[[UUID], bool], ends_s: float) -> bool:
        """What is left of the round, one slice at least."""
        busy, now_s = False, time.perf_counter()
        self.rest_until_s = {one: until_s for one in order if (until_s := self.rest_until_s.get(one, 0)) > now_s}
        self.eager &= self.rest_until_s.keys()
        turn = [one for one in order if one not in self.rest_until_s]
        for number, sandbox_id in enumerate(turn, 1):
            began_s = time.perf_counter()
            more = self._slice(sandbox_id, tick)
            now_s = time.perf_counter()
            if others:
                self.rest_until_s[sandbox_id] = now_s + RESTS * (now_s - began_s)
                if more:
                    self.eager.add(sandbox_id)
            busy = busy or (more and not others)
            if now_s > ends_s:
                return busy or number < len(turn)
        return busy

    def pause_s(self) -> float:
        """How long the next round may wait for something to come: until who has more to do has rested."""
        now_s = time.perf_counter()
        return max(0.0, min([PAUSE_S, *(self.rest_until_s[one] - now_s for one in self.eager)]))
