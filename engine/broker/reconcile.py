"""What Celery's tasks and the broker's own clock ask for alike: bring this broker in step with what should be.

A task is a door: it names one of these and returns; the broker's deadlines call the same
functions, so that nothing stops when Celery or Redis does.

Not here: when they are due (housekeeping.py), which segments are old (core/log/retention.py).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.broker import durability, group_coordinator, region_pins
from engine.core.metadata.image import MetadataDelta
from engine.storage.disk import StorageError

if TYPE_CHECKING:
    from engine.broker.broker import Broker


def reconcile(broker: "Broker", name: str) -> None:
    """Do what a task is named for, unless the log directory is offline."""
    assert name in ACTIONS, f"no task is called {name}"
    if broker.durability.failed is None:
        ACTIONS[name](broker)


def enforce_retention(broker: "Broker") -> None:
    """Delete segments that are too old or too many, below the high watermark only; unlink those deleted before."""
    for partition in broker.replica_manager.all():
        try:
            deleted = partition.log.delete_old_segments(broker.wall_ms, partition.high_watermark)
        except StorageError as error:
            durability.note_disk_error(broker, error)
            continue
        if deleted:
            broker.effects.observe(
                "segments_deleted", partition.topic, partition.index, len(deleted), partition.log.log_start_offset
            )
    unlink_deleted(broker)


def unlink_deleted(broker: "Broker") -> None:
    """Remove the files of deleted segments and topics whose delay has passed."""
    try:
        for partition in broker.replica_manager.all():
            if partition.log.deleted:
                for file in partition.log.files_to_remove(broker.wall_ms):
                    region_pins.close_readers(broker, file)
                partition.log.remove_deleted(broker.wall_ms)
        broker.replica_manager.delete_removed(broker)
    except StorageError as error:
        durability.note_disk_error(broker, error)


def replicate(broker: "Broker") -> None:
    """Bring the partitions in step with the whole image, whatever was missed."""
    delta = MetadataDelta(broker_configs=True)
    for topic in broker.image.topics.values():
        for partition in topic.partitions:
            delta.partitions[topic.name, partition.index] = None
    broker.replica_manager.apply(broker, delta)


def expire_offsets(broker: "Broker") -> None:
    """Forget committed offsets that nobody reads from any more."""
    group_coordinator.expire_offsets(broker)


ACTIONS: dict[str, Callable[["Broker"], None]] = {
    "enforce_retention": enforce_retention,
    "replicate": replicate,
    "expire_offsets": expire_offsets,
}
