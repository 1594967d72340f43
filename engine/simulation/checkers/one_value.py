"""S2: one (topic, partition, offset) has one value forever, for everyone who reads or was answered.

Not here: acknowledgements of acks=1, which a crash may take back.
"""

from engine.broker.broker import Broker
from engine.simulation.batches import values_of
from engine.simulation.checkers.checker import Checker, batches_on_disk, disk_of, partitions_of, require
from engine.simulation.world import World


class OneValue(Checker):
    """Compares all that was delivered, and the log at the end."""

    def at_end(self, world: World, broker: Broker) -> None:
        """Whatever two saw at one offset is the same."""
        seen: dict[tuple[bytes, int, int], bytes] = {}
        for _, _, name, kind, *rest in world.observations:
            if kind == "delivered":
                _, topic_id, partition, first, values, high_watermark = rest
                require(
                    first + len(values) <= high_watermark, "S4", f"{name} was given offset {first + len(values) - 1}, "
                    f"the high watermark being {high_watermark}",
                )  # fmt: skip
                for number, value in enumerate(values):
                    place = topic_id, partition, first + number
                    require(
                        seen.setdefault(place, value) == value, "S2", f"offset {place[2]} has two values, {value!r}"
                    )
        for one in partitions_of(world):
            for batch in batches_on_disk(disk_of(world), one.log.directory):
                for number, value in enumerate(values_of(batch)):
                    offset = batch.base_offset + number
                    known = seen.get((one.topic_id, one.index, offset), value)
                    require(known == value, "S2", f"offset {offset} was read as {known!r} and is {value!r}")
            ends = [place[2] for place in seen if place[:2] == (one.topic_id, one.index)]
            require(max(ends, default=-1) < one.log.log_end_offset, "S2", "a record that was read is gone")
