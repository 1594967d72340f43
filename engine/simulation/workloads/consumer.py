"""A consumer of chosen partitions that reports every record it was given.

It fetches with or without a session, in small or large pieces, and now and then asks
the same twice: a full fetch, then its session's (S33).

Invariants:
- It asks only for the offset after the last record it reported; after
  OFFSET_OUT_OF_RANGE it starts again at the earliest.
- In a session it says only what changed since its last fetch.

Not here: groups, committed offsets (issue 2).
Spec: KIP-227 (sessions), KIP-516 (topic ids).
"""

from dataclasses import dataclass, field

from engine.simulation.batches import batches_of, values_of
from engine.simulation.workloads.wire_actor import WireActor
from engine.simulation.world import Node, World
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.fetch import FetchPartition, FetchRequest, FetchResponse, FetchTopic, PartitionData
from engine.wire.messages.list_offsets import (
    ListOffsetsPartition,
    ListOffsetsRequest,
    ListOffsetsResponse,
    ListOffsetsTopic,
)
from engine.wire.primitives import Message

TOPIC_IDS_FROM = 13  # Fetch names topics by id
SESSIONS_FROM = 7
EARLIEST = -2
SESSION_ERRORS = (ErrorCode.FETCH_SESSION_ID_NOT_FOUND, ErrorCode.INVALID_FETCH_SESSION_EPOCH)
GONE = (ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, ErrorCode.UNKNOWN_TOPIC_ID, ErrorCode.INCONSISTENT_TOPIC_ID)


