"""The round-robin assignor: all partitions of all topics are dealt out like cards.

Spec: Kafka's RoundRobinAssignor; a member is passed over for topics that it does not want.
"""

from engine.core.groups.assignors.subscriber import Assignment, Subscriber, in_order, wanted_places


def assign(subscribers: list[Subscriber], partition_counts: dict[str, int]) -> Assignment:
    """Give each member its partitions."""
    assignment: Assignment = {one.member_id: [] for one in subscribers}
    members, turn = in_order(subscribers), 0
    for topic, index in wanted_places(subscribers, partition_counts):
        while topic not in members[turn % len(members)].topics:
            turn += 1
        assignment[members[turn % len(members)].member_id].append((topic, index))
        turn += 1
    return assignment
