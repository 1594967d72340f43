"""Where partitions begin and end, how far a group is behind in records and in time, and commits from outside.

Invariants:
- Lag is end offset - committed offset, never below zero; None where one of them is not known.
- Time behind is looked up for at most TIMED_MAX partitions, the most behind first. A read in common comes first; a
  partition whose first batch did not fit has its own turn after that, while there are bytes and time left.
- A partition whose time is not known has a reason.

Not here: what a group committed (group_requests.py), which offsets to commit (services/offset_resets.py).
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from console.kafka.connection import Session
from console.kafka.group_requests import BY_NAME, Listed
from engine.client.calls import EARLIEST, LATEST, MAX_TIMESTAMP, Fetched, OffsetFound, Place
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
TURNS_BYTES_MAX = 16 << 20  # of all turns together; a batch comes whole, so the last turn may pass it
TURNS_AT_ONCE = 4
TURNS_REMAINING_MS = 700  # no more turns when a page has less than this left


class Bounds(NamedTuple):
    """Where a partition's log begins and ends, or why that is not known."""

    start: int | None
    end: int | None
    error: str | None = None


class Behind(NamedTuple):
    """How much older the first record not yet read is than the newest one, or why that is not known."""

    ms: int | None
    why: str = ""


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


async def behind(session: Session, committed: Mapping[Place, int], lags: Mapping[Place, int]) -> dict[Place, Behind]:
    """The time behind of each partition that has a lag."""
    lagging = sorted((place for place in lags if lags[place]), key=lambda place: -lags[place])
    chosen, rest = lagging[:TIMED_MAX], lagging[TIMED_MAX:]
    found = dict.fromkeys(rest, Behind(None, f"only the {TIMED_MAX} partitions with the most lag are looked up"))
    if not chosen:
        return found
    try:
        newest, fetched = await asyncio.gather(
            session.list_offsets([(*place, MAX_TIMESTAMP) for place in chosen]),
            session.fetch(
                [(*place, committed[place]) for place in chosen],
                bytes_max=TIMED_BYTES_MAX,
                partition_bytes_max=TIMED_PARTITION_BYTES_MAX,
            ),
        )
    except ClientError as error:  # times are an extra: the page comes without them
        return found | dict.fromkeys(chosen, Behind(None, str(error)))
    fetched |= await _turns(session, committed, [place for place in chosen if _did_not_fit(fetched.get(place))])
    return found | {place: _behind(newest.get(place), fetched.get(place), committed[place]) for place in chosen}


def _did_not_fit(part: Fetched | None) -> bool:
    return part is not None and part.error is None and not part.records


async def _turns(session: Session, committed: Mapping[Place, int], places: list[Place]) -> dict[Place, Fetched]:
    """Read each with a request of its own, to which a broker gives the first batch whole."""
    found: dict[Place, Fetched] = {}
    read_bytes = 0
    for start in range(0, len(places), TURNS_AT_ONCE):
        if read_bytes >= TURNS_BYTES_MAX or session.remaining_ms < TURNS_REMAINING_MS:
            break
        asked = places[start : start + TURNS_AT_ONCE]
        limits = {"bytes_max": TIMED_PARTITION_BYTES_MAX, "partition_bytes_max": TIMED_PARTITION_BYTES_MAX}
        turns = [session.fetch([(*place, committed[place])], **limits) for place in asked]
        for answer in await asyncio.gather(*turns, return_exceptions=True):
            if isinstance(answer, ClientError):  # who did not get a turn keeps the answer that held nothing
                continue
            if isinstance(answer, BaseException):
                raise answer
            found |= answer
            read_bytes += sum(len(part.records) for part in answer.values())
    return found


def _behind(last: OffsetFound | ClientError | None, part: Fetched | None, committed: int) -> Behind:
    if isinstance(last, ClientError):
        return Behind(None, str(last))
    if part is None or last is None:
        return Behind(None, "the cluster does not tell")
    if part.error is not None:
        return Behind(None, str(part.error))
    if not part.records:
        return Behind(None, "the next record is too large to be read for this")
    first = next((record for record in decode(part).records if record.offset >= committed), None)
    if first is None or first.timestamp_ms < 0 or last.timestamp < 0:
        return Behind(None, "the next record has no time")
    return Behind(max(0, last.timestamp - first.timestamp_ms))


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