@dataclass(slots=True, eq=False)
class Consumer(WireActor):
    """Reads every partition of one topic from its beginning."""

    version: int = 12
    uses_session: bool = True
    wait_ms_max: int = 100
    bytes_max: int = 1 << 20
    partition_bytes_max: int = 1 << 16
    compares: bool = False  # sends a full fetch before each of its session's
    offsets: dict[int, int] = field(default_factory=dict)  # next to fetch, by partition
    session_id: int = 0
    session_epoch: int = 0  # of the next fetch
    told: dict[int, int] = field(default_factory=dict)  # offsets that the session was told, by partition
    calls: dict[int, dict[int, int]] = field(default_factory=dict)  # fetches on their way, offsets asked for
    full: dict[int, bytes] = field(default_factory=dict)  # what the full fetch just gave, by partition
    full_call: int = 0
    resets: int = 0

    def begin(self, world: World, node: Node) -> None:
        """A connection has no session yet."""
        for partition in range(self.partitions):
            self.offsets.setdefault(partition, 0)
        self.go_on(world, node)

    def lost(self, world: World, node: Node) -> None:
        """Nothing is on its way, and the session is over."""
        self.calls.clear()
        self._end_session()

    def go_on(self, world: World, node: Node) -> None:
        """Fetch, unless a fetch is under way."""
        if self.calls:
            return
        sessions = self.uses_session and self.version >= SESSIONS_FROM
        if sessions and self.compares and self.session_epoch > 0:
            self.full_call = self._fetch(node, self.offsets, 0, -1, wait_ms=0)
        if not sessions:
            self._fetch(node, self.offsets, 0, -1, self.wait_ms_max)
            return
        changed = {partition: at for partition, at in self.offsets.items() if self.told.get(partition) != at}
        self._fetch(node, changed, self.session_id, self.session_epoch, self.wait_ms_max)
        self.told = dict(self.offsets)

    def _fetch(self, node: Node, asked: dict[int, int], session_id: int, epoch: int, wait_ms: int) -> int:
        partitions = [
            FetchPartition(partition, fetch_offset=at, partition_max_bytes=self.partition_bytes_max)
            for partition, at in asked.items()
        ]
        topics = [FetchTopic(self.topic, self.topic_id if self.version >= TOPIC_IDS_FROM else bytes(16), partitions)]
        request = FetchRequest(
            max_wait_ms=wait_ms, min_bytes=1, max_bytes=self.bytes_max, session_id=session_id, session_epoch=epoch,
            topics=topics if partitions else [],
        )  # fmt: skip
        call = self.send(node, request, self.version)
        self.calls[call] = dict(self.offsets)
        return call

    def answered(self, world: World, node: Node, call: int, reply: Message) -> None:
        """Report what came; then fetch on."""
        if isinstance(reply, ListOffsetsResponse):
            self._reset(world, node, reply)
            return
        assert isinstance(reply, FetchResponse), "it asks for nothing else"
        asked = self.calls.pop(call)
        found = {data.partition_index: data for topic in reply.responses for data in topic.partitions}
        if call == self.full_call:
            self.full = {number: bytes(data.records or b"") for number, data in found.items() if not data.error_code}
            return
        if reply.error_code in SESSION_ERRORS:
            world.observe(node.name, "session refused", reply.error_code)
            self._end_session()
            self.go_on(world, node)
            return
        if self.uses_session and self.version >= SESSIONS_FROM:
            if self.session_epoch > 0 and not reply.error_code:
                world.observe(node.name, "session fetch", len(found))
            self.session_id = reply.session_id
            self.session_epoch = self.session_epoch + 1 if reply.session_id else 0
            if not reply.session_id:
                self.told.clear()
        self._compare(world, node, found)
        failed = [data for number, data in found.items() if not self._take(world, node, asked[number], data)]
        if reply.error_code or failed:
            self._recover(world, node, failed)
        elif not self.wait_ms_max and not any(data.records for data in found.values()):
            self.pause(world, node, 5_000)
        else:
            self.go_on(world, node)

    def _take(self, world: World, node: Node, asked: int, data: PartitionData) -> bool:
        """Report one partition's records. False: there is an error."""
        if data.error_code:
            return False
        records = bytes(data.records or b"")
        values: list[bytes] = []
        first = last = -1
        for batch in batches_of(records, whole=False):
            if batch.last_offset < asked:
                continue
            skipped = max(0, asked - batch.base_offset)
            first = first if first >= 0 else batch.base_offset + skipped
            last = batch.last_offset
            values += values_of(batch)[skipped:]
        if first >= 0:
            self.offsets[data.partition_index] = last + 1
            world.observe(
                node.name, "delivered", self.topic, self.topic_id, data.partition_index, first, tuple(values),
                data.high_watermark,
            )  # fmt: skip
        world.observe(
            node.name, "mark seen", self.topic_id, data.partition_index, data.high_watermark, data.log_start_offset
        )
        return True

    def _compare(self, world: World, node: Node, found: dict[int, PartitionData]) -> None:
        """What a full fetch gave a moment ago, the session's must give too (S33)."""
        for number, records in self.full.items():
            if records:
                incremental = bytes(found[number].records or b"") if number in found else b""
                error = found[number].error_code if number in found else 0
                if not error and not incremental.startswith(records):
                    world.observe(node.name, "session differs", self.topic_id, number, len(records), len(incremental))
                else:
                    world.observe(node.name, "session agrees")
        self.full = {}

    def _recover(self, world: World, node: Node, failed: list[PartitionData]) -> None:
        codes = {data.partition_index: data.error_code for data in failed}
        if any(code in GONE for code in codes.values()) or not codes:
            self._end_session()
            self.forget_topic(world, node)
            return
        out = [number for number, code in codes.items() if code == ErrorCode.OFFSET_OUT_OF_RANGE]
        if not out:
            self.pause(world, node)
            return
        partitions = [ListOffsetsPartition(number, timestamp=EARLIEST) for number in out]
        self.send(node, ListOffsetsRequest(-1, 0, [ListOffsetsTopic(self.topic, partitions)]), 5)

    def _reset(self, world: World, node: Node, reply: ListOffsetsResponse) -> None:
        for answer in reply.topics[0].partitions:
            if not answer.error_code:
                self.resets += 1
                self.offsets[answer.partition_index] = answer.offset
                world.observe(node.name, "reset", self.topic_id, answer.partition_index, answer.offset)
        self.pause(world, node, 1_000)

    def _end_session(self) -> None:
        self.session_id = self.session_epoch = 0
        self.told.clear()
        self.full = {}
        self.full_call = 0
