"""S32, S33: replies in the order of requests, each with its own id; a session's fetch gives what a full one gives.

The clients compare; here their complaints become violations.
Spec: KIP-227.
"""

from engine.broker.broker import Broker
from engine.simulation.checkers.checker import Checker, require
from engine.simulation.world import World


class Replies(Checker):
    """Reads what clients observed."""

    def __init__(self) -> None:
        self.seen = 0

    def after_event(self, world: World, broker: Broker) -> None:
        """Look at what is new."""
        if self.seen + 50 < len(world.observations):
            self._look(world)

    def at_end(self, world: World, broker: Broker) -> None:
        """And at the rest."""
        self._look(world)

    def _look(self, world: World) -> None:
        for _, _, name, kind, *rest in world.observations.since(self.seen):
            require(kind != "reply mismatched", "S32", f"{name} got a reply to something else: {rest}")
            require(kind != "session differs", "S33", f"{name}: the session's fetch lacks what a full one gave: {rest}")
        self.seen = len(world.observations)
