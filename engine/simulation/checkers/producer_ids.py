"""S19: a producer id is given once in the life of the cluster, across every crash.

Spec: KIP-730.
"""

from engine.broker.broker import Broker
from engine.simulation.checkers.checker import Checker, require
from engine.simulation.world import World


class ProducerIds(Checker):
    """Compares all that were given."""

    def at_end(self, world: World, broker: Broker) -> None:
        """No two producers were told the same."""
        owners: dict[int, str] = {}
        for _, _, name, kind, *rest in world.observations:
            if kind == "producer id":
                require(rest[0] not in owners, "S19", f"{name} and {owners.get(rest[0])} share producer id {rest[0]}")
                owners[rest[0]] = name
