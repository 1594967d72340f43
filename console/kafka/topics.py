"""Topics as pages show them: a page of the list, one topic with its partitions.

The list costs one Metadata for all topics, shared by all who look (all_topics.py); offsets, sizes and cleanup policies
are asked for the rows of one page only. Sorted by them, the list uses numbers that are collected for all topics.

Invariant: a part that the cluster does not tell is None; the page comes all the same.
Not here: their numbers (topic_numbers.py), records (records.py), configurations (configs.py), writes (services).
"""

import asyncio
from dataclasses import dataclass, replace

from console.kafka import configs, sizes, topic_numbers
from console.kafka.all_topics import TopicSummary, all_topics, is_offline, uuid_text
from console.kafka.beside import beside
from console.kafka.connection import ConnectionSpec, Session, run
from console.kafka.errors import refused
from console.kafka.shared import run_shared
from console.kafka.topic_numbers import (
    OF_ROWS,
    UNKNOWN,
    NumberKey,
    Numbers,
    Offsets,
    offsets_of,
    records_of,
    sizes_of,
    total,
)
from console.kafka.topic_order import SortKey, sort_topics
from engine.client.calls import Place
from engine.client.cluster_metadata import error_code
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.metadata import MetadataResponsePartition, MetadataResponseTopic


@dataclass(frozen=True, slots=True)
class TopicPage:
    """One page of the topics list: found, sorted and cut here, so that 9,000 topics cost few requests."""

    topics: list[TopicSummary]
    matching: int  # how many match the query
    total: int  # how many there are (internal ones included only if asked for)
    internal_hidden: int
    page: int  # from 1; the last one if a later one was asked for
    pages: int
    age_s: float = 0.0  # of the oldest part of it
    collecting: bool = False  # numbers that the order needs are not there yet


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
    fresh_s: float = 0.0,
) -> TopicPage:
    """One page of topics whose name contains `query` (case does not matter)."""

    async def read(session: Session) -> TopicPage:
        told = await all_topics(spec, session, fresh_s)
        every, age_s, collecting = told.value.topics, told.age_s, False
        numbers: Numbers = {}
        if sort in OF_ROWS:
            found = await topic_numbers.of_all(spec, session, sort, fresh_s)
            collecting = found is None
            if found is not None:
                numbers, age_s = found.value, max(age_s, found.age_s)

        def choose() -> tuple[int, list[TopicSummary]]:
            shown = [topic for topic in every if internal or not topic.internal]
            wanted = query.casefold()
            matching = [topic for topic in shown if wanted in topic.name.casefold()] if wanted else shown
            return len(shown), sort_topics(matching, sort, descending, numbers)

        shown, matching = await beside(len(every), choose)
        pages = max(1, -(-len(matching) // page_size))
        number = min(max(1, page), pages)
        rows = matching[(number - 1) * page_size : number * page_size]
        rows = await _filled(session, rows, sort, numbers)
        return TopicPage(rows, len(matching), shown, len(every) - shown, number, pages, age_s, collecting)

    key = ("topic page", query, sort, descending, internal, page, page_size)
    return run_shared(spec, key, read, fresh_s=fresh_s)


def topic_names(spec: ConnectionSpec) -> list[str]:
    """The names of all topics, internal ones too."""

    async def read(session: Session) -> list[str]:
        return [topic.name for topic in (await all_topics(spec, session)).value.topics]

    return run(spec, read)


def list_topics(spec: ConnectionSpec) -> list[TopicSummary]:
    """All topics by name, internal ones too, with records and sizes, without cleanup_policy."""

    async def read(session: Session) -> list[TopicSummary]:
        rows = (await all_topics(spec, session)).value.topics
        return _with(rows, *await asyncio.gather(records_of(session, rows), sizes_of(session, rows)))

    return run(spec, read)


def describe_topic(spec: ConnectionSpec, name: str, *, fresh_s: float = 0.0) -> TopicDetail:
    """One topic and its partitions; NotFound if it is not there (it is never created by asking)."""

    async def read(session: Session) -> TopicDetail:
        topic = await one_topic(session, name)
        places = [(name, part.partition_index) for part in topic.partitions]
        led = [(name, part.partition_index) for part in topic.partitions if not is_offline(part)]
        offsets, found_sizes = await asyncio.gather(offsets_of(session, led), sizes.replica_sizes(session, places))
        parts = sorted(topic.partitions, key=lambda part: part.partition_index)
        views = [_partition_view(name, part, offsets, found_sizes) for part in parts]
        taken = None if found_sizes is None else sum(sum(found_sizes.get(place, {}).values()) for place in places)
        return TopicDetail(
            name=name,
            topic_id=uuid_text(topic.topic_id),
            internal=topic.is_internal,
            replication_factor=max((len(part.replica_nodes) for part in parts), default=0),
            partitions=views,
            records=total([view.records for view in views]),
            size_bytes=taken,
        )

    return run_shared(spec, ("topic", name), read, fresh_s=fresh_s)


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


async def _filled(session: Session, rows: list[TopicSummary], sort: SortKey, numbers: Numbers) -> list[TopicSummary]:
    """Rows with all that is shown of them; what they are sorted by is of the moment of their order."""

    async def numbers_of(key: NumberKey) -> Numbers:
        return numbers if numbers and sort == key else await OF_ROWS[key](session, rows)

    records, size_bytes, policies = await asyncio.gather(
        numbers_of("records"),
        numbers_of("size_bytes"),
        configs.cleanup_policies(session, [row.name for row in rows]),
    )
    return [replace(row, cleanup_policy=policies.get(row.name)) for row in _with(rows, records, size_bytes)]


def _with(rows: list[TopicSummary], records: Numbers, size_bytes: Numbers) -> list[TopicSummary]:
    return [replace(row, records=records.get(row.name), size_bytes=size_bytes.get(row.name)) for row in rows]


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
