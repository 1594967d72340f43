"""S3, S4: the high watermark never goes back, and counts only what is durable.

That a position is durable is read off the simulated disk, not off what the broker
believes.

Not here: pagecache mode's promise, which is none about power.
"""

from engine.broker.broker import Broker
from engine.simulation.checkers.checker import Checker, disk_of, partitions_of, require
from engine.simulation.world import World


class HighWatermark(Checker):
    """Remembers every partition's highest mark."""

    def __init__(self) -> None:
        self.marks: dict[tuple[bytes, int], int] = {}

    def after_event(self, world: World, broker: Broker) -> None:
        """Look at those that moved."""
        for one in partitions_of(world):
            place = one.topic_id, one.index
            mark, before = one.high_watermark, self.marks.get(place, -1)
            if mark == before:
                continue
            require(mark > before, "S3", f"the high watermark of {one.topic}-{one.index} went from {before} to {mark}")
            self.marks[place] = mark
            one.check_invariants()
            if broker.durability.fsync:
                self._is_durable(world, one.log.directory, one.high_watermark_position)

    def _is_durable(self, world: World, directory: str, position: tuple[int, int, int]) -> None:
        offset, base_offset, end = position
        synced = 0
        for path, file in disk_of(world).files_below(directory):
            if path.endswith(f"/{base_offset:020d}.log"):
                synced = file.synced_size
        require(end <= synced, "S28", f"the mark {offset} of {directory} counts {end} bytes, {synced} are synced")
