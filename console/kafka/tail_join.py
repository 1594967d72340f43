"""Joining a live tail, also coming back to one, and leaving it.

Who comes back names the offsets up to which it had counted. What came since is read for it alone, at most
RESUMED_RECORDS_MAX records; the older rest is counted and named as missed.

Invariants: at most TAILS_MAX tails, VIEWERS_MAX viewers of one; at most RESUMING_MAX viewers are read for at a time;
a viewer's counting goes on at exactly the offset that it names, if the topic is the same and has it.
Not here: fetching for all (tail.py).
"""

import asyncio
import time
from dataclasses import dataclass, field

from console.kafka.connection import ConnectionSpec, Session, new_shell, use
from console.kafka.errors import ClusterUnreachable, KafkaError, NotFound
from console.kafka.tail import JOIN_LIMIT_S, Tail, decoded, fresh_records
from console.kafka.tail_filters import LANES_MAX, Lane, Look, Matcher, look
from console.kafka.tail_ring import SHOWN_MAX, Allowance, Entry
from console.kafka.tail_viewer import Watching
from engine.client.calls import LATEST, Fetched, Place
from engine.client.config import ConsumerConfig
from engine.client.errors import ClientError
from engine.client.records import raw_batches

TAILS_MAX = 64
VIEWERS_MAX = 500  # of one tail
RESUMED_RECORDS_MAX = 5_000
RESUMED_BYTES_MAX = 4 << 20
RESUME_LIMIT_S = 2.0
RESUMING_MAX = 4

