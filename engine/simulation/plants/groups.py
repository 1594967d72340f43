"""Planted bugs about consumer groups.

Not here: what a coordinator really does (core/groups, broker/group_coordinator.py).
"""

from engine.core.groups import rebalance
from engine.core.groups.group import Group
from engine.simulation.plants.plant import Plant

_honest_complete = rebalance.complete_join


def _keeps_the_generation(group: Group, now_ms: int) -> None:
    if group.generation_id > 1:
        group.generation_id -= 1
    _honest_complete(group, now_ms)


PLANTS = (
    Plant(
        "two owners in one generation",
        "A rebalance ends in the generation that there was.",
        rebalance,
        "complete_join",
        _keeps_the_generation,
        seeds_max=40,
    ),
)
