"""Planted bugs about when records count.

Not here: what durability really does (broker/durability.py).
"""

from engine.broker import durability, parked_requests
from engine.broker import partition as partitions
from engine.broker.broker import Broker
from engine.broker.partition import Partition
from engine.core.log.offsets import LogPosition
from engine.simulation.plants.plant import Plant

_honest_settle = durability.settle


def _mark_counts_unsynced(partition: Partition, synced_end: LogPosition) -> LogPosition:
    return partition.log.end_position()


def _answers_before_the_sync(broker: Broker) -> None:
    _honest_settle(broker)
    for partition in broker.replica_manager.all():
        while partition.parked_acks:
            slot = partition.parked_acks.popleft()[1]
            slot.partitions_left -= 1
            if slot.partitions_left == 0 and slot.items is None:
                parked_requests.answer(broker, slot, [slot.reply])


PLANTS = (
    Plant(
        "high watermark counts unsynced",
        "What was appended while a sync was under way counts as synced by it.",
        partitions,
        "committed_end",
        _mark_counts_unsynced,
        seeds_max=5,
    ),
    Plant(
        "ack before sync",
        "acks=all is answered after the append.",
        durability,
        "settle",
        _answers_before_the_sync,
        seeds_max=20,
    ),
)
