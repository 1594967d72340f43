"""The group coordinator: groups and their offsets, kept in `__consumer_offsets`, led by this broker.

Each partition of `__consumer_offsets` is a Shard: its groups and committed offsets are
what its records say. A decision of core.groups becomes records; what they promise is
applied and answered when the partition's high watermark has passed them.

Invariants:
- A commit is visible to OffsetFetch, and answered, only once its record counts.
- A generation's assignments are handed out only once its record counts.
- Every JoinGroup and SyncGroup that waits has its slot in `waiting`, and is answered once.
- A group's shard is given by its name alone: Java's hash of it, modulo the partitions.

Not here: the rules (core/groups), requests and responses (handlers/*_group*.py,
handlers/offset_*.py), compaction of the log.
Spec: KIP-62, KIP-211, KIP-345, KIP-394.
"""

from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from engine.broker import durability, group_replies, region_pins
from engine.broker.group_replies import ParkedGroupRequest
from engine.broker.partition import Partition
from engine.core.groups import leaving, syncing
from engine.core.groups.committed_offsets import CommittedOffset, CommittedOffsets, Place, expired
from engine.core.groups.group import Group, GroupState
from engine.core.groups.group_records import (
    KeyValue,
    apply,
    group_record,
    group_tombstone,
    offset_tombstone,
)
from engine.core.groups.limits import GroupLimits
from engine.core.records.batch import read_header
from engine.core.records.record import batches, decode_records
from engine.storage.disk import StorageError
from engine.wire.error_codes import ErrorCode, WireError
from engine.wire.primitives import DAMAGE, Malformed

if TYPE_CHECKING:
    from engine.broker.broker import Broker

TOPIC = "__consumer_offsets"
STALE_DEADLINES_MAX = 64  # of groups that moved theirs or are gone, and as many as there are groups
LOAD_BYTES = 4 << 20  # how much of a shard's log is read at once when it is loaded


@dataclass(slots=True, eq=False)
class PendingWrite:
    """What happens when the high watermark has passed `end_offset`."""

    end_offset: int
    group_id: str
    generation_id: int | None = None  # this generation is stored
    commits: list[tuple[Place, CommittedOffset | None]] = field(default_factory=list)  # None: forgotten
    slot: ParkedGroupRequest | None = None  # who is then answered with what it holds


@dataclass(slots=True, eq=False)
class Shard:
    """One partition of `__consumer_offsets`."""

    partition: Partition
    groups: dict[str, Group] = field(default_factory=dict)
    offsets: CommittedOffsets = field(default_factory=CommittedOffsets)
    pending: deque[PendingWrite] = field(default_factory=deque)


@dataclass(slots=True, eq=False)
class GroupCoordinator:
    """All groups of this broker."""

    limits: GroupLimits
    shards: dict[int, Shard] = field(default_factory=dict)
    waiting: dict[int, ParkedGroupRequest] = field(default_factory=dict)  # by waiter
    waiters: int = 0
    deadlines: list[tuple[int, str]] = field(default_factory=list)  # heap; may name groups that moved theirs
    scheduled: dict[str, int] = field(default_factory=dict)  # group -> the earliest deadline in the heap
    told: deque[tuple[int, str, str, int]] = field(default_factory=deque)  # shard, group, member, bytes
    told_bytes: int = 0
    advanced: list[int] = field(default_factory=list)  # shards whose high watermark moved in this event

    def shard_of(self, broker: "Broker", group_id: str) -> Shard:
        """Find the shard of a group. Raises COORDINATOR_NOT_AVAILABLE while the topic is being created."""
        topic = broker.image.topics.get(TOPIC)
        if topic is None:
            raise WireError(ErrorCode.COORDINATOR_NOT_AVAILABLE)
        shard = self.shards.get(java_hash(group_id) % len(topic.partitions))
        if shard is None:
            raise WireError(ErrorCode.NOT_COORDINATOR)
        if shard.partition.offline:
            raise WireError(ErrorCode.COORDINATOR_NOT_AVAILABLE)
        return shard

    def next_deadline_ms(self) -> int | None:
        """When `run_due` has something to do."""
        return self.deadlines[0][0] if self.deadlines else None


