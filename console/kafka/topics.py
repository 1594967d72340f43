"""Topics as pages show them: a page of the list, one topic with its partitions.

The list costs one Metadata for all topics; offsets, sizes and cleanup policies are asked
for the rows of one page only, unless the list is sorted by them.

Invariant: a part that the cluster does not tell is None; the page comes all the same.
Not here: records (records.py), configurations (configs.py), writes (services).
"""

import asyncio
from base64 import urlsafe_b64encode
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from console.kafka import configs, sizes
from console.kafka.connection import TIME_LIMIT_S, ConnectionSpec, Session, run
from console.kafka.errors import refused
from engine.client.calls import EARLIEST, LATEST, OffsetFound, Place
from engine.client.cluster_metadata import NO_ID, error_code
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.metadata import MetadataResponsePartition, MetadataResponseTopic

BY_NUMBERS = ("records", "size_bytes")  # sorting by these asks for the numbers of all topics
BY_NUMBERS_LIMIT_S = 6.0
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

    async def read(session: Session) -> TopicPage:
        topics = _described((await session.metadata()).topics)
        hidden = 0 if internal else sum(topic.is_internal for topic in topics)
        shown = [topic for topic in topics if internal or not topic.is_internal]
        matching = [topic for topic in shown if query.casefold() in (topic.name or "").casefold()]
        rows = [_summary(topic) for topic in matching]
        if sort in BY_NUMBERS:
            rows = await _with_numbers(session, matching, rows)
        rows.sort(key=lambda row: row.name)
        if sort != "name":
            rows.sort(key=lambda row: getattr(row, sort) if getattr(row, sort) is not None else -1, reverse=descending)
        elif descending:
            rows.reverse()
        pages = max(1, -(-len(rows) // page_size))
        number = min(max(1, page), pages)
        cut = rows[(number - 1) * page_size : number * page_size]
        if sort not in BY_NUMBERS:
            by_name = {topic.name: topic for topic in matching}
            cut = await _with_numbers(session, [by_name[row.name] for row in cut], cut)
        policies = await configs.cleanup_policies(session, [row.name for row in cut])
        cut = [replace(row, cleanup_policy=policies.get(row.name)) for row in cut]
        return TopicPage(cut, len(rows), len(shown), hidden, number, pages)

    return run(spec, read, time_limit_s=BY_NUMBERS_LIMIT_S if sort in BY_NUMBERS else TIME_LIMIT_S)


def list_topics(spec: ConnectionSpec) -> list[TopicSummary]:
    """All topics by name, internal ones too, with records and sizes, without cleanup_policy."""

    async def read(session: Session) -> list[TopicSummary]:
        topics = _described((await session.metadata()).topics)
        rows = await _with_numbers(session, topics, [_summary(topic) for topic in topics])
        return sorted(rows, key=lambda row: row.name)

    return run(spec, read, time_limit_s=BY_NUMBERS_LIMIT_S)


def describe_topic(spec: ConnectionSpec, name: str) -> TopicDetail:
    """One topic and its partitions; NotFound if it is not there (it is never created by asking)."""

    async def read(session: Session) -> TopicDetail:
        topic = await one_topic(session, name)
        places = [(name, part.partition_index) for part in topic.partitions]
        offsets, found_sizes = await asyncio.gather(_offsets(session, [topic]), sizes.replica_sizes(session, places))
        parts = sorted(topic.partitions, key=lambda part: part.partition_index)
        views = [_partition_view(name, part, offsets, found_sizes) for part in parts]
        total = None if found_sizes is None else sum(sum(found_sizes.get(place, {}).values()) for place in places)
        return TopicDetail(
            name=name,
            topic_id=uuid_text(topic.topic_id),
            internal=topic.is_internal,
            replication_factor=max((len(part.replica_nodes) for part in parts), default=0),
            partitions=views,
            records=_sum([view.records for view in views]),
            size_bytes=total,
        )

    return run(spec, read)


async def one_topic(session: Session, name: str) -> MetadataResponseTopic:
    """The metadata of one topic; NotFound, NotAuthorized or what the cluster says."""
    answer = await session.metadata([name])
    for topic in answer.topics:
        if topic.name == name:
            code = error_code(topic.error_code)
            if code not in (ErrorCode.NONE, ErrorCode.LEADER_NOT_AVAILABLE):
                raise refused(code, f"topic {name} is not there" if code.name.startswith("UNKNOWN_TOPIC") else None)
            return topic
    raise refused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, f"topic {name} is not there")


def uuid_text(topic_id: bytes) -> str:
    """An id as Kafka's tools print it; empty if the cluster has none."""
    return "" if topic_id == NO_ID else urlsafe_b64encode(topic_id).decode().rstrip("=")


def is_under_replicated(part: MetadataResponsePartition) -> bool:
    """Whether replicas are missing from the ISR."""
    return len(part.isr_nodes) < len(part.replica_nodes)


def is_offline(part: MetadataResponsePartition) -> bool:
    """Whether nobody leads it."""
    return part.leader_id < 0


def _described(topics: list[MetadataResponseTopic]) -> list[MetadataResponseTopic]:
    return [topic for topic in topics if topic.name is not None and topic.partitions]


def _summary(topic: MetadataResponseTopic) -> TopicSummary:
    assert topic.name is not None, "only topics with names are listed"
    parts = topic.partitions
    return TopicSummary(
        name=topic.name,
        topic_id=uuid_text(topic.topic_id),
        internal=topic.is_internal,
        partitions=len(parts),
        replication_factor=max(len(part.replica_nodes) for part in parts),
        under_replicated=sum(map(is_under_replicated, parts)),
        offline=sum(map(is_offline, parts)),
        records=None,
        size_bytes=None,
        cleanup_policy=None,
    )


async def _with_numbers(
    session: Session, topics: list[MetadataResponseTopic], rows: list[TopicSummary]
) -> list[TopicSummary]:
    """Fill in records and sizes."""
    places = [(topic.name or "", part.partition_index) for topic in topics for part in topic.partitions]
    offsets, found_sizes = await asyncio.gather(_offsets(session, topics), sizes.replica_sizes(session, places))
    records: dict[str, list[int | None]] = {}
    size_bytes: dict[str, int] = {}
    for place in places:
        records.setdefault(place[0], []).append(offsets.get(place, UNKNOWN).records)
        if found_sizes is not None:
            of_replicas = sum(found_sizes.get(place, {}).values())
            size_bytes[place[0]] = size_bytes.get(place[0], 0) + of_replicas
    return [replace(row, records=_sum(records.get(row.name, [])), size_bytes=size_bytes.get(row.name)) for row in rows]


class Offsets(NamedTuple):
    """The offsets of one partition, or why they are not known."""

    start: int | None
    end: int | None
    error: str | None

    @property
    def records(self) -> int | None:
        """How many there are."""
        return None if self.start is None or self.end is None else self.end - self.start


UNKNOWN = Offsets(None, None, "no leader")


async def _offsets(session: Session, topics: list[MetadataResponseTopic]) -> dict[Place, Offsets]:
    """First and end offset of each partition that is led."""
    led = [
        (topic.name or "", part.partition_index)
        for topic in topics
        for part in topic.partitions
        if not is_offline(part)
    ]
    starts, ends = await asyncio.gather(
        session.list_offsets([(*place, EARLIEST) for place in led]),
        session.list_offsets([(*place, LATEST) for place in led]),
    )
    found: dict[Place, Offsets] = {}
    for place in led:
        start, end = starts[place], ends[place]
        if isinstance(start, OffsetFound) and isinstance(end, OffsetFound):
            found[place] = Offsets(start.offset, end.offset, None)
        else:
            found[place] = Offsets(None, None, str(end if isinstance(start, OffsetFound) else start))
    return found


def _partition_view(
    name: str,
    part: MetadataResponsePartition,
    offsets: dict[Place, Offsets],
    found_sizes: sizes.ReplicaSizes | None,
) -> PartitionView:
    place = (name, part.partition_index)
    found = offsets.get(place, UNKNOWN)
    return PartitionView(
        index=part.partition_index,
        leader=None if is_offline(part) else part.leader_id,
        leader_epoch=part.leader_epoch,
        replicas=list(part.replica_nodes),
        isr=list(part.isr_nodes),
        offline_replicas=list(part.offline_replicas),
        start_offset=found.start,
        end_offset=found.end,
        size_bytes=None if found_sizes is None else found_sizes.get(place, {}).get(part.leader_id),
        error=found.error,
    )


def _sum(numbers: list[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if len(known) == len(numbers) else None
