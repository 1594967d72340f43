"""S30: a full disk leaves no part of a batch behind; reads go on, and writes do when there is room.

That writes go on is seen at the end: every producer has finished.
"""

from engine.broker.broker import Broker
from engine.simulation.batches import Broken
from engine.simulation.checkers.checker import Checker, batches_on_disk, disk_of, partitions_of, require
from engine.simulation.world import World


class DiskFullLeavesNothing(Checker):
    """Looks at every log when there is room again."""

    def __init__(self) -> None:
        self.was_short = False

    def after_event(self, world: World, broker: Broker) -> None:
        """Whole batches only."""
        short = disk_of(world).bytes_max is not None
        if self.was_short and not short:
            for one in partitions_of(world):
                try:
                    batches_on_disk(disk_of(world), one.log.directory)
                except Broken as broken:
                    require(False, "S30", f"{one.log.directory}: {broken}")
        self.was_short = short
