"""S1, S28: no record that was acknowledged with acks=all is lost, whatever crashed.

Not here: acks=1, which promises nothing about a crash; records that retention or
DeleteRecords took (they lie below the log start).
"""

from engine.broker.broker import Broker
from engine.simulation.batches import values_of
from engine.simulation.checkers.checker import Checker, batches_on_disk, disk_of, partitions_of, require
from engine.simulation.world import World


class AckedNotLost(Checker):
    """What clients were told must be what the log has."""

    def at_end(self, world: World, broker: Broker) -> None:
        """Compare every acknowledgement with the bytes on the disk."""
        logs = {}
        for one in partitions_of(world):
            values = {}
            for batch in batches_on_disk(disk_of(world), one.log.directory):
                for number, value in enumerate(values_of(batch)):
                    values[batch.base_offset + number] = value
            logs[one.topic_id, one.index] = values, one.log.log_start_offset
        for _, _, name, kind, *rest in world.observations:
            if kind == "acked":
                _, topic_id, partition, base_offset, first, count, acks = rest
                if acks == -1:
                    values, start = logs.get((topic_id, partition), ({}, 0))
                    for number in range(count):
                        offset = base_offset + number
                        expected = b"%s:%d:" % (name.encode(), first + number)
                        require(
                            offset < start or values.get(offset, b"").startswith(expected),
                            "S1",
                            f"record {first + number} of {name} was acknowledged at offset {offset} and is lost",
                        )
            require(kind != "refused", "S1", f"{name} was refused: {rest}")