def java_hash(text: str) -> int:
    """Java's String.hashCode without its sign: what Kafka places groups by."""
    value = 0
    if text.isascii():  # nearly always; on the way of each commit
        for unit in text.encode():
            value = value * 31 + unit & 0xFFFFFFFF
        return value & 0x7FFFFFFF
    encoded = text.encode("utf-16-be", "surrogatepass")
    for at in range(0, len(encoded), 2):
        value = value * 31 + (encoded[at] << 8 | encoded[at + 1]) & 0xFFFFFFFF
    return value & 0x7FFFFFFF


def load_all(broker: "Broker") -> None:
    """At start: build every shard from its log."""
    for partition in broker.replica_manager.topics.get(TOPIC, {}).values():
        load(broker, partition)


def load(broker: "Broker", partition: Partition) -> None:
    """Build a shard from its log: at start, and when the topic was created.

    Only we write here, and yet any bytes may lie in the log. What cannot be read, a whole batch or one record, is
    counted and passed over: it must not keep the other groups away. Apache Kafka (CoordinatorLoaderImpl) passes
    over record types that it does not know; at a batch or a value that does not decode it gives the whole
    partition up, and its groups have no coordinator until somebody mends the log. So do we only where it cannot be
    known where the next batch begins: what follows may be newer than all we have.
    """
    shard = Shard(partition)
    try:
        _read_log(broker, shard)
    except WireError as damage:
        _pass_over(broker, shard, partition.log.log_start_offset, damage)
        return
    broker.group_coordinator.shards[partition.index] = shard
    for group in shard.groups.values():
        schedule(broker, group)


def _read_log(broker: "Broker", shard: Shard) -> None:
    log, end = shard.partition.log, shard.partition.high_watermark_position
    offset = log.log_start_offset
    while offset < end.offset:
        before = offset
        for header, batch in batches(log.read(offset, end, LOAD_BYTES)):
            if not header.is_control:
                _load_batch(broker, shard, batch)
            offset = header.last_offset + 1
        if offset <= before:
            raise WireError(ErrorCode.CORRUPT_MESSAGE, f"No batch follows at offset {before}")


def _load_batch(broker: "Broker", shard: Shard, batch: memoryview) -> None:
    try:
        records = decode_records(batch)
    except (WireError, *DAMAGE) as damage:
        _pass_over(broker, shard, read_header(batch).base_offset, damage)
        return
    for record in records:
        try:
            apply(record.key or b"", record.value, shard.groups, shard.offsets, broker.now_ms)
        except (Malformed, *DAMAGE) as damage:
            _pass_over(broker, shard, record.offset, damage)


def _pass_over(broker: "Broker", shard: Shard, offset: int, damage: Exception) -> None:
    broker.counters.group_records_unreadable += 1
    broker.effects.observe("group_record_unreadable", shard.partition.index, offset, str(damage))


def park(broker: "Broker", slot: ParkedGroupRequest) -> int:
    """Keep a request's place in line; return its waiter's number."""
    coordinator = broker.group_coordinator
    coordinator.waiters += 1
    coordinator.waiting[coordinator.waiters] = slot
    slot.waiter = coordinator.waiters
    return coordinator.waiters


def forget(broker: "Broker", slot: ParkedGroupRequest) -> None:
    """Its connection is closed: whoever answers it finds nobody."""
    slot.items = []
    broker.group_coordinator.waiting.pop(slot.waiter, None)


def append(broker: "Broker", shard: Shard, records: list[KeyValue], write: PendingWrite) -> None:
    """Write records to the shard's log; `write` happens when they count. Raises WireError if they cannot be written."""
    partition = shard.partition
    if partition.offline:
        raise WireError(ErrorCode.COORDINATOR_NOT_AVAILABLE)
    try:
        partition.log.append_records(
            [(one.key, one.value) for one in records], leader_epoch=partition.leader_epoch, wall_ms=broker.wall_ms
        )
    except StorageError as failed:
        durability.note_disk_error(broker, failed)
        raise WireError(ErrorCode.COORDINATOR_NOT_AVAILABLE, str(failed)) from failed
    write.end_offset = partition.log.log_end_offset
    shard.pending.append(write)
    durability.note_append(broker, partition)


