"""One live tail: fetches a topic from its end on, counts everything, decodes what can be shown.

A batch is counted by its header. It is decoded only while the budget for decoding lasts,
which fills up with time: at a million records a second a viewer sees samples, and the
counters stay exact. A tail that fell far behind jumps to the end and counts what it skipped.

Invariants:
- Each record from a viewer's start on is counted in its `arrived` once, also across restarts of brokers.
- Records come in offset order within a partition.
- Everything here runs on the loop of connection.py.

Not here: the viewer's side on other loops (stream.py).
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from console.kafka import topics
from console.kafka.connection import ConnectionSpec, Session, new_shell, use
from console.kafka.errors import ClusterUnreachable, KafkaError, NotFound, translated
from console.kafka.records import RecordView, view_of
from engine.client.calls import EARLIEST, LATEST, Fetched, OffsetFound, Place
from engine.client.config import ConsumerConfig
from engine.client.errors import ClientError, Refused
from engine.client.records import decode, raw_batches
from engine.net.client_shell import ClientShell
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.metadata import MetadataResponseTopic

TAILS_MAX = 64
VIEWERS_MAX = 500  # of one tail
BUFFER_RECORDS = 500  # of one viewer
JOIN_LIMIT_S = 3.0
POLL_MS = 1_000
LOOK_AROUND_S = 10.0  # how often new partitions are looked for
DECODED_RECORDS_PER_S = 3_000
BEHIND_RECORDS_MAX = 500_000  # further behind than this the tail jumps to the end
PAUSE_AFTER_ERROR_S = 0.2

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TailFrame:
    """What a viewer is to see next, and its counters."""

    records: list[RecordView]  # oldest first, at most records_max
    arrived: int
    shown: int
    dropped: int
    state: Literal["live", "reconnecting"]
    reason: str | None  # why it is reconnecting, in words


@dataclass(slots=True, eq=False)
class Watching:
    """One viewer as its tail knows it."""

    tail: "Tail"
    partition: int | None
    starts: dict[int, int] = field(default_factory=dict)  # offsets from which it counts
    joined: bool = False  # its starts are known
    buffer: deque[RecordView] = field(default_factory=deque)
    arrived: int = 0
    shown: int = 0
    dropped: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def sees(self, partition: int) -> bool:
        """Whether it watches this partition."""
        return self.joined and (self.partition is None or self.partition == partition)

    def count(self, records: int) -> None:
        """Records arrived that are not shown, unless `show` follows."""
        self.arrived += records
        self.dropped += records
        self.news.set()

    def show(self, views: Iterable[RecordView]) -> None:
        """Of the records that were counted, these may be shown."""
        for view in views:
            self.buffer.append(view)
            if len(self.buffer) > BUFFER_RECORDS:
                self.buffer.popleft()

    async def next_frame(self, records_max: int, wait_s: float) -> TailFrame:
        """Wait for news, then give the newest records and what became of the others."""
        try:
            async with asyncio.timeout(wait_s):
                await self.news.wait()
        except TimeoutError:
            pass
        self.news.clear()
        records = list(self.buffer)[-records_max:] if records_max > 0 else []
        self.buffer.clear()
        self.shown += len(records)
        self.dropped -= len(records)
        tail = self.tail
        state: Literal["live", "reconnecting"] = "live" if tail.reason is None else "reconnecting"
        return TailFrame(records, self.arrived, self.shown, self.dropped, state, tail.reason)


@dataclass(slots=True, eq=False)
class Tail:
    """The fetching side of a topic that somebody watches."""

    spec: ConnectionSpec
    topic: str
    shell: ClientShell
    topic_id: bytes = b""
    positions: dict[int, int] = field(default_factory=dict)  # next offset of each partition
    viewers: dict[Watching, None] = field(default_factory=dict)
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None
    reason: str | None = None  # why nothing comes, in words
    failure: KafkaError | None = None  # it could not even begin
    decodable: float = DECODED_RECORDS_PER_S  # records that may be decoded now
    decodable_at_s: float = field(default_factory=time.monotonic)
    looked_s: float = 0.0

    # ---- the task
    async def run(self) -> None:
        """Fetch until cancelled."""
        await self.shell.start()
        try:
            try:
                await self._begin()
            except KafkaError as error:
                self.failure = error
                return
            finally:
                self.ready.set()
            while True:
                try:
                    await self._step()
                except (ClientError, KafkaError) as error:
                    self._say(str(error))
                    await asyncio.sleep(PAUSE_AFTER_ERROR_S)
        finally:
            await self.shell.close()

    async def _begin(self) -> None:
        await self._assign(await self.offsets(range(await self._describe()), LATEST))

    async def _step(self) -> None:
        fetched = await self.shell.poll(wait_ms=POLL_MS)
        errors = [entry for entry in fetched if entry.error is not None]
        for entry in fetched:
            if entry.error is None:
                await self._take(entry)
        if not errors:
            self._say(None)
        for entry in errors:
            await self._recover(entry)
        if errors or time.monotonic() - self.looked_s > LOOK_AROUND_S:
            await self._look_around()

    def on_ended(self, task: asyncio.Task[None]) -> None:
        """Tell viewers when the task died of a bug of ours; it is logged, and a new viewer begins a new tail."""
        if not task.cancelled() and task.exception() is not None:
            logger.error("the live tail of %s ended", self.topic, exc_info=task.exception())
            self._say("the live tail ended because of an internal error; reload the page")
            _tails.pop((self.spec, self.topic), None)

    # ---- records
    async def _take(self, fetched: Fetched) -> None:
        partition = fetched.partition
        for batch in raw_batches(fetched):
            # A batch that begins before our position was partly seen: counting goes by what is new.
            fresh = batch.record_count
            if batch.base_offset < fetched.position:
                fresh = max(0, min(fresh, batch.last_offset + 1 - fetched.position))
            if batch.control or not fresh:
                continue
            watching = [
                viewer
                for viewer in self.viewers
                if viewer.sees(partition) and batch.last_offset >= viewer.starts.get(partition, 0)
            ]
            for viewer in watching:
                viewer.count(fresh)
            if watching and self._may_decode(fresh):
                only = fetched._replace(records=bytes(batch.data), next_offset=batch.last_offset + 1)
                views = [view_of(record) for record in decode(only).records]
                for viewer in watching:
                    viewer.show(views)
        self.positions[partition] = fetched.next_offset
        behind = fetched.high_watermark - fetched.next_offset
        if behind > BEHIND_RECORDS_MAX:
            await self._skip_to(partition, fetched.high_watermark)

    def _may_decode(self, records: int) -> bool:
        now_s = time.monotonic()
        earned = (now_s - self.decodable_at_s) * DECODED_RECORDS_PER_S
        self.decodable = min(DECODED_RECORDS_PER_S, self.decodable + earned)
        self.decodable_at_s = now_s
        if self.decodable <= 0:
            return False
        self.decodable -= records
        return True

    async def _skip_to(self, partition: int, offset: int) -> None:
        """Go on at another offset; what lies between counts as arrived and dropped."""
        skipped = offset - self.positions[partition]
        for viewer in self.viewers:
            if skipped > 0 and viewer.sees(partition):
                viewer.count(min(skipped, max(0, offset - viewer.starts.get(partition, 0))))
        self.positions[partition] = offset
        await self.shell.seek(self.topic, partition, offset)

    # ---- trouble and change
    def _say(self, reason: str | None) -> None:
        if reason != self.reason:
            self.reason = reason
            for viewer in self.viewers:
                viewer.news.set()

    async def _recover(self, fetched: Fetched) -> None:
        error = fetched.error
        assert error is not None, "only what failed is recovered"
        out_of_range = isinstance(error, Refused) and error.code == ErrorCode.OFFSET_OUT_OF_RANGE
        if not out_of_range:
            self._say(str(translated(error)))
            return
        partition = fetched.partition
        starts = await self.offsets([partition], EARLIEST)
        ends = await self.offsets([partition], LATEST)
        position = self.positions[partition]
        # Deleted before we read it: go on where the log begins. Beyond the end: records were lost, go on at the end.
        offset = starts[partition] if position < starts[partition] else min(position, ends[partition])
        await self._skip_to(partition, offset)

    async def _look_around(self) -> None:
        """Notice a topic that was deleted or made anew, and new partitions."""
        self.looked_s = time.monotonic()
        old_id = self.topic_id
        try:
            count = await self._describe()
        except KafkaError as error:
            self._say(error.reason)
            await asyncio.sleep(PAUSE_AFTER_ERROR_S)
            return
        if self.topic_id != old_id:
            for viewer in self.viewers:
                viewer.starts.clear()
            await self._assign(dict.fromkeys(range(count), 0))
        elif count > len(self.positions):
            await self._assign(dict.fromkeys(range(count), 0) | self.positions)

    async def _describe(self) -> int:
        """Learn the topic's id, return how many partitions it has; NotFound if it is not there."""

        async def read(session: Session) -> MetadataResponseTopic:
            return await topics.one_topic(session, self.topic)

        topic = await use(self.spec, read, time_limit_s=JOIN_LIMIT_S)
        self.topic_id = topic.topic_id
        return len(topic.partitions)

    async def offsets(self, partitions: Iterable[int], which: int) -> dict[int, int]:
        """The first or the end offset of each partition; a KafkaError if one is not known."""

        async def read(session: Session) -> dict[Place, OffsetFound | ClientError]:
            return await session.list_offsets([(self.topic, partition, which) for partition in partitions])

        # By a connection of the pool: on our own the answer would wait behind a fetch that waits for records.
        offsets: dict[int, int] = {}
        for (_, partition), result in (await use(self.spec, read, time_limit_s=JOIN_LIMIT_S)).items():
            if not isinstance(result, OffsetFound):
                raise translated(result)
            offsets[partition] = result.offset
        return offsets

    async def _assign(self, positions: dict[int, int]) -> None:
        self.positions = dict(positions)
        await self.shell.assign([(self.topic, partition, offset) for partition, offset in positions.items()])


