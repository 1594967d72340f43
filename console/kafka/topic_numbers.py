"""How many records topics hold and how much disk they take: of the rows of a page, or of all topics, to sort by it.

One number of all topics costs two requests for each broker, or one; in a cluster of thousands of topics it is
collected in the background, in steps with pauses, and kept.

Invariant: what the cluster does not tell is None.
Not here: rows and their order (topics.py, topic_order.py), where sizes come from (sizes.py).
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Literal, NamedTuple

from console.kafka import sizes
from console.kafka.all_topics import TopicSummary, all_topics
from console.kafka.connection import ConnectionSpec, Session
from console.kafka.errors import ClusterUnreachable
from console.kafka.shared import COSTLY, Read, shared
from engine.client.calls import EARLIEST, LATEST, OffsetFound, Place

PLACES_AT_ONCE = 500  # partitions of one step of collecting
PAUSE_SHARE = 2  # times as long as a step took, until the next: pages come first
REST_S = 30.0  # between two collections
COLLECT_WAIT_S = 1.0  # for numbers of all topics; then the page shows what is known
WAIT_FOR_MANY_S = 0.05  # the same where it takes longer anyway

NumberKey = Literal["records", "size_bytes"]
Numbers = Mapping[str, int | None]  # by topic


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


async def offsets_of(session: Session, led: list[Place]) -> dict[Place, Offsets]:
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


async def records_of(session: Session, rows: Sequence[TopicSummary]) -> Numbers:
    """End minus start of all partitions of each topic."""
    led = [(row.name, index) for row in rows for index in range(row.partitions) if index not in row.leaderless]
    offsets = await offsets_of(session, led)
    return {
        row.name: total([offsets.get((row.name, index), UNKNOWN).records for index in range(row.partitions)])
        for row in rows
    }


async def sizes_of(session: Session, rows: Sequence[TopicSummary]) -> Numbers:
    """Bytes of all replicas of each topic."""
    places = [(row.name, index) for row in rows for index in range(row.partitions)]
    found = await sizes.replica_sizes(session, places)
    if found is None:
        return {}
    return {
        row.name: sum(sum(found.get((row.name, index), {}).values()) for index in range(row.partitions)) for row in rows
    }


OF_ROWS: dict[NumberKey, Callable[[Session, Sequence[TopicSummary]], Awaitable[Numbers]]] = {
    "records": records_of,
    "size_bytes": sizes_of,
}


async def of_all(spec: ConnectionSpec, session: Session, key: NumberKey, fresh_s: float) -> Read[Numbers] | None:
    """This number of each topic; None while it is collected for the first time."""
    listed = (await all_topics(spec, session, fresh_s)).value
    many = listed.partitions >= COSTLY

    async def read(session: Session) -> Numbers:
        if not many:
            return await OF_ROWS[key](session, listed.topics)
        numbers: dict[str, int | None] = {}
        for step in _steps((await all_topics(spec, session, fresh_s)).value.topics):
            begun_s = time.monotonic()
            numbers |= await OF_ROWS[key](session, step)
            await asyncio.sleep(PAUSE_SHARE * (time.monotonic() - begun_s))
        return numbers

    wait_s = WAIT_FOR_MANY_S if many else COLLECT_WAIT_S
    waiting = Session(session.shell, min(session.deadline_s, time.monotonic() + wait_s))
    try:
        return await shared(spec, waiting, key, read, weigh=lambda _: listed.partitions, fresh_s=fresh_s, rest_s=REST_S)
    except ClusterUnreachable:
        return None


def _steps(rows: Sequence[TopicSummary]) -> list[list[TopicSummary]]:
    """Some hundred partitions each."""
    steps: list[list[TopicSummary]] = [[]]
    places = 0
    for row in rows:
        if places >= PLACES_AT_ONCE:
            steps.append([])
            places = 0
        steps[-1].append(row)
        places += row.partitions
    return steps


def total(numbers: list[int | None]) -> int | None:
    """The sum, if each is known."""
    known = [number for number in numbers if number is not None]
    return sum(known) if len(known) == len(numbers) else None
