"""S26: recovery cuts a torn tail at the last whole batch and changes nothing before it; again, it changes nothing.

Not here: indexes and snapshots of producers, whose files may be built anew.
"""

from engine.simulation import cluster, snapshots
from engine.simulation.batches import Broken, batches_of
from engine.simulation.checkers.checker import Checker, disk_of, require
from engine.simulation.disks import SimulatedDisk
from engine.simulation.history import Event
from engine.simulation.swarm import BROKER, broker_of
from engine.simulation.world import World

Logs = dict[str, bytes]


class Recovery(Checker):
    """Compares the files before a start, after it, and after one more start in a copy of the world."""

    def __init__(self) -> None:
        self.before: Logs = {}
        self.cut_tails = 0

    def before_start(self, world: World, event: Event) -> None:
        """Note what the crash left."""
        self.before = _logs(disk_of(world)) if broker_of(world) is None else {}

    def after_start(self, world: World, event: Event) -> None:
        """Nothing but torn tails is gone."""
        if broker_of(world) is None:
            return
        after = _logs(disk_of(world))
        for path, data in self.before.items():
            if path not in after:
                continue  # its topic, or the segment, was being deleted
            kept = _whole(data)
            require(after[path][: len(data)] == data[:kept] , "S26", f"{path}: {len(data)} bytes, {kept} of whole "
                    f"batches, {len(after[path])} after recovery")  # fmt: skip
            self.cut_tails += kept < len(data)
        if self.before:
            self._again(world, after)
        self.before = {}

    def _again(self, world: World, after: Logs) -> None:
        copy = snapshots.fork(world)
        cluster.kill(copy, BROKER, None)
        cluster.start(copy, BROKER, None)
        again = _logs(disk_of(copy))
        require(again == after, "S26", "a second recovery changed something")


def _logs(disk: SimulatedDisk) -> Logs:
    return {
        path: file.read(0, file.size)
        for path, file in disk.files()
        if path.endswith(".log") and "-delete/" not in path and not path.startswith("__cluster_metadata")
    }


def _whole(data: bytes) -> int:
    """How many bytes of whole, valid batches there are."""
    end = 0
    try:
        for batch in batches_of(data, whole=False):
            end = batch.position + len(batch.data)
    except Broken:
        pass
    return end
