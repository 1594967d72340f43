"""What is measured: one Case a row, with the ratio to the C reference that must be reached.

Interleaved rounds, the median of each figure; broker and load on a core of their own
where there are two (not with fsync: there the sync thread needs the other core).
"""

from dataclasses import dataclass
from typing import Literal

Figure = Literal["MB/s", "requests/s", "p50 us"]


@dataclass(frozen=True)
class Case:
    """One row: a load on one topic of 12 partitions, and the bar it is held against."""

    name: str
    figure: Figure
    load: Literal["produce", "fetch"]
    arguments: tuple[int, ...]  # of the load generator, after the topic
    durability: Literal["pagecache", "fsync"] = "pagecache"
    ratio_min: float | None = None  # ours divided by the reference's
    extra_us_max: float | None = None  # ours minus the reference's

    @property
    def pinned(self) -> bool:
        """Say whether broker and load get a core each."""
        return self.durability == "pagecache"


# partitions, connections, record bytes, batch bytes, depth, bytes, seconds, acks
CASES = (
    Case("produce 1 MB, 1 connection", "MB/s", "produce", (1, 1, 1024, 1 << 20, 5, 10**9, 3, 1), ratio_min=0.90),
    Case("produce 16 KB, 4 connections", "MB/s", "produce", (12, 4, 1024, 16 << 10, 5, 600_000_000, 3, 1)),
    Case("tiny x 64, 1 connection", "requests/s", "produce", (1, 1, 100, 1, 64, 90_000_000, 2, 1), ratio_min=0.85),
    Case("tiny x 64, 4 connections", "requests/s", "produce", (12, 4, 100, 1, 64, 90_000_000, 2, 1), ratio_min=0.85),
    Case("tiny x 1, 100 connections", "requests/s", "produce", (12, 100, 100, 1, 1, 40_000_000, 2, 1)),
    Case("one record, acks=1", "p50 us", "produce", (1, 1, 100, 1, 1, 5_000_000, 2, 1), extra_us_max=25),
    Case("fetch 12 partitions", "MB/s", "fetch", (12, 1, 1 << 20, 12 << 20, 600_000_000, 4)),
    Case(
        "produce 1 MB, acks=all, fsync", "MB/s", "produce", (1, 1, 1024, 1 << 20, 5, 1_000_000_000, 3, -1), "fsync",
        ratio_min=0.70,
    ),
    Case(
        "tiny x 64, acks=all, fsync", "requests/s", "produce", (1, 1, 100, 1, 64, 60_000_000, 2, -1), "fsync",
        ratio_min=0.70,
    ),
    Case("one record, acks=all, fsync", "p50 us", "produce", (1, 1, 100, 1, 1, 5_000_000, 2, -1), "fsync"),
)  # fmt: skip

# What is in the topic before the fetch case: 12 partitions of 50 MB.
FETCH_FILL = (12, 1, 1024, 1 << 20, 5, 600_000_000, 4, 1)
