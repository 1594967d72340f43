"""Moments of a history that people look for: what deserves a mark on a timeline, which event a time belongs to.

Invariants:
- Looking changes nothing in the world.
- At most MARKS_MAX marks are kept; of what is older than SCAN_MAX events only the learner's own actions are.
- One question reads SCAN_AT_ONCE events at most: the next goes on where it ended.
- No event is looked at twice, and none that can be known is passed over.

Not here: words and shapes of marks (pages make those), when something was seen last (looking_back.py).
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from engine.simulation.hosted import deeds, observed
from engine.simulation.hosted.lasting import Lasting, Span
from engine.simulation.hosted.timeline import Timeline
from engine.simulation.past import BLOCK_ENTRIES, Entry, entry_of

MARKS_MAX = 1_000
SCAN_MAX = 20_000
SCAN_AT_ONCE = 4_000
QUIET_ACTIONS = ("hang up",)
TRACKS = {  # what is seen, and the track of a timeline it is marked on
    "started": "cluster", "group": "cluster", "segments_deleted": "cluster", "log_start": "cluster", "left": "cluster",
    "offset_reset": "cluster", "removed": "cluster", "client started": "cluster", "client stopped": "cluster",
    "removed actor": "cluster",
    "killed": "faults", "crashed": "faults", "stopped": "faults",
    "could not start": "faults", "log_dir_offline": "faults", "partition_offline": "faults", "sync failed": "faults",
    "dies": "faults", "client crashed": "faults", "disk is short": "faults", "disk has room": "faults",
    "disk is slow": "faults", "disk is as fast as before": "faults", "wall clock leapt": "faults", "frozen": "faults",
    "severed": "faults", "not acknowledged": "faults", "given up": "faults", "lost in memory": "faults",
    "thawed": "faults", "mended": "faults",
}  # fmt: skip
PASSING = ("CompletingRebalance",)  # states of a group that say nothing by themselves
FIRST_OF = (
    "wall clock leapt",
    "offset_reset",
    "not acknowledged",
    "log_start",
    "group",
)  # one mark of an event is enough
Mark = dict[str, Any]


@dataclass(slots=True)
class Moments:
    """The marks of one timeline, found as its history grows."""

    scanned: int = -1
    groups: dict[str, tuple[Any, ...]] = field(default_factory=dict)  # how each was last seen: the same is no news
    marks: deque[Mark] = field(default_factory=lambda: deque(maxlen=MARKS_MAX))
    lasting: Lasting = field(default_factory=Lasting)

    def since(self, timeline: Timeline, event: int) -> tuple[list[Mark], list[Span]]:
        """The marks behind an event, and the faults that began or ended behind it, oldest first."""
        self._scan(timeline)
        return [mark for mark in self.marks if mark["event"] > event], self.lasting.since(event)

    def _scan(self, timeline: Timeline) -> None:
        first = max(self.scanned, timeline.head - SCAN_MAX, 0)
        if self.scanned < first:
            self._leap(timeline, first)
        last = min(timeline.head, first + SCAN_AT_ONCE)
        for number in range(first + 1, last + 1):
            row = timeline.row(number)
            if row is None and (number - 1) // BLOCK_ENTRIES >= (timeline.head - 1) // BLOCK_ENTRIES:
                last = number - 1  # the youngest events are nowhere while the playhead is before them: they come again
                break
            if row is not None and (row[2] == "act" or any(one[1] in TRACKS for one in row[5])):
                entry = entry_of(number, row)
                self.marks.extend(mark for mark in _marks_of(entry) if self._is_news(mark))
                for seen in entry.seen:
                    self.lasting.take(number, entry.at_us, observed.facts(seen))
        self.scanned = last

    def _leap(self, timeline: Timeline, first: int) -> None:
        """What was not looked at and is too old by now: the learner's own actions in it are known all the same."""
        done = [one for one in timeline.keeper.actions if one.after < first][-MARKS_MAX:]
        seen, begins = timeline.row(self.scanned), timeline.row(first + 1)
        self.lasting.take_actions(
            done, max(self.scanned, 0), -1 if seen is None else seen[0], 0 if begins is None else begins[0]
        )
        for one in done:
            if one.after >= self.scanned and one.action["do"] not in QUIET_ACTIONS:
                self.marks.append(_mark(one.after + 1, one.at_us, "you", "act", deeds.deed(one.action)))

    def _is_news(self, mark: Mark) -> bool:
        if mark["kind"] != "group":
            return True
        facts = mark["facts"]
        now, before = (facts["state"], facts["generation"], facts["members"]), self.groups.get(facts["group"])
        self.groups[facts["group"]] = now
        return now != before


def _marks_of(entry: Entry) -> list[Mark]:
    found = []
    if entry.kind == "act" and entry.brief["do"] not in QUIET_ACTIONS:
        found.append(_mark(entry.number, entry.at_us, "you", "act", deeds.deed(entry.brief)))
    known = set()
    for one in entry.seen:
        if one.kind in TRACKS and not (one.kind in FIRST_OF and one.kind in known):
            if one.kind == "group" and one.values[1] in PASSING:
                continue
            known.add(one.kind)
            found.append(_mark(entry.number, entry.at_us, TRACKS[one.kind], one.kind, observed.facts(one)))
    return found


def _mark(event: int, at_us: int, track: str, kind: str, facts: dict[str, Any]) -> Mark:
    return {"event": event, "at_us": at_us, "track": track, "kind": kind, "facts": facts}


def event_at(timeline: Timeline, at_us: int) -> int:
    """How many events have happened at a time; what is not known counts as early."""
    low, high = 0, timeline.head
    while low < high:
        middle = (low + high + 1) // 2
        row = timeline.row(middle)
        if row is None or row[0] <= at_us:
            low = middle
        else:
            high = middle - 1
    return low
