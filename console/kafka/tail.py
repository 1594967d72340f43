"""One live tail: fetches a topic from its end on and counts everything; who shows what of it is each viewer's.

A batch is counted by its header and put undecoded into the ring of its lane; with a filter it is decoded, once for
all filters, while the budget lasts. A tail that fell far behind jumps to the end and counts what it skipped.

Invariants:
- Each record from a viewer's start on is counted in its `arrived` once, also across restarts of brokers.
- Records come in offset order within a partition.
- Everything here runs on the loop of connection.py.

Not here: counters and frames (tail_viewer.py), joining and coming back (tail_join.py), other loops (stream.py).
"""

import asyncio
import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial

from console.kafka import topics
from console.kafka.connection import ConnectionSpec, Session, use
from console.kafka.errors import KafkaError, translated
from console.kafka.records import RecordView, view_of
from console.kafka.tail_filters import Budget, Lane, Look, look
from console.kafka.tail_viewer import Watching
from engine.client.calls import EARLIEST, LATEST, Fetched, OffsetFound, Place
from engine.client.errors import ClientError, Refused
from engine.client.records import RawBatch, decode, raw_batches
from engine.net.client_shell import ClientShell
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.metadata import MetadataResponseTopic

JOIN_LIMIT_S = 3.0
POLL_MS = 1_000
LOOK_AROUND_S = 10.0  # how often new partitions are looked for
DECODED_RECORDS_PER_S = 20_000  # for viewers without a filter
BEHIND_RECORDS_MAX = 500_000  # further behind than this the tail jumps to the end
PAUSE_AFTER_ERROR_S = 0.2
ATTRIBUTES_BYTE, CODEC_BITS = 22, 0x07  # where a batch says how it is compressed (int16 at byte 21)

NOTHING = Look([], [])

logger = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Tail:
    """The fetching side of a topic that somebody watches."""

    spec: ConnectionSpec
    topic: str
    shell: ClientShell
    topic_id: bytes = b""
    positions: dict[int, int] = field(default_factory=dict)  # next offset of each partition
    viewers: dict[Watching, None] = field(default_factory=dict)
    lanes: dict[str | None, Lane] = field(default_factory=dict)  # by the filter's key
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None
    reason: str | None = None  # why nothing comes, in words
    failure: KafkaError | None = None  # it could not even begin
    died: bool = False  # of a bug of ours
    budget: Budget = field(default_factory=Budget)
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
            self.died = True

    # ---- records
    async def _take(self, fetched: Fetched) -> None:
        partition = fetched.partition
        for batch in raw_batches(fetched):
            fresh = fresh_records(batch, fetched.position)
            if fresh:
                self._count(fetched, batch, fresh)
                self.positions[partition] = batch.last_offset + 1  # who joins between batches has missed this one
                if any(lane.filters for lane in self.lanes.values()):
                    await asyncio.sleep(0)  # looking takes time: pages have their turn between batches
        # What holds no records (markers, compacted away) moves the position of everybody all the same.
        self.positions[partition] = fetched.next_offset
        behind = fetched.high_watermark - fetched.next_offset
        if behind > BEHIND_RECORDS_MAX:
            await self._skip_to(partition, fetched.high_watermark)

    def _count(self, fetched: Fetched, batch: RawBatch, fresh: int) -> None:
        """Count a batch for each viewer that sees it, and remember it in each lane that one of them is in."""
        partition, behind = fetched.partition, batch.last_offset + 1
        watching = [
            viewer
            for viewer in self.viewers
            if viewer.sees(partition) and batch.last_offset >= viewer.starts.get(partition, 0)
        ]
        if not watching:
            return
        data = bytes(batch.data)
        only = fetched._replace(records=data, next_offset=behind)
        looks: dict[Lane, Look | None] = {}
        views: list[RecordView] | None = None
        for lane in dict.fromkeys(viewer.lane for viewer in watching):
            if lane.matcher is None:
                lane.ring.add(partition, fresh, len(data), decode=partial(decoded, only))
            elif not self.budget.allows(time.monotonic()):
                looks[lane] = None
            else:
                begun_s = time.monotonic()
                looks[lane] = NOTHING
                if packed(data) or lane.matcher.may_match(data):
                    views = decoded(only) if views is None else views
                    looks[lane] = found = look(lane.matcher, views)
                    size_bytes = sum(view.size for view in found.matching)
                    if found.matching:
                        lane.ring.add(partition, len(found.matching), size_bytes, views=found.matching)
                self.budget.spend(time.monotonic() - begun_s)
        for viewer in watching:
            start = viewer.starts.get(partition, 0)
            # A batch that a viewer comes into the middle of (only one who comes back can): it counts what is behind.
            arrived = fresh if batch.base_offset >= start else min(fresh, behind - start)
            viewer.count_look(partition, arrived, looks.get(viewer.lane), behind)

    def may_decode(self, records: int) -> bool:
        """Whether so many records may be decoded for viewers without a filter now."""
        now_s = time.monotonic()
        earned = (now_s - self.decodable_at_s) * DECODED_RECORDS_PER_S
        self.decodable = min(DECODED_RECORDS_PER_S, self.decodable + earned)
        self.decodable_at_s = now_s
        if self.decodable <= 0:
            return False
        self.decodable -= records
        return True

    async def _skip_to(self, partition: int, offset: int) -> None:
        """Go on at another offset; what lies between counts as arrived and missed."""
        skipped = offset - self.positions[partition]
        for viewer in self.viewers:
            if skipped > 0 and viewer.sees(partition):
                viewer.miss(partition, min(skipped, max(0, offset - viewer.starts.get(partition, 0))), offset)
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


def fresh_records(batch: RawBatch, position: int) -> int:
    """How many records of a batch are new to who reads from `position`; markers are none."""
    if batch.control:
        return 0
    # A batch that begins before the position was partly seen: counting goes by what is new.
    if batch.base_offset < position:
        return max(0, min(batch.record_count, batch.last_offset + 1 - position))
    return batch.record_count


def decoded(fetched: Fetched) -> list[RecordView]:
    """The records of a fetch; what is damaged is left out."""
    return [view_of(record) for record in decode(fetched).records]


def packed(batch: bytes) -> bool:
    """Whether the records of a batch are compressed: then its bytes do not tell what is in them."""
    return bool(batch[ATTRIBUTES_BYTE] & CODEC_BITS)
