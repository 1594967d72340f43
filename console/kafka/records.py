"""Records of a topic as pages show them: a page of them from any place, or one.

Pages are read up to the high watermark of the moment, uncommitted transactions included
(a view says `transactional`); markers are passed over and counted.

Invariant: what one page did not give the next one begins with (`older`, `newer`).
Not here: fetching and merging (record_reader.py), text, JSON and hex (the page).
"""

import asyncio
from dataclasses import dataclass, field
from typing import Literal

from console.kafka import topics
from console.kafka.connection import ConnectionSpec, Session, run
from console.kafka.errors import ClusterUnreachable, NotFound, translated
from console.kafka.record_reader import Reader, Run
from engine.client.calls import EARLIEST, LATEST, OffsetFound
from engine.client.errors import ClientError
from engine.client.records import ConsumedRecord, decode

BACKWARDS = ("newest", "before")
Step = Literal["first", "previous", "next", "last"]

Positions = tuple[tuple[int, int], ...]  # (partition, offset) pairs: where a page ends and the next one begins


@dataclass(frozen=True, slots=True)
class Start:
    """Where reading begins. `value` is the offset or the timestamp (ms); `positions` for before and after."""

    kind: Literal["newest", "oldest", "offset", "timestamp", "before", "after"] = "newest"
    value: int = 0
    positions: Positions = ()


@dataclass(frozen=True, slots=True)
class RecordView:
    """One record, bytes as they are (text, JSON and hex are the page's concern)."""

    partition: int
    offset: int
    timestamp_ms: int  # -1: none
    timestamp_type: Literal["CreateTime", "LogAppendTime"]
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]
    size: int  # bytes of key, value and headers
    leader_epoch: int
    compression: str  # "none" | "gzip" | "snappy" | "lz4" | "zstd"
    producer_id: int  # -1: not idempotent
    producer_epoch: int
    sequence: int
    transactional: bool


@dataclass(frozen=True, slots=True)
class PartitionRange:
    """What was looked at of one partition: offsets `from_offset` <= x < `to_offset`, of what there is."""

    partition: int
    start_offset: int
    end_offset: int
    from_offset: int
    to_offset: int
    error: str | None = None  # why nothing could be read


@dataclass(frozen=True, slots=True)
class RecordPage:
    """Some records, in order of timestamps; newest and before: newest first, the other kinds: oldest first."""

    records: list[RecordView]
    partitions: list[PartitionRange]
    control_records: int  # transaction markers that were passed over
    older: Positions | None  # for Start("before", positions=...); None when there is nothing older
    newer: Positions | None  # for Start("after", positions=...); None when nothing newer is there yet
    complete: bool  # False: time or bytes were up first; `older` or `newer` goes on from here
    damaged: list[tuple[int, int, int, str]] = field(default_factory=list)  # partition, first, last offset, why


def positions_text(positions: Positions) -> str:
    """For a URL: "0:123,1:55"."""
    return ",".join(f"{partition}:{offset}" for partition, offset in positions)


def parse_positions(text: str) -> Positions:
    """The inverse; ValueError if it is not such a text."""
    pairs = [part.split(":") for part in text.split(",")] if text else []
    if any(len(pair) != 2 or not all(number.isascii() and number.isdigit() for number in pair) for pair in pairs):
        raise ValueError("not positions")
    return tuple((int(partition), int(offset)) for partition, offset in pairs)


def read(
    spec: ConnectionSpec, topic: str, *, partition: int | None = None, start: Start | None = None, limit: int = 50
) -> RecordPage:
    """At most `limit` records from the start (newest by default), of one partition or of all."""
    begin = start or Start()

    async def operation(session: Session) -> RecordPage:
        runs = await _runs(session, topic, partition, begin)
        backwards = begin.kind in BACKWARDS
        reader = Reader(session, topic, [run for run in runs if run.error is None], backwards)
        origins = {run.partition: run.position for run in runs}
        page = await reader.read(limit)
        return _page(runs, origins, [view_of(record) for record in page], reader.complete)

    return run(spec, operation)


def one(spec: ConnectionSpec, topic: str, partition: int, offset: int) -> RecordView:
    """The record at this offset; NotFound when it was deleted, compacted away, is a marker, or not there yet."""

    async def operation(session: Session) -> RecordView:
        found = await _bounds(session, topic, partition)
        start, end, error = found[partition]
        if error is not None:
            raise ClusterUnreachable(error)
        where = f"partition {partition} of topic {topic}"
        if offset < start:
            raise NotFound(f"offset {offset} of {where} was deleted: the log begins at {start}")
        if offset >= end:
            raise NotFound(f"offset {offset} of {where} is not written yet: the log ends at {end}")
        fetched = (await session.fetch([(topic, partition, offset)]))[topic, partition]
        if fetched.error is not None:
            raise translated(fetched.error)
        decoded = decode(fetched)
        for record in decoded.records:
            if record.offset == offset:
                return view_of(record)
        for first, last, reason in decoded.damaged:
            if first <= offset <= last:
                raise NotFound(f"offset {offset} of {where} cannot be read: {reason}")
        raise NotFound(f"offset {offset} of {where} holds no record: it was compacted away, or is a marker")

    return run(spec, operation)


