"""S31: offsets of a log follow each other without a hole, through all its segments.

Not here: compacted logs, which have holes.
"""

from engine.broker.broker import Broker
from engine.simulation.batches import batches_of
from engine.simulation.checkers.checker import Checker, disk_of, log_files, partitions_of, require
from engine.simulation.world import World


class Offsets(Checker):
    """Walks every segment."""

    def at_end(self, world: World, broker: Broker) -> None:
        """Each batch begins where the last one ended."""
        for one in partitions_of(world):
            files = log_files(disk_of(world), one.log.directory)
            next_offset, epoch = files[0][0], -1
            for base_offset, data in files:
                require(base_offset == next_offset, "S31", f"{one.log.directory}: a segment begins at {base_offset}")
                for batch in batches_of(data, whole=True):
                    require(batch.base_offset == next_offset, "S31", f"batch at {batch.base_offset}, not {next_offset}")
                    require(batch.leader_epoch >= epoch, "S31", f"the leader epoch went back to {batch.leader_epoch}")
                    next_offset, epoch = batch.last_offset + 1, batch.leader_epoch
            require(next_offset == one.log.log_end_offset, "S31", f"{one.log.directory} ends at {next_offset} on disk")
