"""What the broker does because time passes: each duty with its interval, asked by one deadline.

Invariants:
- `next_due_ms` is the earliest time any duty is due.
- A duty is short: what takes long is cut into pieces or left to helpers.

Not here: what retention deletes (reconcile.py), when fetches time out (broker.py's own heap).
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.broker import durability, parked_requests, produce_replies, reconcile
from engine.core.limits import STALLED_MS_MAX
from engine.storage import checkpoints
from engine.storage.disk import StorageError
from engine.wire.error_codes import ErrorCode

if TYPE_CHECKING:
    from engine.broker.broker import Broker
    from engine.broker.connections import ClientConnection
    from engine.broker.partition import Partition

SWEEP_MS = 1_000


@dataclass(slots=True)
class Housekeeping:
    """When each duty is due next, in monotonic milliseconds."""

    due_ms: dict[str, int] = field(default_factory=dict)
    next_due_ms: int = 0


def begin(broker: "Broker") -> None:
    """Set the clocks of all duties."""
    for name, interval_ms in _intervals(broker).items():
        broker.housekeeping.due_ms[name] = broker.now_ms + interval_ms
    _note_next(broker)
    broker.next_deadline_ms = broker.housekeeping.next_due_ms


def run_due(broker: "Broker") -> None:
    """Do what is due, and say when to come again."""
    due_ms = broker.housekeeping.due_ms
    for name, interval_ms in _intervals(broker).items():
        if due_ms[name] <= broker.now_ms:
            due_ms[name] = broker.now_ms + interval_ms
            DUTIES[name](broker)
    _note_next(broker)


def _note_next(broker: "Broker") -> None:
    broker.housekeeping.next_due_ms = min(broker.housekeeping.due_ms.values())


def _intervals(broker: "Broker") -> dict[str, int]:
    config = broker.config
    return {
        "sweep": SWEEP_MS,
        "retention": config.log_retention_check_interval_ms,
        "checkpoints": min(
            config.log_flush_offset_checkpoint_interval_ms,
            config.log_flush_start_offset_checkpoint_interval_ms,
            config.replica_high_watermark_checkpoint_interval_ms,
        ),
        "producer_ids": config.producer_id_expiration_check_interval_ms,
        "offsets": config.offsets_retention_check_interval_ms,
    }


def sweep(broker: "Broker") -> None:
    """Once a second: connections that idle or do not read, produces whose time is up, files to unlink, flush.ms."""
    for connection in list(broker.connections.values()):
        _look_at_connection(broker, connection)
    for partition in broker.replica_manager.all():
        if partition.parked_acks:
            _refuse_late_acks(broker, partition)
        since_ms = partition.unsynced_since_ms
        if since_ms and broker.now_ms - since_ms >= partition.log.config.flush_ms:
            durability.flush_soon(broker, partition)
    if broker.durability.failed is None:
        reconcile.unlink_deleted(broker)
        broker.replica_manager.open_again(broker)


def _look_at_connection(broker: "Broker", connection: "ClientConnection") -> None:
    out = connection.out
    if out.items:
        if out.queued_bytes != connection.stalled_bytes:
            connection.stalled_bytes, connection.stalled_since_ms = out.queued_bytes, broker.now_ms
        elif broker.now_ms - connection.stalled_since_ms >= STALLED_MS_MAX:
            broker.counters.stalled_closed += 1
            broker.effects.abort.append(connection)
        return
    connection.stalled_bytes = 0
    idle_ms = broker.now_ms - connection.active_ms
    if idle_ms >= broker.config.connections_max_idle_ms and not connection.slots:
        broker.counters.idle_closed += 1
        broker.effects.abort.append(connection)


def _refuse_late_acks(broker: "Broker", partition: "Partition") -> None:
    """Answer produces that waited longer than they said with REQUEST_TIMED_OUT; their records stay in the log."""
    late = [slot for _, slot in partition.parked_acks if slot.items is None and slot.deadline_ms <= broker.now_ms]
    for slot in late:
        parked_requests.answer(broker, slot, [produce_replies.refuse_parked(slot, ErrorCode.REQUEST_TIMED_OUT)])


def save_checkpoints(broker: "Broker") -> None:
    """Write down how far logs are synced and readable, so that a start after a crash reads less."""
    if broker.durability.failed is None:
        try:
            checkpoints.write_all(broker.disk, broker.replica_manager.checkpointed())
        except StorageError as error:  # they only shorten the next start
            durability.note_disk_error(broker, error)


def expire_producer_ids(broker: "Broker") -> None:
    """Forget idempotent producers that were silent for producer.id.expiration.ms."""
    for partition in broker.replica_manager.all():
        partition.log.producers.expire(broker.wall_ms, broker.config.producer_id_expiration_ms)


DUTIES = {
    "sweep": sweep,
    "retention": reconcile.enforce_retention,
    "checkpoints": save_checkpoints,
    "producer_ids": expire_producer_ids,
    "offsets": reconcile.expire_offsets,
}
