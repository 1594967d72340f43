"""What is measured: one Case a row, with what must be reached beside the C reference and beside Apache Kafka.

Interleaved rounds, the median of each figure; broker and load on a core of their own
where there are two (not with fsync: there the sync thread needs the other core; not with
librdkafka, which has threads of its own; Apache Kafka always has all cores).
"""

from dataclasses import dataclass
from typing import Literal

Figure = Literal["MB/s", "requests/s", "p50 us"]
Load = Literal["produce", "fetch", "commit", "librdkafka produce", "librdkafka consume"]


@dataclass(frozen=True)
class Case:
    """One row: a load on one topic of 12 partitions, and the bars it is held against."""

    name: str
    figure: Figure
    load: Load
    arguments: tuple[int, ...]  # of the load generator, after the topic
    durability: Literal["pagecache", "fsync"] = "pagecache"
    ratio_min: float | None = None  # ours divided by the reference's
    extra_us_max: float | None = None  # ours minus the reference's
    rate_min: float | None = None  # ours alone
    kafka_ratio_min: float | None = None  # ours divided by Apache Kafka's
    kafka_ratio_max: float | None = None
    kafka_cpu_max: float | None = None  # our CPU divided by Apache Kafka's

    @property
    def pinned(self) -> bool:
        """Say whether broker and load get a core each."""
        return self.durability == "pagecache" and not self.load.startswith("librdkafka")

    def runs_on(self, server: str) -> bool:
        """Say whether a server can be measured with it."""
        if server == "reference":
            return self.load != "commit"
        if server == "mock":
            return self.load == "librdkafka produce"
        return server == "odradek" or self.durability == "pagecache"


# partitions, connections, record bytes, batch bytes, depth, bytes, seconds, acks
CASES = (
    Case(
        "produce 1 MB, 1 connection", "MB/s", "produce", (1, 1, 1024, 1 << 20, 5, 10**9, 3, 1),
        ratio_min=0.90, kafka_ratio_min=2.0, kafka_cpu_max=0.5,
    ),
    Case("produce 16 KB, 4 connections", "MB/s", "produce", (12, 4, 1024, 16 << 10, 5, 600_000_000, 3, 1)),
    Case(
        "tiny x 64, 1 connection", "requests/s", "produce", (1, 1, 100, 1, 64, 90_000_000, 2, 1),
        ratio_min=0.95, kafka_ratio_min=4.0,
    ),
    Case(
        "tiny x 64, 4 connections", "requests/s", "produce", (12, 4, 100, 1, 64, 90_000_000, 2, 1),
        ratio_min=0.95, kafka_ratio_min=4.0,
    ),
    Case(
        "tiny x 1, 100 connections", "requests/s", "produce", (12, 100, 100, 1, 1, 40_000_000, 2, 1), ratio_min=0.60
    ),
    Case(
        "one record, acks=1", "p50 us", "produce", (1, 1, 100, 1, 1, 5_000_000, 2, 1),
        extra_us_max=25, kafka_ratio_max=0.75,
    ),
    Case("fetch 12 partitions", "MB/s", "fetch", (12, 1, 1 << 20, 12 << 20, 600_000_000, 4)),
    Case("commits, 8 connections", "requests/s", "commit", (12, 8, 100, 1, 8, 20_000_000, 2, 1), rate_min=10_000),
    # partitions, record bytes, bytes
    Case(
        "librdkafka produce 1 KB, 1 p", "MB/s", "librdkafka produce", (1, 1024, 500_000_000),
        ratio_min=0.90, kafka_ratio_min=1.1, kafka_cpu_max=0.5,
    ),
    Case(
        "librdkafka produce 1 KB, 12 p", "MB/s", "librdkafka produce", (12, 1024, 500_000_000),
        ratio_min=0.90, kafka_ratio_min=1.1, kafka_cpu_max=0.5,
    ),
    Case(
        "librdkafka consume 1 KB, 12 p", "MB/s", "librdkafka consume", (12, 1024, 550_000_000),
        ratio_min=0.90, kafka_ratio_min=1.0,
    ),
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

# What is in the topic before something is read: 12 partitions of 50 MB.
FETCH_FILL = (12, 1, 1024, 1 << 20, 5, 600_000_000, 4, 1)
# What makes Apache Kafka's code warm before anything of it is measured.
WARM_UP = (
    (12, 4, 1024, 16 << 10, 5, 600_000_000, 4, 1),
    (12, 4, 100, 1, 64, 30_000_000, 4, 1),
    (1, 1, 100, 1, 1, 5_000_000, 3, 1),
)
# Facts that are held against Apache Kafka's: at most this share of it.
FACTS_KAFKA_MAX = {"ready with 100 partitions, s": 0.25, "idle PSS, MB": 0.25}
