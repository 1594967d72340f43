"""When records count: after the sync that covers them (`fsync`), or as they are written (`pagecache`).

A sync is asked for as soon as the last one is done and something is dirty; what came
meanwhile goes into the next one. So a slow disk makes larger groups, not longer queues,
and nothing waits for a timer. The metadata log is synced in both modes.

Invariants:
- At most one sync is under way, and `under_way` says what it covers.
- The end a sync covers is taken with its place in the files, before the sync begins.
- A failed sync is never tried again: the log directory is offline until a restart.

Not here: how a disk syncs (net/sync_threads.py, simulation/disks.py), who is waiting
(parked_requests.py), what metadata means once it is durable (controller.py).
Spec: PostgreSQL's fsync lesson (2018): what a failed fsync dropped is not reported again.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.broker import partition as partitions
from engine.broker import region_pins
from engine.broker.parked_requests import ParkedReply
from engine.broker.partition import Partition
from engine.core.log.offsets import LogPosition
from engine.storage.disk import DiskFull, StorageError

if TYPE_CHECKING:
    from engine.broker.broker import Broker


@dataclass(slots=True)
class Durability:
    """What is dirty, and what the sync under way covers."""

    fsync: bool
    pending: bool = False  # there is something to settle when the event ends
    metadata_asked: bool = False
    dirty: list[Partition] = field(default_factory=list)  # appended to since the last sync began
    flush: list[Partition] = field(default_factory=list)  # in pagecache mode: flush.messages or flush.ms is due
    under_way: list[tuple[Partition, LogPosition]] = field(default_factory=list)
    syncing: bool = False
    token: int = 0
    failed: str | None = None  # why the log directory is offline

    def request_sync(self, broker: "Broker") -> None:
        """Sync the metadata log when this event ends, or after the sync that is under way."""
        self.metadata_asked = self.pending = True


def note_append(broker: "Broker", partition: Partition) -> None:
    """The partition has something new: it counts (`pagecache`), or will when it is synced."""
    durability = broker.durability
    if not durability.fsync:
        log = partition.log
        advance(broker, partition, log.end_position())
        if log.unsynced or log.log_end_offset - partition.synced_end >= log.config.flush_messages:
            flush_soon(broker, partition)
        elif not partition.unsynced_since_ms:
            partition.unsynced_since_ms = broker.now_ms
    elif not partition.dirty:
        partition.dirty = True
        durability.dirty.append(partition)
        durability.pending = True


def settle(broker: "Broker") -> None:
    """At the end of an event: begin the sync that makes appends count."""
    durability = broker.durability
    if not durability.fsync and not durability.flush and not durability.metadata_asked:
        durability.pending = False
    elif not durability.syncing and durability.failed is None:
        _start_sync(broker)


def flush_soon(broker: "Broker", partition: Partition) -> None:
    """In pagecache mode: sync this partition although nobody waits for it (flush.*, or a segment was closed)."""
    assert not broker.durability.fsync, "there what is dirty is synced anyway"
    if not partition.dirty:
        partition.dirty = True
        broker.durability.flush.append(partition)
        broker.durability.pending = True


def _start_sync(broker: "Broker") -> None:
    durability = broker.durability
    files = broker.quorum.dirty_files() if durability.metadata_asked else []
    durability.metadata_asked = durability.pending = False
    if durability.fsync:
        dirty, durability.dirty = durability.dirty, []
    else:
        dirty, durability.flush = durability.flush, []
    for partition in dirty:
        partition.dirty = False
        partition.unsynced_since_ms = 0
        if not partition.removed:
            durability.under_way.append((partition, partition.log.end_position()))
            files += partition.log.dirty_files()
    if files or durability.under_way:
        durability.syncing = True
        durability.token += 1
        broker.counters.syncs += 1
        try:
            broker.disk.start_sync(files, durability.token)
        except StorageError as error:
            fail(broker, str(error))


def finish_sync(broker: "Broker", token: int) -> None:
    """What the sync covered is durable: it counts, and the next sync begins when this event ends."""
    durability = broker.durability
    if durability.failed is not None:
        return  # the directory went offline while the sync was under way
    assert token == durability.token and durability.syncing, "one sync at a time"
    durability.syncing = False
    durability.pending = bool(durability.dirty or durability.flush or durability.metadata_asked)
    finished, durability.under_way = durability.under_way, []
    for partition, end in finished:
        if partition.removed:
            continue
        partition.synced_end = partition.log.recovery_point = end.offset
        if broker.effects.observing:
            broker.effects.observations.append(("synced", partition.topic, partition.index, end.offset))
        if durability.fsync:
            advance(broker, partition, partitions.committed_end(partition, end))
    if broker.quorum.sync_end != broker.quorum.synced_end:
        broker.controller.on_metadata_synced(broker)


def advance(broker: "Broker", partition: Partition, end: LogPosition) -> None:
    """Move the high watermark, and release what waited for it."""
    offset = end.offset
    if offset == partition.high_watermark:
        return
    assert offset > partition.high_watermark, "the high watermark never goes back"
    partition.high_watermark, partition.high_watermark_position = offset, end
    if broker.effects.observing:
        broker.effects.observations.append(("high_watermark", partition.topic, partition.index, offset))
    if partition.parked_fetches:
        wake_fetches(broker, partition)
    parked = partition.parked_acks
    while parked and parked[0][0] <= offset:
        slot = parked.popleft()[1]
        slot.partitions_left -= 1
        if not slot.partitions_left and slot.items is None:  # parked_requests.answer, in place: this is hot
            slot.items = [slot.reply]
            connection = slot.connection
            if connection is not None and connection.slots and connection.slots[0] is slot:
                broker.unblocked.append(connection)
    if partition.holds_groups:
        broker.group_coordinator.advanced.append(partition.index)


def wake_fetches(broker: "Broker", partition: Partition) -> None:
    """Have the fetches that wait for this partition looked at when the event ends."""
    if not partition.woken:
        partition.woken = True
        broker.woken.append(partition)


def note_disk_error(broker: "Broker", error: StorageError) -> None:
    """A full disk refuses this write only, and it may be tried again; a broken one takes the log directory offline."""
    broker.counters.failed_writes += 1
    if not isinstance(error, DiskFull):
        fail(broker, str(error))


def fail(broker: "Broker", reason: str) -> None:
    """The disk failed: no record of it is trusted any more, nothing that waits for it is answered as if it were."""
    durability = broker.durability
    if durability.failed is not None:
        return
    durability.failed = reason
    durability.syncing = False
    durability.dirty, durability.flush, durability.under_way = [], [], []
    broker.effects.observe("log_dir_offline", reason)
    for partition in broker.replica_manager.all():
        partition.offline = True
        wake_fetches(broker, partition)
        for _, slot in partition.parked_acks:
            region_pins.abort(broker, slot.connection)
        partition.parked_acks.clear()
    for connection in broker.connections.values():
        if any(isinstance(slot, ParkedReply) and slot.items is None for slot in connection.slots):
            region_pins.abort(broker, connection)