def settle(broker: "Broker", shard: Shard, group: Group) -> None:
    """After a group changed: write its generation if it asks for that, send its answers, keep its deadline."""
    if group.storing_generation is not None and not _is_being_stored(shard, group):
        write = PendingWrite(0, group.group_id, generation_id=group.storing_generation)
        group.state_since_wall_ms = broker.wall_ms
        try:
            append(broker, shard, [group_record(group, broker.wall_ms)], write)
        except WireError as refused:
            syncing.on_stored(
                group, group.storing_generation, refused.code, broker.group_coordinator.limits, broker.now_ms
            )
    if broker.effects.tracing:
        broker.effects.observe("group", group.group_id, group.state.value, group.generation_id, len(group.members))
    send_answers(broker, group)
    schedule(broker, group)


def _is_being_stored(shard: Shard, group: Group) -> bool:
    return any(
        write.group_id == group.group_id and write.generation_id == group.storing_generation for write in shard.pending
    )


def send_answers(broker: "Broker", group: Group) -> None:
    """Give the waiters of a group their replies."""
    answers, group.answers = group.answers, []
    for answer in answers:
        slot = broker.group_coordinator.waiting.pop(answer.waiter, None)
        if slot is not None:
            group_replies.give(broker, slot, answer)


def run_advanced(broker: "Broker") -> None:
    """Once per event: what waited for the high watermarks that moved happens."""
    coordinator = broker.group_coordinator
    while coordinator.advanced:
        shard = coordinator.shards.get(coordinator.advanced.pop())
        if shard is not None:
            _on_advanced(broker, shard)


def _on_advanced(broker: "Broker", shard: Shard) -> None:
    pending = shard.pending
    while pending and pending[0].end_offset <= shard.partition.high_watermark:
        write = pending.popleft()
        for place, committed in write.commits:
            if committed is None:
                shard.offsets.remove(write.group_id, place)
            else:
                shard.offsets.put(write.group_id, place, committed)
                if broker.effects.tracing:
                    broker.effects.observe("committed", write.group_id, *place, committed.offset)
        if write.generation_id is not None:
            _on_stored(broker, shard, write)
        if write.slot is not None:
            write.slot.writes_left -= 1
            if write.slot.writes_left == 0:
                group_replies.give(broker, write.slot, None)


def _on_stored(broker: "Broker", shard: Shard, write: PendingWrite) -> None:
    group = shard.groups.get(write.group_id)
    if group is not None and write.generation_id is not None:
        limits = broker.group_coordinator.limits
        syncing.on_stored(group, write.generation_id, ErrorCode.NONE, limits, broker.now_ms)
        settle(broker, shard, group)


def schedule(broker: "Broker", group: Group) -> None:
    """Have the group looked at when its next deadline comes."""
    coordinator = broker.group_coordinator
    deadline_ms = leaving.next_deadline_ms(group)
    if deadline_ms is None:
        return
    known_ms = coordinator.scheduled.get(group.group_id)
    if known_ms is None or deadline_ms < known_ms:
        coordinator.scheduled[group.group_id] = deadline_ms
        heappush(coordinator.deadlines, (deadline_ms, group.group_id))
        if len(coordinator.deadlines) > 2 * len(coordinator.scheduled) + STALE_DEADLINES_MAX:
            coordinator.deadlines = sorted((at_ms, group_id) for group_id, at_ms in coordinator.scheduled.items())
        if broker.next_deadline_ms is None or deadline_ms < broker.next_deadline_ms:
            broker.next_deadline_ms = deadline_ms


