"""Topics as pages show them."""

from dataclasses import dataclass
from typing import Literal

from console.kafka.connection import ConnectionSpec

SortKey = Literal["name", "partitions", "replication_factor", "records", "size_bytes"]


@dataclass(frozen=True, slots=True)
class TopicSummary:
    """One row of the topics list."""

    name: str
    topic_id: str  # as Kafka's tools print it (URL-safe base64)
    internal: bool
    partitions: int
    replication_factor: int
    under_replicated: int  # partitions whose ISR is smaller than their replicas
    offline: int  # partitions without a leader
    records: int | None  # sum of log end - log start; None where it could not be read
    size_bytes: int | None  # of all replicas on disk; None where the cluster does not tell
    cleanup_policy: str | None  # filled by topic_page only


@dataclass(frozen=True, slots=True)
class TopicPage:
    """One page of the topics list: found, sorted and cut here, so that 9,000 topics cost few requests."""

    topics: list[TopicSummary]
    matching: int  # how many match the query
    total: int  # how many there are (internal ones included only if asked for)
    internal_hidden: int
    page: int  # from 1; the last one if a later one was asked for
    pages: int


@dataclass(frozen=True, slots=True)
class PartitionView:
    """One row of a topic's partitions."""

    index: int
    leader: int | None
    leader_epoch: int
    replicas: list[int]
    isr: list[int]
    offline_replicas: list[int]
    start_offset: int | None
    end_offset: int | None  # next to be written as consumers see it (high watermark)
    size_bytes: int | None  # of the leader's replica
    error: str | None = None  # why offsets are missing

    @property
    def records(self) -> int | None:
        """How many offsets are kept."""
        if self.start_offset is None or self.end_offset is None:
            return None
        return self.end_offset - self.start_offset


@dataclass(frozen=True, slots=True)
class TopicDetail:
    """What the topic page shows besides configs and records."""

    name: str
    topic_id: str
    internal: bool
    replication_factor: int
    partitions: list[PartitionView]  # in order of their index
    records: int | None
    size_bytes: int | None  # of all replicas


def topic_page(
    spec: ConnectionSpec,
    *,
    query: str = "",
    sort: SortKey = "name",
    descending: bool = False,
    internal: bool = False,
    page: int = 1,
    page_size: int = 50,
) -> TopicPage:
    """One page of topics whose name contains `query` (case does not matter)."""
    raise NotImplementedError


def list_topics(spec: ConnectionSpec) -> list[TopicSummary]:
    """All topics by name, internal ones too, with records and sizes, without cleanup_policy."""
    raise NotImplementedError


def describe_topic(spec: ConnectionSpec, name: str) -> TopicDetail:
    """One topic and its partitions; NotFound if it is not there (it is never created by asking)."""
    raise NotImplementedError
