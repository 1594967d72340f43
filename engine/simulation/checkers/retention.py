"""S25: retention takes only what is old enough or too much, never what is above the high watermark.

The log start only goes forward. What was deleted is looked at while its files still
wait for their end.

Not here: when retention runs (broker/housekeeping.py).
"""

from engine.broker.broker import Broker
from engine.broker.partition import Partition
from engine.simulation.batches import batches_of
from engine.simulation.checkers.checker import Checker, disk_of, partitions_of, require
from engine.simulation.swarm import BROKER
from engine.simulation.world import World


class Retention(Checker):
    """Remembers every partition's log start."""

    def __init__(self) -> None:
        self.starts: dict[tuple[bytes, int], int] = {}
        self.asked: dict[tuple[str, int], int] = {}  # by DeleteRecords, the highest offset
        self.looked_at: dict[str, None] = {}
        self.deleted_segments = 0
        self.seen = 0

    def after_event(self, world: World, broker: Broker) -> None:
        """Look at those whose start moved."""
        for one in partitions_of(world):
            place, start = (one.topic_id, one.index), one.log.log_start_offset
            before = self.starts.get(place, start)
            self.starts[place] = start
            if start == before:
                continue
            require(start > before, "S25", f"the log start of {one.log.directory} went from {before} to {start}")
            require(start <= one.high_watermark, "S25", f"the log start of {one.log.directory} is above its mark")
            self._look_at_deleted(world, one)

    def _look_at_deleted(self, world: World, one: Partition) -> None:
        for _, _, _, kind, *rest in world.observations.since(self.seen):
            if kind == "asked" and rest[0] == "delete records":
                place = rest[1], rest[2]
                self.asked[place] = max(self.asked.get(place, 0), rest[3])
        self.seen = len(world.observations)
        config, wall_ms = one.log.config, world.nodes[BROKER].clock.wall_ms()
        for path, file in disk_of(world).files_below(one.log.directory):
            if not path.endswith(".log.deleted") or path in self.looked_at:
                continue
            self.looked_at[path] = None
            self.deleted_segments += 1
            batches = list(batches_of(file.read(0, file.size), whole=True))
            if not batches or batches[-1].last_offset < self.asked.get((one.topic, one.index), 0):
                continue
            newest = max(batch.max_timestamp for batch in batches)
            old = config.retention_ms >= 0 and wall_ms - newest > config.retention_ms
            much = config.retention_bytes >= 0 and one.log.size_bytes() + file.size > config.retention_bytes
            require(old or much, "S25", f"{path} was deleted {wall_ms - newest} ms after its newest record")
            require(batches[-1].last_offset < one.high_watermark, "S25", f"{path} reached above the high watermark")
