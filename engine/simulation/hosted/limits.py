"""What a world may hold: counted in the world, answered as Kafka answers (POLICY_VIOLATION), or by a sentence.

Invariant: limits are data, given by whoever hosts the world; None is no limit.
Not here: which account has which (sandbox/limits.py), retained bytes (the simulated disk's size).
"""

from collections.abc import Collection
from typing import NamedTuple

from engine.simulation.hosted.refused import Refused


class WorldLimits(NamedTuple):
    """The quotas of lessons.md 4.2 that one broker can count."""

    topics: int | None = None
    partitions: int | None = None
    groups: int | None = None
    actors: int | None = None
    request_bytes: int | None = None  # of one request from outside
    records_a_s: float | None = None  # from outside, by wall time
    bytes_a_s: float | None = None

    def check_actors(self, there: int) -> None:
        """One more actor."""
        if self.actors is not None and there >= self.actors:
            raise Refused(f"this sandbox holds {self.actors} actors: remove one first")

    def check_groups(self, there: Collection[str], one: str) -> None:
        """One more group, unless it is there."""
        if self.groups is not None and one not in there and len(there) >= self.groups:
            raise Refused(f"this sandbox holds {self.groups} groups, and they are there")

    def check_topics(self, there: int, more: int) -> None:
        """More topics."""
        if self.topics is not None and there + more > self.topics:
            raise Refused(f"this sandbox holds {self.topics} topics, and {there} are there")

    def check_partitions(self, there: int, more: int) -> None:
        """More partitions."""
        if self.partitions is not None and there + more > self.partitions:
            raise Refused(f"this sandbox holds {self.partitions} partitions, and {there} are there")
