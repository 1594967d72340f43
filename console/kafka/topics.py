"""Topics as pages show them: a page of the list, one topic with its partitions.

The list costs one Metadata for all topics, shared by all who look (shared.py); offsets, sizes and cleanup policies
are asked for the rows of one page only. Sorted by them, the list uses numbers that are collected for all topics.

Invariant: a part that the cluster does not tell is None; the page comes all the same.
Not here: records (records.py), configurations (configs.py), writes (services).
"""

import asyncio
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass, replace
from typing import NamedTuple

from console.kafka import configs, sizes
from console.kafka.connection import ConnectionSpec, Session, run
from console.kafka.errors import ClusterUnreachable, refused
from console.kafka.shared import COSTLY, Read, run_shared, shared
from console.kafka.topic_order import BY_NUMBERS, Numbers, SortKey, sort_topics
from engine.client.calls import EARLIEST, LATEST, OffsetFound, Place
from engine.client.cluster_metadata import NO_ID, error_code
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.metadata import MetadataResponse, MetadataResponsePartition, MetadataResponseTopic

PLACES_AT_ONCE = 500  # partitions of one step of collecting
PAUSE_SHARE = 2  # times as long as a step took, until the next: pages come first
NUMBERS_REST_S = 30.0  # between two collections
COLLECT_WAIT_S = 1.0  # for numbers of all topics; then the page shows what is known
WAIT_FOR_MANY_S = 0.05  # the same where it takes longer anyway


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
        listed = await _all_topics(spec, session, fresh_s)
        age_s, collecting = listed.age_s, False
        shown = [topic for topic in listed.value if internal or not topic.row.internal]
        hidden = len(listed.value) - len(shown)
        wanted = query.casefold()
        matching = [topic for topic in shown if wanted in topic.row.name.casefold()]
        numbers: Numbers = {}
        if sort in BY_NUMBERS:
            found = await _all_numbers(spec, session, fresh_s)
            collecting = found is None
            if found is not None:
                numbers, age_s = found.value, max(age_s, found.age_s)
        sort_topics(matching, sort, descending, numbers)
        pages = max(1, -(-len(matching) // page_size))
        number = min(max(1, page), pages)
        cut = matching[(number - 1) * page_size : number * page_size]
        names = [topic.row.name for topic in cut]
        if numbers:  # the order and the numbers are of one moment
            told = [numbers.get(name, (None, None)) for name in names]
            rows = [
                replace(topic.row, records=records, size_bytes=size_bytes)
                for topic, (records, size_bytes) in zip(cut, told, strict=True)
            ]
            policies = await configs.cleanup_policies(session, names)
        else:
            rows, policies = await asyncio.gather(
                _with_numbers(session, [topic.described for topic in cut], [topic.row for topic in cut]),
                configs.cleanup_policies(session, names),
            )
        rows = [replace(row, cleanup_policy=policies.get(row.name)) for row in rows]
        return TopicPage(rows, len(matching), len(shown), hidden, number, pages, age_s, collecting)

    key = ("topic page", query, sort, descending, internal, page, page_size)
    return run_shared(spec, key, read, fresh_s=fresh_s)


def topic_names(spec: ConnectionSpec) -> list[str]:
    """The names of all topics, internal ones too."""

    async def read(session: Session) -> list[str]:
        return [topic.row.name for topic in (await _all_topics(spec, session, 0.0)).value]

    return run(spec, read)


def list_topics(spec: ConnectionSpec) -> list[TopicSummary]:
    """All topics by name, internal ones too, with records and sizes, without cleanup_policy."""

    async def read(session: Session) -> list[TopicSummary]:
        listed = (await _all_topics(spec, session, 0.0)).value
        return await _with_numbers(session, [one.described for one in listed], [one.row for one in listed])

    return run(spec, read)


class Listed(NamedTuple):
    """A topic as the cluster describes it, and its row."""

    described: MetadataResponseTopic
    row: TopicSummary


async def all_metadata(spec: ConnectionSpec, session: Session, fresh_s: float = 0.0) -> Read[MetadataResponse]:
    """What the cluster says of all topics and nodes, shared by all pages."""

    async def read(session: Session) -> MetadataResponse:
        return await session.metadata()

    return await shared(spec, session, "metadata", read, weigh=_partitions_of, fresh_s=fresh_s)


def _partitions_of(answer: MetadataResponse) -> int:
    return sum(len(topic.partitions) for topic in answer.topics)


def _partitions_in(listed: list[Listed]) -> int:
    return sum(topic.row.partitions for topic in listed)


async def _all_topics(spec: ConnectionSpec, session: Session, fresh_s: float) -> Read[list[Listed]]:
    """All topics by name."""

    async def read(session: Session) -> list[Listed]:
        answer = (await all_metadata(spec, session, fresh_s)).value
        topics = _described(answer.topics)
        return sorted((Listed(topic, _summary(topic)) for topic in topics), key=lambda listed: listed.row.name)

    return await shared(spec, session, "topics", read, weigh=_partitions_in, fresh_s=fresh_s)


async def _all_numbers(spec: ConnectionSpec, session: Session, fresh_s: float) -> Read[Numbers] | None:
    """Records and size of each topic; None while they are collected for the first time."""

    async def read(session: Session) -> Numbers:
        numbers: Numbers = {}
        step: list[Listed] = []
        places = 0
        for listed in [*(await _all_topics(spec, session, fresh_s)).value, None]:
            if listed is not None:
                step.append(listed)
                places += listed.row.partitions
            if places >= PLACES_AT_ONCE or (listed is None and step):
                begun_s = time.monotonic()
                rows = await _with_numbers(session, [one.described for one in step], [one.row for one in step])
                if listed is not None:
                    await asyncio.sleep(PAUSE_SHARE * (time.monotonic() - begun_s))
                numbers |= {row.name: (row.records, row.size_bytes) for row in rows}
                step, places = [], 0
        return numbers

    many = _partitions_in((await _all_topics(spec, session, fresh_s)).value) >= COSTLY
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