def neighbour(spec: ConnectionSpec, topic: str, partition: int, step: Step, offset: int = 0) -> RecordView | None:
    """The nearest record before or after an offset, or the first or the last of a partition; gaps are passed over.

    None: there is none. ClusterUnreachable: none within what is read for a page, and nobody knows of the rest.
    """
    start = {
        "first": Start("oldest"),
        "last": Start("newest"),
        "previous": Start("before", positions=((partition, offset),)),
        "next": Start("offset", value=offset + 1),
    }[step]
    found = read(spec, topic, partition=partition, start=start, limit=1)
    for part in found.partitions:
        if part.error is not None:
            raise ClusterUnreachable(part.error)
    if not found.records and not found.complete:
        raise ClusterUnreachable("no record was found in the time of a page: very many offsets here hold none")
    return found.records[0] if found.records else None


async def _bounds(session: Session, topic: str, partition: int | None) -> dict[int, tuple[int, int, str | None]]:
    """Start and end of each partition that is asked for, or why they are not known."""
    found = await topics.one_topic(session, topic)
    indexes = sorted(part.partition_index for part in found.partitions)
    if partition is not None:
        if partition not in indexes:
            raise NotFound(f"topic {topic} has no partition {partition}")
        indexes = [partition]
    starts, ends = await asyncio.gather(
        session.list_offsets([(topic, index, EARLIEST) for index in indexes]),
        session.list_offsets([(topic, index, LATEST) for index in indexes]),
    )
    bounds: dict[int, tuple[int, int, str | None]] = {}
    for index in indexes:
        start, end = starts[topic, index], ends[topic, index]
        if isinstance(start, OffsetFound) and isinstance(end, OffsetFound):
            bounds[index] = (start.offset, end.offset, None)
        else:
            bounds[index] = (0, 0, str(start if isinstance(start, ClientError) else end))
    return bounds


async def _runs(session: Session, topic: str, partition: int | None, begin: Start) -> list[Run]:
    bounds = await _bounds(session, topic, partition)
    given = dict(begin.positions)
    at_time: dict[tuple[str, int], OffsetFound | ClientError] = {}
    if begin.kind == "timestamp":
        at_time = await session.list_offsets([(topic, index, begin.value) for index in bounds])
    runs = []
    for index, (start, end, error) in bounds.items():
        position = end
        if begin.kind == "oldest":
            position = start
        elif begin.kind == "offset":
            position = begin.value
        elif begin.kind in ("before", "after"):
            position = given.get(index, start if begin.kind == "before" else end)
        elif begin.kind == "timestamp":
            result = at_time.get((topic, index))
            if isinstance(result, OffsetFound) and result.offset >= 0:
                position = result.offset
            elif isinstance(result, ClientError):
                error = str(result)
        run = Run(index, start, end, min(max(position, start), end))
        run.error = error
        runs.append(run)
    return runs


def _page(
    runs: list[Run],
    origins: dict[int, int],
    views: list[RecordView],
    complete: bool,
) -> RecordPage:
    ranges = []
    for entry in runs:
        low, high = sorted((origins[entry.partition], entry.position))
        ranges.append(PartitionRange(entry.partition, entry.start, entry.end, low, high, entry.error))
    # A partition that has nothing older is left out, so that the address of a topic of many partitions stays short.
    before: Positions = tuple(
        (found.partition, found.from_offset)
        for found in ranges
        if found.from_offset > found.start_offset or found.error
    )
    after: Positions = tuple((found.partition, found.to_offset) for found in ranges)
    older = any(found.from_offset > found.start_offset for found in ranges if found.error is None)
    newer = any(found.to_offset < found.end_offset for found in ranges if found.error is None)
    return RecordPage(
        records=views,
        partitions=ranges,
        control_records=sum(entry.control_records for entry in runs),
        older=before if older else None,
        newer=after if newer else None,
        complete=complete,
        damaged=[(entry.partition, *where) for entry in runs for where in entry.damaged],
    )


def view_of(record: ConsumedRecord) -> RecordView:
    """A record as pages show it."""
    headers = list(record.headers)
    size = len(record.key or b"") + len(record.value or b"")
    return RecordView(
        partition=record.partition,
        offset=record.offset,
        timestamp_ms=record.timestamp_ms,
        timestamp_type="LogAppendTime" if record.log_append_time else "CreateTime",
        key=record.key,
        value=record.value,
        headers=headers,
        size=size + sum(len(name.encode()) + len(value or b"") for name, value in headers),
        leader_epoch=record.leader_epoch,
        compression=record.compression,
        producer_id=record.producer_id,
        producer_epoch=record.producer_epoch,
        sequence=record.sequence,
        transactional=record.transactional,
    )
