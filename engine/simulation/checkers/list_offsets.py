"""S34: earliest and latest never go back, and a timestamp finds the first record that is not older.

Not here: leader epochs in the answers.
Spec: KIP-79.
"""

from engine.broker.broker import Broker
from engine.simulation.checkers.checker import Checker, batches_on_disk, disk_of, partitions_of, require
from engine.simulation.workloads.lister import EARLIEST, LATEST
from engine.simulation.world import World


class ListOffsets(Checker):
    """Compares answers with each other and with the log."""

    def at_end(self, world: World, broker: Broker) -> None:
        """Go through all answers."""
        logs = {(one.topic_id, one.index): one for one in partitions_of(world)}
        last: dict[tuple[bytes, int, int], int] = {}
        for _, _, _, kind, *rest in world.observations:
            if kind != "listed":
                continue
            _, topic_id, index, timestamp, code, offset, _ = rest
            one = logs.get((topic_id, index))
            if code or one is None:
                continue
            if timestamp in (EARLIEST, LATEST):
                place = topic_id, index, timestamp
                require(offset >= last.get(place, 0), "S34", f"offset {offset} for {timestamp} after {last.get(place)}")
                last[place] = offset
                bound = one.log.log_start_offset if timestamp == EARLIEST else one.high_watermark
                require(offset <= bound, "S34", f"offset {offset} for {timestamp}, {bound} at the end")
            elif timestamp >= 0 and offset >= one.log.log_start_offset:
                require(
                    offset == self._first_not_older(world, one.log.directory, timestamp, one.log.log_start_offset),
                    "S34", f"offset {offset} is not the first at or after {timestamp}",
                )  # fmt: skip

    def _first_not_older(self, world: World, directory: str, timestamp: int, start: int) -> int:
        for batch in batches_on_disk(disk_of(world), directory):  # the workloads' batches are of one time each
            if batch.max_timestamp >= timestamp and batch.last_offset >= start:
                return max(batch.base_offset, start)
        return -1
