"""S15, S16: acknowledged commits come back, also after crashes; a generation has one owner for each partition.

A commit of an old generation is refused, and nobody is forgotten who was heard of lately.

Not here: retention of offsets, which these worlds are too short for.
Spec: KIP-394, KIP-447 (require_stable).
"""

from engine.broker.broker import Broker
from engine.simulation.checkers.checker import Checker, require
from engine.simulation.world import World

SILENT_US = 80_000  # less than a session and than a rebalance of these members


class Groups(Checker):
    """Reads what members observed; commits are numbers that only grow."""

    def at_end(self, world: World, broker: Broker) -> None:
        """Go through all of it in order."""
        committed: dict[int, list[tuple[int, int]]] = {}  # by partition: when it was answered, what
        owners: dict[tuple[int, int], str] = {}  # by generation and partition
        last_generation: dict[str, int] = {}
        newest = 0  # generation that was assigned so far
        since: dict[int, int] = {}  # generation to when it was known to be assigned
        started_us = 0
        for at_us, _, name, kind, *rest in world.observations:
            if kind == "started":
                started_us = at_us
            elif kind == "forgotten":
                member_id, heard_us = rest
                silent = at_us - heard_us > SILENT_US or started_us >= heard_us
                require(silent, "S16", f"{member_id} was heard of {at_us - heard_us} us ago and forgotten")
            elif kind == "committed":
                generation, partition, number = rest  # the number is when it was asked
                over = generation < newest and since[newest] < number
                require(not over, "S16", f"{name} committed in generation {generation}, {newest} being assigned")
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
                if generation > newest:
                    newest, since[generation] = generation, at_us
                for partition in partitions:
                    owner = owners.setdefault((generation, partition), member_id)
                    require(owner == member_id, "S16", f"partition {partition} has two owners in {generation}")
