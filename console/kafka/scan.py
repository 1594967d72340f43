"""Reading a part of a topic from end to end: fetches of one partition, one ahead of whoever takes them.

The end is what it was when the reading was planned. An empty answer is no end: the log is asked again.

Invariants: at most two answers of FETCH_BYTES are held; what was deleted before it could be read is said as a Gone;
who stops taking leaves nothing behind but one answer that nobody waits for.
Not here: what is looked for in the records (console/search), one page of records (records.py).
"""

import asyncio
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass

from console.kafka import topics
from console.kafka.connection import TIME_LIMIT_S, ConnectionSpec, Session, on_loop, run, use
from console.kafka.errors import ClusterUnreachable, NotFound, translated
from console.kafka.records import RecordView, view_of
from engine.client.calls import EARLIEST, LATEST, Fetched, OffsetFound
from engine.client.errors import ClientError, Refused
from engine.client.records import decode
from engine.client.sections import Section, sections
from engine.wire.error_codes import ErrorCode

FETCH_BYTES = 2 << 20
FETCH_LIMIT_S = 8.0  # well below the lease of who reads (search/jobs.py): a cluster that hangs is no reader that died
EMPTY_ANSWERS_MAX = 40
PAUSE_S = 0.25
PICKED_BYTES = 64 << 10
SPARE_MS = 200


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

    return run(spec, operation)


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


async def _pick(session: Session, topic: str, wanted: dict[int, list[int]]) -> dict[tuple[int, int], RecordView | None]:
    """Fetch at the first offset that is still wanted of each partition, until all are known or time is up."""
    found: dict[tuple[int, int], RecordView | None] = {}
    while wanted and session.remaining_ms > SPARE_MS:
        positions = [(topic, partition, offsets[0]) for partition, offsets in wanted.items()]
        answer = await session.fetch(positions, bytes_max=FETCH_BYTES, partition_bytes_max=PICKED_BYTES)
        for partition, offsets in list(wanted.items()):
            fetched = answer[topic, partition]
            known_to = _known_to(fetched, offsets[0])
            found |= _known(fetched, [offset for offset in offsets if offset < known_to])
            wanted[partition] = [offset for offset in offsets if offset >= known_to]
            if not wanted[partition] or known_to <= offsets[0]:
                del wanted[partition]
    return found


def _known_to(fetched: Fetched, asked: int) -> int:
    """Below which offset one knows what there is, after having asked from `asked` on; that itself if nothing."""
    if fetched.error is not None:
        out_of_range = isinstance(fetched.error, Refused) and fetched.error.code == ErrorCode.OFFSET_OUT_OF_RANGE
        return asked + 1 if out_of_range else asked
    return max(fetched.next_offset, asked + 1 if fetched.high_watermark <= asked else asked)


def _known(fetched: Fetched, offsets: list[int]) -> dict[tuple[int, int], RecordView | None]:
    """The records at these offsets, None where there is none; what is damaged is left out."""
    partition = fetched.partition
    found: dict[tuple[int, int], RecordView | None] = dict.fromkeys((partition, offset) for offset in offsets)
    for section in sections(fetched) if fetched.error is None else ():
        damaged: list[tuple[int, int]] = []
        if not isinstance(section, Section):
            damaged = [(section.first_offset, section.last_offset)]
        elif _holds(section, offsets):
            decoded = decode(fetched._replace(records=bytes(section.batch)))
            found |= {(partition, r.offset): view_of(r) for r in decoded.records if (partition, r.offset) in found}
            damaged = [(first, last) for first, last, _ in decoded.damaged]
        for first, last in damaged:
            found = {place: record for place, record in found.items() if not first <= place[1] <= last}
    return found


def _holds(section: Section, offsets: list[int]) -> bool:
    return any(section.header.base_offset <= offset <= section.header.last_offset for offset in offsets)


def pick(
    spec: ConnectionSpec, topic: str, addresses: Iterable[tuple[int, int]], *, time_limit_s: float = TIME_LIMIT_S
) -> dict[tuple[int, int], RecordView | None]:
    """The records at these addresses, as many as can be had in this time; None where there is none any more."""
    wanted: dict[int, list[int]] = {}
    for partition, offset in sorted(addresses):
        wanted.setdefault(partition, []).append(offset)

    async def operation(session: Session) -> dict[tuple[int, int], RecordView | None]:
        return await _pick(session, topic, wanted)

    return run(spec, operation, time_limit_s=time_limit_s)