_tails: dict[tuple[ConnectionSpec, str], Tail] = {}


async def join(spec: ConnectionSpec, topic: str, partition: int | None) -> Watching:
    """Begin to watch: from the end of each partition as it is now."""
    key = (spec, topic)
    tail = _tails.get(key)
    try:
        if tail is None:
            tail = _tails[key] = _begin_tail(spec, topic)
        if len(tail.viewers) >= VIEWERS_MAX:
            raise KafkaError(f"topic {topic} has {VIEWERS_MAX} viewers already")
        watching = Watching(tail, partition)
        tail.viewers[watching] = None
    except ValueError as error:
        raise ClusterUnreachable(str(error)) from None
    try:
        async with asyncio.timeout(JOIN_LIMIT_S):
            await tail.ready.wait()
            if tail.failure is not None:
                raise tail.failure
            if partition is not None and partition not in tail.positions:
                raise NotFound(f"topic {topic} has no partition {partition}")
            ends = await tail.offsets(tail.positions, LATEST)
            # What the tail has passed already was there before the viewer is told that it watches.
            watching.starts = {index: max(end, tail.positions.get(index, 0)) for index, end in ends.items()}
            watching.joined = True
    except TimeoutError:
        await leave(watching)
        raise ClusterUnreachable(f"{spec.bootstrap} did not answer within {JOIN_LIMIT_S:g} s") from None
    except BaseException:
        await leave(watching)
        raise
    return watching


async def leave(watching: Watching) -> None:
    """Watch no more; the last viewer ends the tail."""
    tail = watching.tail
    tail.viewers.pop(watching, None)
    if tail.viewers:
        return
    if _tails.get((tail.spec, tail.topic)) is tail:
        del _tails[tail.spec, tail.topic]
    if tail.task is not None:
        tail.task.cancel()
        await asyncio.gather(tail.task, return_exceptions=True)


def _begin_tail(spec: ConnectionSpec, topic: str) -> Tail:
    if len(_tails) >= TAILS_MAX:
        raise KafkaError(f"{TAILS_MAX} live tails are open already")
    consumer = ConsumerConfig(offset_reset="none", bytes_max=8 << 20)
    shell = new_shell(spec, consumer=consumer)
    tail = Tail(spec, topic, shell)
    tail.task = asyncio.get_running_loop().create_task(tail.run())
    tail.task.add_done_callback(tail.on_ended)
    return tail
