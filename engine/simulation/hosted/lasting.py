"""Faults that last: when each began, when it ended, of what was seen in a history.

A broker or a client that is down, a disk that is slow or full, a client that is cut off or stands still, a log
directory that is offline. Each is a span of the world's time; one that has not ended lasts until now.

Invariants:
- One node has one open span of a state; the same seen again changes nothing, a disk that is slow in another way does.
- What is to last for a time, and again before that is over, ends once: at the later end.
- Beginning and end are events of the history; at most SPANS_MAX spans are kept, the oldest are forgotten.

Not here: marks (moments.py), words and how they are drawn (pages make those).
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from engine.simulation.hosted.keepers import Recorded

SPANS_MAX = 300
BEGINS = {
    "killed": "down", "crashed": "down", "stopped": "down", "could not start": "down", "client crashed": "down",
    "disk is slow": "slow disk", "disk is short": "full disk", "frozen": "frozen", "severed": "cut off",
    "log_dir_offline": "offline",
}  # fmt: skip
ALL = tuple(dict.fromkeys(BEGINS.values()))
ENDS = {
    "started": ("down", "offline"), "client started": ("down",), "client stopped": ("down",), "removed actor": ALL,
    "disk is as fast as before": ("slow disk",), "disk has room": ("full disk",), "thawed": ("frozen",),
    "mended": ("cut off",),
}  # fmt: skip
BY_ITSELF = ("thawed", "mended")  # when the time of its beginning is up
Span = dict[str, Any]
Facts = dict[str, Any]


@dataclass(slots=True)
class Lasting:
    """The spans of one timeline, found as its history grows."""

    open: dict[tuple[str, str], Span] = field(default_factory=dict)  # by node and state
    due_us: dict[tuple[str, str], int] = field(default_factory=dict)  # before then they do not end by themselves
    spans: deque[Span] = field(default_factory=lambda: deque(maxlen=SPANS_MAX))

    def since(self, event: int) -> list[Span]:
        """Those that began or ended behind an event, in the order in which they began."""
        return [one for one in self.spans if one["event"] > event or one["until_event"] > event]

    def take(self, event: int, at_us: int, facts: Facts) -> None:
        """Something was seen."""
        node, kind = facts["node"], facts["kind"]
        for state in ENDS.get(kind, ()):
            if kind not in BY_ITSELF or at_us >= self.due_us.get((node, state), 0):
                self._end(node, state, event, at_us)
        state = BEGINS.get(kind, "")
        if not state:
            return
        there = self.open.get((node, state))
        if there is not None and (kind != "disk is slow" or there["facts"] == facts):
            self._note_due(node, state, at_us, facts)
            return
        self._end(node, state, event, at_us)
        self._note_due(node, state, at_us, facts)
        span = {
            "event": event, "at_us": at_us, "state": state, "node": node, "facts": facts,
            "until_us": None, "until_event": 0,
        }  # fmt: skip
        self.open[node, state] = span
        self.spans.append(span)

    def _note_due(self, node: str, state: str, at_us: int, facts: Facts) -> None:
        if "for_us" in facts:
            self.due_us[node, state] = max(self.due_us.get((node, state), 0), at_us + facts["for_us"])

    def take_actions(self, actions: Iterable[Recorded], seen: int, seen_us: int, until_us: int) -> None:
        """What was done so long ago that what was seen of it is not looked at: what it must have led to until then.

        What was seen up to an event, at its time, is known already; what was done before may lead to something after.
        """
        led_to: list[tuple[int, int, Facts]] = []
        for one in actions:
            do = one.action["do"]
            for after_us, kind, *facts in FOLLOWS[do](one.action) if do in FOLLOWS else ():
                at_us = one.at_us + after_us
                if one.after >= seen or (after_us and at_us > seen_us):
                    found = {"node": one.action.get("name"), "kind": kind, **(facts[0] if facts else {})}
                    led_to.append((at_us, max(one.after, seen) + 1, found))
        for at_us, event, found in sorted(led_to, key=itemgetter(0, 1)):
            if at_us <= until_us:
                self.take(event, at_us, found)

    def _end(self, node: str, state: str, event: int, at_us: int) -> None:
        self.due_us.pop((node, state), None)
        span = self.open.pop((node, state), None)
        if span is not None:
            span["until_event"], span["until_us"] = event, at_us


FOLLOWS: dict[str, Any] = {  # an action: what is seen of it, after how long
    "kill": lambda done: [(0, "crashed" if done["loses"] == "unsynced" else "killed")],
    "stop": lambda done: [(0, "stopped")],
    "start": lambda done: [(0, "started")],
    "slow disk": lambda done: [
        (0, "disk is slow", {"by_us": done["by_ms"] * 1000}) if done["by_ms"] else (0, "disk is as fast as before")
    ],
    "full disk": lambda done: [(0, "disk is short" if done["full"] else "disk has room")],
    "freeze": lambda done: _for_a_time("frozen", "thawed", done["for_ms"] * 1000),
    "cut": lambda done: _for_a_time("severed", "mended", done["for_ms"] * 1000),
    "crash client": lambda done: [(0, "client crashed"), (done["down_ms"] * 1000, "client started")],
    "start client": lambda done: [(0, "client started")],
    "remove": lambda done: [(0, "removed actor")],
}


def _for_a_time(begins: str, ends: str, for_us: int) -> list[tuple[Any, ...]]:
    return [(0, begins, {"for_us": for_us}), (for_us, ends)]