_tails: dict[tuple[ConnectionSpec, str], Tail] = {}
_resuming: dict[asyncio.AbstractEventLoop, asyncio.Semaphore] = {}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a viewer wants to see of a topic."""

    partitions: frozenset[int] | None = None  # None: all
    matcher: Matcher | None = None
    rows_per_s: int = SHOWN_MAX
    resume: dict[int, int] = field(default_factory=dict)  # the next offset to count, by partition
    resume_id: str = ""  # of the topic that these offsets are of


async def join(spec: ConnectionSpec, topic: str, wanted: Wanted) -> Watching:
    """Begin to watch: from where the viewer was, else from the end of each partition as it is now."""
    key = (spec, topic)
    tail = _tails.get(key)
    try:
        if tail is None or tail.died:
            tail = _tails[key] = _begin_tail(spec, topic)
        if len(tail.viewers) >= VIEWERS_MAX:
            raise KafkaError(f"topic {topic} has {VIEWERS_MAX} viewers already")
        lane = _enter_lane(tail, wanted.matcher)
    except ValueError as error:
        raise ClusterUnreachable(str(error)) from None
    watching = Watching(tail, lane, wanted.partitions, Allowance.of(wanted.rows_per_s, time.monotonic()))
    tail.viewers[watching] = None
    try:
        async with asyncio.timeout(JOIN_LIMIT_S):
            await tail.ready.wait()
            if tail.failure is not None:
                raise tail.failure
            missing = sorted((wanted.partitions or frozenset()) - tail.positions.keys())
            if missing:
                raise NotFound(f"topic {topic} has no partition {missing[0]}")
            gaps = await _begin_to_count(watching, wanted)
        if gaps:
            async with _resuming.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(RESUMING_MAX)):
                await _resume(watching, gaps)
    except TimeoutError:
        await leave(watching)
        raise ClusterUnreachable(f"{spec.bootstrap} did not answer within {JOIN_LIMIT_S:g} s") from None
    except BaseException:
        await leave(watching)
        raise
    return watching


async def _begin_to_count(watching: Watching, wanted: Wanted) -> dict[int, tuple[int, int]]:
    """Set where the viewer begins; return what of each partition lies before that and was not counted yet."""
    tail = watching.tail
    ends = await tail.offsets(tail.positions, LATEST)
    # What the tail has passed already was there before the viewer is told that it watches.
    starts = {index: max(end, tail.positions.get(index, 0)) for index, end in ends.items()}
    gaps: dict[int, tuple[int, int]] = {}
    if wanted.resume and wanted.resume_id in ("", tail.topic_id.hex()):
        for index, start in starts.items():
            seen = wanted.resume.get(index, start)
            # What the tail has not passed comes by itself; what it has, is read.
            passed = tail.positions.get(index, 0)
            starts[index] = max(min(seen, start), min(passed, start))
            if seen < starts[index]:
                gaps[index] = (seen, starts[index])
    watching.starts = starts
    watching.place = watching.lane.ring.end
    watching.joined = True
    for index, start in starts.items():
        if watching.sees(index):
            watching.note(index, start)
    return {index: gap for index, gap in gaps.items() if watching.sees(index)}


async def _resume(watching: Watching, gaps: dict[int, tuple[int, int]]) -> None:
    """Read what came while the viewer was away; what is not read is missed."""
    tail = watching.tail
    share = max(1, RESUMED_RECORDS_MAX // len(gaps))
    positions = {index: max(begin, end - share) for index, (begin, end) in gaps.items()}
    begun = {index: begin for index, (begin, _) in gaps.items()}
    for index, position in positions.items():
        watching.miss(index, position - begun[index], None)
    deadline_s = time.monotonic() + RESUME_LIMIT_S
    read_bytes = 0
    while time.monotonic() < deadline_s and read_bytes < RESUMED_BYTES_MAX:
        open_ = [(tail.topic, index, at) for index, at in positions.items() if at < gaps[index][1]]
        if not open_:
            break

        async def read(session: Session, places: list[tuple[str, int, int]] = open_) -> dict[Place, Fetched]:
            return await session.fetch(places, bytes_max=RESUMED_BYTES_MAX)

        try:
            answers = await use(tail.spec, read, time_limit_s=RESUME_LIMIT_S)
        except (ClientError, KafkaError):
            break  # the rest is missed, and named
        went_on = False
        for (_, index), fetched in answers.items():
            if fetched.error is None and fetched.next_offset > positions[index]:
                read_bytes += len(fetched.records)
                positions[index] = _bring(watching, fetched, gaps[index][1])
                went_on = True
        if not went_on:
            break
    for index, (_, end) in gaps.items():
        watching.miss(index, max(0, end - positions[index]), None)


def _bring(watching: Watching, fetched: Fetched, end: int) -> int:
    """Count the batches of a fetch before `end` for one viewer; return where it goes on."""
    matcher, partition = watching.lane.matcher, fetched.partition
    for batch in raw_batches(fetched):
        if batch.base_offset >= end:
            return end
        fresh = fresh_records(batch, fetched.position)
        if not fresh:
            continue
        only = fetched._replace(records=bytes(batch.data), next_offset=batch.last_offset + 1)
        views = [view for view in decoded(only) if view.offset < end]
        arrived = min(fresh, end - max(batch.base_offset, fetched.position))
        found = Look(views, []) if matcher is None else look(matcher, views)
        count = arrived if matcher is None else len(found.matching)
        # Meanwhile newer ones are counted as they come: the viewer's position is behind those.
        watching.count(partition, arrived, count, None, unread=len(found.not_compared))
        if found.matching:
            watching.bring(Entry(0, partition, len(found.matching), 0, None, found.matching))
    return min(end, fetched.next_offset)


async def leave(watching: Watching) -> None:
    """Watch no more; the last viewer ends the tail."""
    tail = watching.tail
    if tail.viewers.pop(watching, watching) is not None:
        return
    watching.lane.viewers -= 1
    if not watching.lane.viewers:
        matcher = watching.lane.matcher
        del tail.lanes[matcher.key if matcher else None]
    if tail.viewers:
        return
    if _tails.get((tail.spec, tail.topic)) is tail:
        del _tails[tail.spec, tail.topic]
    if tail.task is not None:
        tail.task.cancel()
        await asyncio.gather(tail.task, return_exceptions=True)


def _enter_lane(tail: Tail, matcher: Matcher | None) -> Lane:
    key = matcher.key if matcher else None
    if key not in tail.lanes and len(tail.lanes) >= LANES_MAX:
        raise KafkaError(f"topic {tail.topic} is watched with {LANES_MAX} filters already")
    lane = tail.lanes.setdefault(key, Lane(matcher))
    lane.viewers += 1
    return lane


def _begin_tail(spec: ConnectionSpec, topic: str) -> Tail:
    if len(_tails) >= TAILS_MAX:
        raise KafkaError(f"{TAILS_MAX} live tails are open already")
    consumer = ConsumerConfig(offset_reset="none", bytes_max=8 << 20, check_crcs=False)  # it counts; who shows checks
    shell = new_shell(spec, consumer=consumer)
    tail = Tail(spec, topic, shell)
    tail.task = asyncio.get_running_loop().create_task(tail.run())
    tail.task.add_done_callback(tail.on_ended)
    return tail
