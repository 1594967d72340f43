"""Where partitions begin and end, how far a group is behind in records and in time, and commits from outside.

Invariants:
- Lag is end offset - committed offset, never below zero; None where one of them is not known.
- Time behind costs one small read for each of at most TIMED_MAX partitions, the most behind first.

Not here: what a group committed (group_requests.py), which offsets to commit (services/groups.py).
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from console.kafka.connection import Session
from console.kafka.group_requests import BY_NAME, Listed
from engine.client.calls import EARLIEST, LATEST, MAX_TIMESTAMP, OffsetFound, Place
from engine.client.cluster_metadata import error_code
from engine.client.errors import ClientError
from engine.client.records import decode
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
    OffsetCommitResponse,
)

TIMED_MAX = 32
TIMED_BYTES_MAX = 1 << 20
TIMED_PARTITION_BYTES_MAX = 32 << 10


class Bounds(NamedTuple):
    """Where a partition's log begins and ends, or why that is not known."""

    start: int | None
    end: int | None
    error: str | None = None


class AtTime(NamedTuple):
    """The first offset whose record is not older than a time, or why that is not known."""

    offset: int | None  # None without an error: no record is that young
    error: str | None = None


def lag(committed: int | None, end: int | None) -> int | None:
    """Records between a commit and the end."""
    return None if committed is None or end is None else max(0, end - committed)


async def ends(session: Session, places: Iterable[Place]) -> dict[Place, int]:
    """End offsets of those partitions that tell."""
    found = await session.list_offsets([(*place, LATEST) for place in dict.fromkeys(places)])
    return {place: one.offset for place, one in found.items() if isinstance(one, OffsetFound)}


async def bounds(session: Session, places: Iterable[Place]) -> dict[Place, Bounds]:
    """First and end offset of each partition."""
    asked = list(dict.fromkeys(places))
    starts, lasts = await asyncio.gather(
        session.list_offsets([(*place, EARLIEST) for place in asked]),
        session.list_offsets([(*place, LATEST) for place in asked]),
    )
    found: dict[Place, Bounds] = {}
    for place in asked:
        start, end = starts[place], lasts[place]
        if isinstance(start, OffsetFound) and isinstance(end, OffsetFound):
            found[place] = Bounds(start.offset, end.offset)
        else:
            found[place] = Bounds(None, None, str(start if isinstance(start, ClientError) else end))
    return found


async def at_time(session: Session, places: Iterable[Place], timestamp_ms: int) -> dict[Place, AtTime]:
    """Look a time up in each partition; below zero are no times but signs of the protocol, like EARLIEST."""
    assert timestamp_ms >= 0, "the form refuses times before 1970"
    found = await session.list_offsets([(*place, timestamp_ms) for place in places])
    return {
        place: AtTime(one.offset if one.offset >= 0 else None)
        if isinstance(one, OffsetFound)
        else AtTime(None, str(one))
        for place, one in found.items()
    }


async def behind_ms(session: Session, committed: Mapping[Place, int], lags: Mapping[Place, int]) -> dict[Place, int]:
    """How much older the first record not yet read is than the newest one, where that is cheap to know."""
    chosen = sorted((place for place in lags if lags[place]), key=lambda place: -lags[place])[:TIMED_MAX]
    if not chosen:
        return {}
    positions = [(*place, committed[place]) for place in chosen]
    try:
        newest, fetched = await asyncio.gather(
            session.list_offsets([(*place, MAX_TIMESTAMP) for place in chosen]),
            session.fetch(positions, bytes_max=TIMED_BYTES_MAX, partition_bytes_max=TIMED_PARTITION_BYTES_MAX),
        )
    except ClientError:  # times are an extra: the page comes without them
        return {}
    found: dict[Place, int] = {}
    for place in chosen:
        last, part = newest.get(place), fetched.get(place)
        if not isinstance(last, OffsetFound) or last.timestamp < 0 or part is None or part.error is not None:
            continue
        first = next((record for record in decode(part).records if record.offset >= committed[place]), None)
        if first is not None and first.timestamp_ms >= 0:
            found[place] = max(0, last.timestamp - first.timestamp_ms)
    return found


async def commit(session: Session, group: Listed, offsets: Mapping[Place, int]) -> dict[Place, ErrorCode]:
    """Commit for a group without members, as Kafka's tool does: {partition: what its coordinator said}."""
    topics: dict[str, list[OffsetCommitRequestPartition]] = {}
    for (topic, index), offset in offsets.items():
        topics.setdefault(topic, []).append(OffsetCommitRequestPartition(index, offset, -1, ""))
    named = [OffsetCommitRequestTopic(topic, partitions=parts) for topic, parts in topics.items()]
    request = OffsetCommitRequest(group.name, generation_id_or_member_epoch=-1, member_id="", topics=named)
    answer: OffsetCommitResponse = await session.send(request, node=group.node, version_max=BY_NAME)
    return {
        (topic.name, one.partition_index): error_code(one.error_code)
        for topic in answer.topics
        for one in topic.partitions
    }
