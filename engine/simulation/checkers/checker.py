"""What a checker is: it looks at a world after every event, at lives of brokers, and at the end.

Invariants:
- A checker changes nothing in the world.
- It reads bytes on the disk with simulation/batches.py, not with the code it checks.

Not here: which checkers there are (every_checker.py).
Spec: what S1 to S34 mean is said in this package's docstring.
"""

from collections.abc import Iterator

from engine.broker.broker import Broker
from engine.broker.partition import Partition
from engine.simulation.batches import Batch, batches_of
from engine.simulation.disks import SimulatedDisk
from engine.simulation.history import Event
from engine.simulation.swarm import BROKER, broker_of
from engine.simulation.world import World


class Violation(AssertionError):
    """An invariant does not hold."""


def require(holds: bool, invariant: str, sentence: str) -> None:
    """Raise a Violation unless it holds."""
    if not holds:
        raise Violation(f"{invariant}: {sentence}")


class Checker:
    """Looks at nothing; each checker overrides what it needs."""

    def before_start(self, world: World, event: Event) -> None:
        """A broker is about to start."""

    def after_start(self, world: World, event: Event) -> None:
        """A broker has just started, or tried to."""

    def after_event(self, world: World, broker: Broker) -> None:
        """The broker has done something."""

    def at_end(self, world: World, broker: Broker) -> None:
        """All work is done."""


def disk_of(world: World) -> SimulatedDisk:
    """The broker's disk."""
    disk = world.nodes[BROKER].disk
    assert disk is not None, "a broker has a disk"
    return disk


def partitions_of(world: World) -> Iterator[Partition]:
    """The broker's partitions, in order."""
    broker = broker_of(world)
    if broker is not None:
        yield from broker.replica_manager.all()


def log_files(disk: SimulatedDisk, directory: str) -> list[tuple[int, bytes]]:
    """Base offset and content of a log's segments, in order."""
    names = [name for name in disk.names(directory) if name.endswith(".log")]
    return [(int(name[:-4]), disk.read_whole(f"{directory}/{name}") or b"") for name in names]


def batches_on_disk(disk: SimulatedDisk, directory: str) -> list[Batch]:
    """Every batch of a log, in order; bytes that are no batch raise."""
    return [batch for _, data in log_files(disk, directory) for batch in batches_of(data, whole=True)]
