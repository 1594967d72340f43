"""S18: of an idempotent producer nothing is stored twice, nothing out of order, nothing is missing.

Not here: transactions.
Spec: KIP-98.
"""

from engine.broker.broker import Broker
from engine.simulation.batches import values_of
from engine.simulation.checkers.checker import Checker, batches_on_disk, disk_of, partitions_of, require
from engine.simulation.world import World


class Idempotence(Checker):
    """Reads the sequences on the disk, and the numbers in the values."""

    def at_end(self, world: World, broker: Broker) -> None:
        """Sequences of one producer follow each other without gap."""
        for one in partitions_of(world):
            expected: dict[tuple[int, int], int] = {}
            numbers: dict[bytes, int] = {}
            for batch in batches_on_disk(disk_of(world), one.log.directory):
                if batch.producer_id < 0:
                    continue
                producer = batch.producer_id, batch.producer_epoch
                first_kept = 0 if not one.log.log_start_offset else batch.base_sequence
                wanted = expected.get(producer, first_kept)
                require(
                    batch.base_sequence == wanted, "S18", f"{one.topic}-{one.index}: sequence {batch.base_sequence} of "
                    f"producer {batch.producer_id} at offset {batch.base_offset}, expected {wanted}",
                )  # fmt: skip
                expected[producer] = batch.base_sequence + batch.records
                for value in values_of(batch):
                    name, number, _ = value.split(b":", 2)
                    follows = numbers.get(name, int(number) - 1) + 1 == int(number)
                    require(follows, "S18", f"record {int(number)} of {name!r} is doubled or out of order")
                    numbers[name] = int(number)
