"""What an assignor knows of a member, and what it gives back.

Spec: ConsumerProtocolSubscription; KIP-429 (owned partitions, generation).
"""

from dataclasses import dataclass

Place = tuple[str, int]  # topic, partition
Assignment = dict[str, list[Place]]  # by member id


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One member: the topics it wants, and what it holds from an earlier generation."""

    member_id: str
    topics: tuple[str, ...]
    instance_id: str | None = None
    owned: tuple[Place, ...] = ()
    generation_id: int = -1  # of `owned`; -1 where it was not said


def in_order(subscribers: list[Subscriber]) -> list[Subscriber]:
    """Sort static members by their instance, before the others by their id, as Kafka's assignors do."""
    return sorted(subscribers, key=lambda one: (one.instance_id is None, one.instance_id or "", one.member_id))


def wanted_places(subscribers: list[Subscriber], partition_counts: dict[str, int]) -> list[Place]:
    """List all partitions of the topics that somebody wants, in order; unknown topics have none."""
    topics = sorted({topic: None for one in subscribers for topic in one.topics})
    return [(topic, index) for topic in topics for index in range(partition_counts.get(topic, 0))]
