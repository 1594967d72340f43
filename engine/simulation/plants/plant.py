"""What a planted bug is: one function replaced while the plant is active.

The proof that the checkers find something is that they find these. Core and broker
contain no switch for tests; a plant reaches in from outside, as a bug would.

Invariant: after `active` everything is as it was, whatever happened meanwhile.
Not here: the plants (clients, durability, groups, metadata, storage, requests), how often each is found
(tests/engine/simulation/test_plants.py).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Plant:
    """One bug."""

    name: str
    says: str  # what is wrong, in a sentence
    owner: Any  # module or class
    attribute: str
    replacement: Callable[..., Any]
    seeds_max: int  # it is found within so many seeds, from seed 0 on


@contextmanager
def active(plant: Plant) -> Iterator[None]:
    """Let a bug in for a while."""
    honest = getattr(plant.owner, plant.attribute)
    setattr(plant.owner, plant.attribute, plant.replacement)
    try:
        yield
    finally:
        setattr(plant.owner, plant.attribute, honest)
