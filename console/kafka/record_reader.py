"""Reading records of many partitions in one order, a page of them, forwards or backwards.

Each partition is a run of records in offset order; runs are merged by timestamp. A run
that is used up is filled again, all such runs by one Fetch per leader, until the page is
full, the ends are reached, or time or bytes are up.

Invariants:
- Within a partition no record is left out between two that are given (markers and what
  compaction removed aside), so `position` is where the next page goes on.
- A fetch goes on by offsets and batches, never by counting records: gaps are fine.
- At most BYTES_MAX bytes are read for a page, and little more is kept.

Not here: where a page begins (records.py).
"""

from collections import deque
from dataclasses import dataclass, field

from console.kafka.connection import Session
from engine.client.calls import Fetched
from engine.client.records import ConsumedRecord, decode

BYTES_MAX = 24 << 20
FETCH_BYTES_MAX = 8 << 20
PARTITION_BYTES_MAX = 1 << 20
RUN_RECORDS_MAX = 2_000  # of one partition in memory
FIRST_WINDOW = 8  # records looked at backwards before it is known how large they are
WINDOW_BYTES = 1 << 20
SPARE_MS = 150  # what is left for the answer itself when reading stops for lack of time


@dataclass(slots=True, eq=False)
class Run:
    """One partition as far as it is read. Forwards: start <= position; backwards: position <= end, both exclusive."""

    partition: int
    start: int  # first offset that there is
    end: int  # behind the last one
    position: int  # where the page stands: next to be given, or behind it when going back
    loaded: int = 0  # how far has been fetched, in the same sense
    records: deque[ConsumedRecord] = field(default_factory=deque)  # in the order of the page
    window: int = FIRST_WINDOW
    window_low: int = 0  # backwards: the window that is being filled is window_low <= offset < loaded
    window_next: int = -1  # backwards: how far the window is fetched; -1: no window
    window_records: list[ConsumedRecord] = field(default_factory=list)
    window_bytes: int = 0
    control_records: int = 0
    damaged: list[tuple[int, int, str]] = field(default_factory=list)
    error: str | None = None

    def __post_init__(self) -> None:
        self.loaded = self.position


@dataclass(slots=True, eq=False)
class Reader:
    """A page in the making."""

    session: Session
    topic: str
    runs: list[Run]
    backwards: bool
    bytes_read: int = 0
    complete: bool = True

    async def read(self, limit: int) -> list[ConsumedRecord]:
        """Return the next `limit` records of all runs together."""
        page: list[ConsumedRecord] = []
        while len(page) < limit:
            if not await self._fill(limit):
                self.complete = False
                break
            heads = [run for run in self.runs if run.records]
            if not heads:
                break
            run = max(heads, key=self._rank) if self.backwards else min(heads, key=self._rank)
            record = run.records.popleft()
            run.position = record.offset if self.backwards else record.offset + 1
            page.append(record)
        for run in self.runs:
            if not run.records and run.error is None:
                run.position = run.loaded  # nothing but gaps and markers on the way there
        return page

    def _rank(self, run: Run) -> tuple[int, int]:
        return run.records[0].timestamp_ms, -run.partition if self.backwards else run.partition

    def _has_more(self, run: Run) -> bool:
        if run.error is not None:
            return False
        return run.loaded > run.start if self.backwards else run.loaded < run.end

    async def _fill(self, limit: int) -> bool:
        """Fetch until every run has a record or is at its end; False when time or bytes are up first."""
        while True:
            hungry = [run for run in self.runs if not run.records and self._has_more(run)]
            if not hungry:
                return True
            if self.bytes_read >= BYTES_MAX or self.session.remaining_ms <= SPARE_MS:
                return False
            wanted = [(self.topic, run.partition, self._fetch_offset(run, limit)) for run in hungry]
            found = await self.session.fetch(wanted, bytes_max=FETCH_BYTES_MAX, partition_bytes_max=PARTITION_BYTES_MAX)
            for run in hungry:
                fetched = found[self.topic, run.partition]
                self.bytes_read += len(fetched.records)
                if fetched.error is not None:
                    run.error = str(fetched.error)
                elif self.backwards:
                    self._take_backwards(run, fetched)
                else:
                    self._take_forwards(run, fetched)

    def _fetch_offset(self, run: Run, limit: int) -> int:
        if not self.backwards:
            return run.loaded
        if run.window_next < 0:
            run.window_low = max(run.start, run.loaded - min(run.window, limit))
            run.window_next = run.window_low
        return run.window_next

    def _take_forwards(self, run: Run, fetched: Fetched) -> None:
        decoded = decode(fetched)
        kept = [record for record in decoded.records if record.offset < run.end][:RUN_RECORDS_MAX]
        cut = len(kept) == RUN_RECORDS_MAX
        run.records.extend(kept)
        run.damaged += decoded.damaged
        run.control_records += decoded.control_records
        if cut:
            run.loaded = kept[-1].offset + 1
        elif fetched.next_offset > run.loaded:
            run.loaded = min(run.end, fetched.next_offset)

    def _take_backwards(self, run: Run, fetched: Fetched) -> None:
        decoded = decode(fetched)
        inside = [record for record in decoded.records if record.offset < run.loaded]
        run.window_records += inside
        run.window_bytes += len(fetched.records)
        run.damaged += [entry for entry in decoded.damaged if entry[0] < run.loaded]
        if fetched.next_offset > run.window_next:
            run.window_next = fetched.next_offset
            run.control_records += decoded.control_records
        if run.window_next < run.loaded:
            return
        # The window is whole: it becomes the run, newest first, and the next one is sized by what this one took.
        count = max(1, run.loaded - run.window_low)
        average = max(1, run.window_bytes // count)
        run.window = max(FIRST_WINDOW, min(run.window * 8, WINDOW_BYTES // average))
        run.records.extend(reversed(run.window_records))
        run.loaded, run.window_next = run.window_low, -1
        run.window_records, run.window_bytes = [], 0
