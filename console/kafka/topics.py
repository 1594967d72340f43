"""Topics as pages show them: a page of the list, one topic with its partitions.

The list costs one Metadata for all topics, shared by all who look (all_topics.py); offsets, sizes and cleanup policies
are asked for the rows of one page only. Sorted by them, the list uses numbers that are collected for all topics.

Invariant: a part that the cluster does not tell is None; the page comes all the same.
Not here: records (records.py), configurations (configs.py), writes (services).
"""

import asyncio
import time
from dataclasses import dataclass, replace
from typing import NamedTuple

from console.kafka import configs, sizes
from console.kafka.all_topics import TopicSummary, all_topics, is_offline, uuid_text
from console.kafka.beside import beside
from console.kafka.connection import ConnectionSpec, Session, run
from console.kafka.errors import ClusterUnreachable, refused
from console.kafka.shared import COSTLY, Read, run_shared, shared
from console.kafka.topic_order import BY_NUMBERS, Numbers, SortKey, sort_topics
from engine.client.calls import EARLIEST, LATEST, OffsetFound, Place
from engine.client.cluster_metadata import error_code
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.metadata import MetadataResponsePartition, MetadataResponseTopic

PLACES_AT_ONCE = 500  # partitions of one step of collecting
PAUSE_SHARE = 2  # times as long as a step took, until the next: pages come first
NUMBERS_REST_S = 30.0  # between two collections
COLLECT_WAIT_S = 1.0  # for numbers of all topics; then the page shows what is known
WAIT_FOR_MANY_S = 0.05  # the same where it takes longer anyway


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
        if sort in BY_NUMBERS:
            found = await _all_numbers(spec, session, fresh_s)
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
        names = [row.name for row in rows]
        if numbers:  # the order and the numbers are of one moment
            rows = [_with(row, numbers.get(row.name, (None, None))) for row in rows]
            policies = await configs.cleanup_policies(session, names)
        else:
            rows, policies = await asyncio.gather(
                _with_numbers(session, rows), configs.cleanup_policies(session, names)
            )
        rows = [replace(row, cleanup_policy=policies.get(row.name)) for row in rows]
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
        return await _with_numbers(session, (await all_topics(spec, session)).value.topics)

    return run(spec, read)


async def _all_numbers(spec: ConnectionSpec, session: Session, fresh_s: float) -> Read[Numbers] | None:
    """Records and size of each topic; None while they are collected for the first time."""

    async def read(session: Session) -> Numbers:
        numbers: Numbers = {}
        step: list[TopicSummary] = []
        places = 0
        for topic in [*(await all_topics(spec, session, fresh_s)).value.topics, None]:
            if topic is not None:
                step.append(topic)
                places += topic.partitions
            if places >= PLACES_AT_ONCE or (topic is None and step):
                begun_s = time.monotonic()
                rows = await _with_numbers(session, step)
                if topic is not None:
                    await asyncio.sleep(PAUSE_SHARE * (time.monotonic() - begun_s))
                numbers |= {row.name: (row.records, row.size_bytes) for row in rows}
                step, places = [], 0
        return numbers

    many = (await all_topics(spec, session, fresh_s)).value.partitions >= COSTLY
    wait_s = WAIT_FOR_MANY_S if many else COLLECT_WAIT_S
    waiting = Session(session.shell, min(session.deadline_s, time.monotonic() + wait_s))
    weigh, rest_s = _weight, NUMBERS_REST_S
    try:
        return await shared(spec, waiting, "numbers", read, weigh=weigh, fresh_s=fresh_s, rest_s=rest_s)
    except ClusterUnreachable:
        return None


def _weight(numbers: Numbers) -> int:
    return len(numbers) * 3  # some partitions each


def describe_topic(spec: ConnectionSpec, name: str, *, fresh_s: float = 0.0) -> TopicDetail:
    """One topic and its partitions; NotFound if it is not there (it is never created by asking)."""

    async def read(session: Session) -> TopicDetail:
        topic = await one_topic(session, name)
        places = [(name, part.partition_index) for part in topic.partitions]
        led = [(name, part.partition_index) for part in topic.partitions if not is_offline(part)]
        offsets, found_sizes = await asyncio.gather(_offsets(session, led), sizes.replica_sizes(session, places))
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


def _with(row: TopicSummary, numbers: tuple[int | None, int | None]) -> TopicSummary:
    return replace(row, records=numbers[0], size_bytes=numbers[1])


async def _with_numbers(session: Session, rows: list[TopicSummary]) -> list[TopicSummary]:
    """Fill in records and sizes."""
    places = [(row.name, index) for row in rows for index in range(row.partitions)]
    leaderless = {(row.name, index) for row in rows for index in row.leaderless}
    offsets, found_sizes = await asyncio.gather(
        _offsets(session, [place for place in places if place not in leaderless]),
        sizes.replica_sizes(session, places),
    )
    records: dict[str, list[int | None]] = {}
    size_bytes: dict[str, int] = {}
    for place in places:
        records.setdefault(place[0], []).append(offsets.get(place, UNKNOWN).records)
        if found_sizes is not None:
            of_replicas = sum(found_sizes.get(place, {}).values())
            size_bytes[place[0]] = size_bytes.get(place[0], 0) + of_replicas
    return [_with(row, (_sum(records.get(row.name, [])), size_bytes.get(row.name))) for row in rows]


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


async def _offsets(session: Session, led: list[Place]) -> dict[Place, Offsets]:
    """First and end offset of each of these partitions, which are led."""
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
