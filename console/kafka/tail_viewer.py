"""One viewer of a live tail: what it watches, its exact counters, and the next frame for it.

Invariants:
- arrived = shown + dropped + others + unread, in each frame; all count from the viewer's start.
- A viewer is shown at most its rate, the newest first when there is more; what it asks for slowly costs no memory.
- `positions` name the offsets up to which everything was counted: who comes back with them goes on from there.

Not here: the shared ring (tail_ring.py), fetching (tail.py), what a filter is (tail_filters.py).
"""

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from console.kafka.records import RecordView
from console.kafka.tail_ring import SHOWN_MAX, Allowance, Entry, Part, Place, choose

if TYPE_CHECKING:
    from console.kafka.tail import Tail
    from console.kafka.tail_filters import Lane, Look

PARTITIONS_RESUMED_MAX = 1_000  # a browser is told the positions of so many
BEGIN = Place()


@dataclass(frozen=True, slots=True)
class TailFrame:
    """What a viewer is to see next, and its counters."""

    records: list[RecordView]  # in order of arrival, at most records_max
    arrived: int
    shown: int
    dropped: int  # matching, not shown
    state: Literal["live", "reconnecting"]
    reason: str | None  # why it is reconnecting, in words
    others: int = 0  # looked at: they do not match the filter
    unread: int = 0  # came too fast for the filter, or while nobody watched: not looked at
    missed: int = 0  # of those not shown: they came before this viewer was back and were not read
    positions: dict[int, int] = field(default_factory=dict)  # next offset of partitions, those that changed
    topic_id: str = ""

    @property
    def matching(self) -> int:
        """What the filter lets through; without one, everything."""
        return self.shown + self.dropped


@dataclass(slots=True, eq=False)
class Watching:
    """One viewer as its tail knows it."""

    tail: "Tail"
    lane: "Lane"
    partitions: frozenset[int] | None  # None: all
    allowance: Allowance
    starts: dict[int, int] = field(default_factory=dict)  # offsets from which it counts
    joined: bool = False  # its starts are known
    place: Place = BEGIN
    backlog: deque[Entry] = field(default_factory=deque)  # read for this viewer when it came back; SHOWN_MAX records
    backlog_index: int = 0
    arrived: int = 0
    shown: int = 0
    matching: int = 0
    unread: int = 0
    missed: int = 0
    moved: dict[int, int] = field(default_factory=dict)  # positions that changed since the last frame
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def sees(self, partition: int) -> bool:
        """Whether it watches this partition."""
        return self.joined and (self.partitions is None or partition in self.partitions)

    def count(self, partition: int, arrived: int, matching: int, position: int | None, *, unread: int = 0) -> None:
        """Records arrived, up to this position; of these some match, and some nobody looked at.

        None: they lie before what is counted as it comes, so they move no position.
        """
        assert 0 <= matching + unread <= arrived, "more are counted than arrived"
        self.arrived += arrived
        self.matching += matching
        self.unread += unread
        if position is not None:
            self.note(partition, position)
        self.news.set()

    def count_look(self, partition: int, arrived: int, found: "Look | None", position: int) -> None:
        """The same by what the filter says; None: nobody looked."""
        if self.lane.matcher is None:
            self.count(partition, arrived, arrived, position)
        elif found is None:
            self.count(partition, arrived, 0, position, unread=arrived)
        else:
            start = self.starts.get(partition, 0)
            matching, unread = (
                sum(view.offset >= start for view in views) for views in (found.matching, found.not_compared)
            )
            self.count(partition, arrived, matching, position, unread=unread)

    def note(self, partition: int, position: int) -> None:
        """Everything up to this offset is counted."""
        if partition < PARTITIONS_RESUMED_MAX:
            self.moved[partition] = position

    def miss(self, partition: int, records: int, position: int | None) -> None:
        """Records that came and are not read: without a filter they match, with one nobody knows."""
        self.missed += records
        if self.lane.matcher is None:
            self.count(partition, records, records, position)
        else:
            self.count(partition, records, 0, position, unread=records)

    def bring(self, entry: Entry) -> None:
        """Something that came while it was away."""
        self.backlog.append(entry)
        while len(self.backlog) > 1 and sum(one.count for one in self.backlog) - self.backlog[0].count >= SHOWN_MAX:
            self.backlog.popleft()

    async def next_frame(self, records_max: int, wait_s: float) -> TailFrame:
        """Wait for news, then give the newest records and what became of the others."""
        if records_max > 0 and self._waiting_seen():
            wait_s = min(wait_s, self.allowance.next_s)
        try:
            async with asyncio.timeout(wait_s):
                await self.news.wait()
        except TimeoutError:
            pass
        self.news.clear()
        records = self._take(records_max) if records_max > 0 else self._pass()
        self.shown += len(records)
        return self.frame(records)

    def frame(self, records: list[RecordView]) -> TailFrame:
        """These records, and how it stands."""
        tail = self.tail
        state: Literal["live", "reconnecting"] = "live" if tail.reason is None else "reconnecting"
        moved, self.moved = self.moved, {}
        return TailFrame(
            records, self.arrived, self.shown, self.matching - self.shown, state, tail.reason,
            others=self.arrived - self.matching - self.unread, unread=self.unread, missed=self.missed,
            positions=moved, topic_id=tail.topic_id.hex(),
        )  # fmt: skip

    def _waiting(self) -> list[Part]:
        """What it has not been shown, newest first."""
        waiting = [part for part in self.lane.ring.since(self.place) if self.sees(part.entry.partition)]
        for number in range(len(self.backlog) - 1, -1, -1):
            entry, index = self.backlog[number], 0 if number else self.backlog_index
            if index < entry.count:
                waiting.append(Part(entry, index, entry.count - index))
        return waiting

    def _waiting_seen(self) -> bool:
        return bool(self.backlog) or any(self.sees(part.entry.partition) for part in self.lane.ring.since(self.place))

    def _pass(self) -> list[RecordView]:
        """Nothing is to be shown: what waits is passed."""
        self.place = self.lane.ring.end
        self.backlog.clear()
        return []

    def _take(self, records_max: int) -> list[RecordView]:
        allowed = self.allowance.rows(time.monotonic())
        chosen = choose(self._waiting(), allowed)
        records: list[RecordView] = []
        for part in chosen:
            take = min(part.take, records_max - len(records))
            if take <= 0:
                break
            records += self._views(part, take)
            self._go_behind(part.entry, part.index + take)
        self.allowance.spend(len(records))
        return records

    def _views(self, part: Part, take: int) -> list[RecordView]:
        entry = part.entry
        if entry.decode is not None and not self.tail.may_decode(entry.count):
            return []
        start = self.starts.get(entry.partition, 0) if entry.number else 0
        views = entry.opened()[part.index : part.index + take]
        return [view for view in views if view.offset >= start]

    def _go_behind(self, entry: Entry, index: int) -> None:
        if entry.number:
            self.backlog.clear()
            self.place = Place(entry.number, index)
            return
        while self.backlog[0] is not entry:
            self.backlog.popleft()
        self.backlog_index = index
        if index >= entry.count:
            self.backlog.popleft()
            self.backlog_index = 0
