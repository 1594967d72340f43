"""What a live tail remembers of the newest records, for all its viewers together, and which of them one is shown.

A viewer keeps a place in the ring, never records: however slowly it asks, it costs nobody memory. Batches stand here
undecoded; one is decoded when the first viewer is to be shown something of it, and only its first records are kept.

Invariants:
- A ring holds at most BYTES_MAX, and of a partition no batch that is older than its newest SHOWN_MAX records.
- What is chosen is in order of arrival, at most the allowance, and the newest there is.

Not here: counting (tail_viewer.py), fetching (tail.py). Everything here is pure.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from console.kafka.records import RecordView

SHOWN_MAX = 500  # rows that a page keeps; no viewer is shown more in a second
BYTES_MAX = 8 << 20


@dataclass(slots=True, eq=False)
class Entry:
    """Records of one partition that arrived together."""

    number: int  # in order of arrival
    partition: int
    count: int
    size_bytes: int
    decode: Callable[[], list[RecordView]] | None = None  # None: it is decoded
    views: list[RecordView] = field(default_factory=list)  # the first SHOWN_MAX, once decoded

    def opened(self) -> list[RecordView]:
        """The records; decoded when somebody asks first."""
        if self.decode is not None:
            self.views = self.decode()[:SHOWN_MAX]
            self.decode = None
        return self.views


class Place(NamedTuple):
    """Where a viewer is: before this record of this entry."""

    number: int = 0
    index: int = 0


class Part(NamedTuple):
    """Some records of an entry: `take` of them from `index` on."""

    entry: Entry
    index: int
    take: int


class Ring:
    """The newest batches."""

    def __init__(self) -> None:
        self.entries: dict[int, Entry] = {}  # by number, oldest first
        self.size_bytes = 0
        self._parts: dict[int, deque[Entry]] = {}
        self._records: dict[int, int] = {}
        self._next = 1

    @property
    def end(self) -> Place:
        """Behind everything that arrived."""
        return Place(self._next)

    def add(
        self, partition: int, count: int, size_bytes: int, *, decode: Callable[[], list[RecordView]] | None = None,
        views: Iterable[RecordView] = (),
    ) -> None:  # fmt: skip
        """Remember what arrived; forget what nobody needs."""
        entry = Entry(self._next, partition, count, size_bytes, decode, list(views)[:SHOWN_MAX])
        self._next += 1
        self.entries[entry.number] = entry
        part = self._parts.setdefault(partition, deque())
        part.append(entry)
        self._records[partition] = self._records.get(partition, 0) + count
        self.size_bytes += size_bytes
        while len(part) > 1 and self._records[partition] - part[0].count >= SHOWN_MAX:
            self._forget(part[0])
        while self.size_bytes > BYTES_MAX and len(self.entries) > 1:
            self._forget(next(iter(self.entries.values())))

    def _forget(self, entry: Entry) -> None:
        del self.entries[entry.number]
        oldest = self._parts[entry.partition].popleft()
        assert oldest is entry, "a partition forgets its oldest batch first"
        self._records[entry.partition] -= entry.count
        self.size_bytes -= entry.size_bytes

    def since(self, place: Place) -> Iterator[Part]:
        """What arrived after a place, newest first."""
        for number in reversed(self.entries):
            if number < place.number:
                return
            entry = self.entries[number]
            index = place.index if number == place.number else 0
            if index < entry.count:
                yield Part(entry, index, entry.count - index)


def choose(waiting: Iterable[Part], allowed: int) -> list[Part]:
    """Of what waits (newest first), the newest records that are allowed, in order of arrival.

    Of the oldest batch that is chosen in part, its first records are taken: only those are kept decoded.
    """
    chosen: list[Part] = []
    for part in waiting:
        if allowed <= 0:
            break
        chosen.append(part._replace(take=min(part.take, allowed)))
        allowed -= chosen[-1].take
    chosen.reverse()
    return chosen


@dataclass(slots=True)
class Allowance:
    """How many rows may be shown now: at most `per_s` in a second, saved up for one second."""

    per_s: int
    saved: float
    at_s: float

    @classmethod
    def of(cls, per_s: int, now_s: float) -> "Allowance":
        """A full one."""
        return cls(per_s, float(per_s), now_s)

    def rows(self, now_s: float) -> int:
        """How many may be shown at this moment."""
        self.saved = min(float(self.per_s), self.saved + max(0.0, now_s - self.at_s) * self.per_s)
        self.at_s = now_s
        return int(self.saved)

    def spend(self, rows: int) -> None:
        """They were shown."""
        assert rows <= self.saved, "more rows than are allowed"
        self.saved -= rows

    @property
    def next_s(self) -> float:
        """How long until one more may be shown."""
        return max(0.0, (1 - self.saved) / self.per_s)
