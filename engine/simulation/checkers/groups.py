"""S15, S16: acknowledged commits come back, also after crashes; a generation has one owner for each partition.

Not here: retention of offsets, which these worlds are too short for.
Spec: KIP-394, KIP-447 (require_stable).
"""

from engine.broker.broker import Broker
from engine.simulation.checkers.checker import Checker, require
from engine.simulation.world import World


class Groups(Checker):
    """Reads what members observed; commits are numbers that only grow."""

    def at_end(self, world: World, broker: Broker) -> None:
        """Go through all of it in order."""
        committed: dict[int, list[tuple[int, int]]] = {}  # by partition: when it was answered, what
        owners: dict[tuple[int, int], str] = {}  # by generation and partition
        last_generation: dict[str, int] = {}
        for at_us, _, name, kind, *rest in world.observations:
            if kind == "committed":
                _, partition, number = rest
                committed.setdefault(partition, []).append((at_us, number))
            elif kind == "commit fetched":
                asked_us, partition, number = rest
                known = max((what for when, what in committed.get(partition, ()) if when <= asked_us), default=-1)
                require(number >= known, "S15", f"{name} was told {number} of partition {partition}, after {known}")
            elif kind == "assigned":  # not when it joined: a generation is written when it is assigned
                generation, member_id, partitions = rest
                before = last_generation.get(member_id, 0)
                require(generation >= before, "S16", f"{member_id} is in generation {generation} after {before}")
                last_generation[member_id] = generation
                for partition in partitions:
                    owner = owners.setdefault((generation, partition), member_id)
                    require(owner == member_id, "S16", f"partition {partition} has two owners in {generation}")