def run_due(broker: "Broker") -> None:
    """Let time pass for the groups whose deadline has come."""
    coordinator = broker.group_coordinator
    while coordinator.deadlines and coordinator.deadlines[0][0] <= broker.now_ms:
        deadline_ms, group_id = heappop(coordinator.deadlines)
        if coordinator.scheduled.get(group_id) == deadline_ms:
            del coordinator.scheduled[group_id]
        shard, group = find(broker, group_id)
        if shard is not None and group is not None:
            leaving.on_deadline(group, coordinator.limits, broker.now_ms)
            settle(broker, shard, group)


def find(broker: "Broker", group_id: str) -> tuple[Shard | None, Group | None]:
    """Find a group and its shard, if they are here."""
    try:
        shard = broker.group_coordinator.shard_of(broker, group_id)
    except WireError:
        return None, None
    return shard, shard.groups.get(group_id)


def on_topic_removed(broker: "Broker", topic: str) -> None:
    """Forget what groups have committed for a topic that is gone; without `__consumer_offsets` forget all groups."""
    coordinator = broker.group_coordinator
    if topic == TOPIC:
        abandon(broker)
        coordinator.shards.clear()
        return
    for shard in coordinator.shards.values():
        for group_id in list(shard.offsets.by_group):
            forget_offsets(
                broker, shard, group_id, [place for place in shard.offsets.of(group_id) if place[0] == topic]
            )


def abandon(broker: "Broker") -> None:
    """Nothing more can count, for the disk failed or the topic is gone: nobody waits for it any longer.

    Who waits for members is told to look for its coordinator. Who waits for a write cannot be told whether it will
    be found after a restart: its connection is closed, as that of a Produce.
    """
    coordinator = broker.group_coordinator
    waiting, coordinator.waiting = coordinator.waiting, {}
    for slot in waiting.values():
        group_replies.refuse(broker, slot, ErrorCode.COORDINATOR_NOT_AVAILABLE)
    for shard in coordinator.shards.values():
        pending, shard.pending = shard.pending, deque()
        for write in pending:
            if write.slot is not None and write.slot.items is None:
                region_pins.abort(broker, write.slot.connection)


def forget_offsets(broker: "Broker", shard: Shard, group_id: str, places: list[Place]) -> None:
    """Write tombstones for some offsets of a group; if the disk refuses, the next look tries again."""
    if not places:
        return
    write = PendingWrite(0, group_id, commits=[(place, None) for place in places])
    with suppress(WireError):
        append(broker, shard, [offset_tombstone(group_id, place) for place in places], write)


def expire_offsets(broker: "Broker") -> None:
    """Forget offsets that nobody reads from for offsets.retention.minutes, and groups that have none left (KIP-211)."""
    retention_ms = broker.group_coordinator.limits.offsets_retention_ms
    for shard in broker.group_coordinator.shards.values():
        for group_id in dict.fromkeys([*shard.offsets.by_group, *shard.groups]):
            group, offsets = shard.groups.get(group_id), shard.offsets.of(group_id)
            places = expired(group, offsets, retention_ms, broker.wall_ms)
            forget_offsets(broker, shard, group_id, places)
            is_over = group is not None and group.is_in(GroupState.EMPTY) and not group.pending_members
            if is_over and len(places) == len(offsets):
                with suppress(WireError):
                    append(broker, shard, [group_tombstone(group_id)], PendingWrite(0, group_id))
                    del shard.groups[group_id]


def delete_group(broker: "Broker", shard: Shard, group_id: str, write: PendingWrite) -> None:
    """Forget a group and all its offsets. Raises WireError if the group has members or is not there."""
    group = shard.groups.get(group_id)
    places = list(shard.offsets.of(group_id))
    if group is None and not places:
        raise WireError(ErrorCode.GROUP_ID_NOT_FOUND, f"Group {group_id} not found.")
    if group is not None and not group.is_in(GroupState.EMPTY):
        raise WireError(ErrorCode.NON_EMPTY_GROUP, f"Group {group_id} is not empty.")
    records = [offset_tombstone(group_id, place) for place in places]
    if group is not None:
        records.append(group_tombstone(group_id))
    write.commits = [(place, None) for place in places]
    append(broker, shard, records, write)
    if group is not None:
        group.become(GroupState.DEAD)
        del shard.groups[group_id]
