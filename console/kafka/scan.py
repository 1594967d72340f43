"""Reading a part of a topic from end to end: fetches of one partition, one ahead of whoever takes them.

The end is what it was when the reading was planned. An empty answer is no end: the log is asked again.

Invariants: at most two answers of FETCH_BYTES are held; what was deleted before it could be read is said as a Gone;
who stops taking leaves nothing behind but one answer that nobody waits for.
Not here: what is looked for in the records (console/search), one page of records (records.py).
"""

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass

from console.kafka import topics
from console.kafka.connection import ConnectionSpec, Session, on_loop, run, use
from console.kafka.errors import ClusterUnreachable, NotFound, translated
from engine.client.calls import EARLIEST, LATEST, Fetched, OffsetFound
from engine.client.errors import ClientError, Refused
from engine.wire.error_codes import ErrorCode

FETCH_BYTES = 2 << 20
FETCH_LIMIT_S = 15.0
PLAN_LIMIT_S = 10.0
EMPTY_ANSWERS_MAX = 40
PAUSE_S = 0.25


@dataclass(frozen=True, slots=True)
class Stretch:
    """Offsets `start` <= x < `end` of a partition, as the log was when this was planned."""

    partition: int
    start: int
    end: int
    error: str = ""  # why they are not known


@dataclass(frozen=True, slots=True)
class Gone:
    """Offsets that were deleted before they could be read."""

    first_offset: int
    next_offset: int


def plan(spec: ConnectionSpec, topic: str, *, since_ms: int | None = None) -> list[Stretch]:
    """What there is to read of each partition; `since_ms` leaves out what lies before the first record of that time."""

    async def operation(session: Session) -> list[Stretch]:
        found = await topics.one_topic(session, topic)
        indexes = sorted(part.partition_index for part in found.partitions)
        begin = EARLIEST if since_ms is None else since_ms
        starts, ends = await asyncio.gather(
            session.list_offsets([(topic, index, begin) for index in indexes]),
            session.list_offsets([(topic, index, LATEST) for index in indexes]),
        )
        return [_stretch(index, starts[topic, index], ends[topic, index]) for index in indexes]

    return run(spec, operation, time_limit_s=PLAN_LIMIT_S)


def _stretch(partition: int, start: OffsetFound | ClientError, end: OffsetFound | ClientError) -> Stretch:
    for result in (start, end):
        if isinstance(result, ClientError):
            return Stretch(partition, 0, 0, str(translated(result)))
    assert isinstance(start, OffsetFound) and isinstance(end, OffsetFound), "an offset or an error"
    # -1: no record is that young.
    return Stretch(partition, end.offset if start.offset < 0 else min(start.offset, end.offset), end.offset)


def chunks(spec: ConnectionSpec, topic: str, stretch: Stretch) -> Iterator[Fetched | Gone]:
    """Give everything of a stretch in order; a KafkaError when it cannot be read on."""
    position, empty = stretch.start, 0
    asked = _ask(spec, topic, stretch.partition, position)
    while position < stretch.end:
        fetched = asked.result()
        if fetched.error is not None:
            start = _log_start(spec, topic, fetched, position)
            yield Gone(position, min(start, stretch.end))
            position = start
        elif fetched.next_offset <= position:
            empty += 1
            if empty > EMPTY_ANSWERS_MAX:
                raise ClusterUnreachable(
                    f"from offset {position} on nothing came, though the log ends at {stretch.end}"
                )
            time.sleep(PAUSE_S)
        else:
            empty, position = 0, fetched.next_offset
        if position < stretch.end:
            asked = _ask(spec, topic, stretch.partition, position)
        if fetched.error is None and fetched.records:
            yield fetched


def _ask(spec: ConnectionSpec, topic: str, partition: int, position: int) -> "Future[Fetched]":
    async def operation(session: Session) -> Fetched:
        found = await session.fetch(
            [(topic, partition, position)], bytes_max=FETCH_BYTES, partition_bytes_max=FETCH_BYTES
        )
        return found[topic, partition]

    return on_loop(use(spec, operation, time_limit_s=FETCH_LIMIT_S))


def _log_start(spec: ConnectionSpec, topic: str, fetched: Fetched, position: int) -> int:
    """Where the log begins now, if it moved past our position; else what went wrong is raised."""
    error = fetched.error
    assert error is not None, "asked only after an error"
    if not (isinstance(error, Refused) and error.code == ErrorCode.OFFSET_OUT_OF_RANGE):
        raise translated(error)

    async def operation(session: Session) -> OffsetFound | ClientError:
        place = (topic, fetched.partition)
        return (await session.list_offsets([(*place, EARLIEST)]))[place]

    start = run(spec, operation, time_limit_s=FETCH_LIMIT_S)
    if isinstance(start, ClientError):
        raise translated(start)
    if start.offset <= position:
        raise NotFound(f"offset {position} of partition {fetched.partition} is beyond the end: records were lost")
    return start.offset
