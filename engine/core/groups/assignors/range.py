"""The range assignor: of each topic, every member gets one run of neighbouring partitions.

Members in order; the first ones get one more where it does not divide. Topics with
the same members are cut alike, so equal keys of two topics meet at one member.

Spec: Kafka's RangeAssignor without racks.
"""

from engine.core.groups.assignors.subscriber import Assignment, Subscriber, in_order


def assign(subscribers: list[Subscriber], partition_counts: dict[str, int]) -> Assignment:
    """Give each member its partitions."""
    assignment: Assignment = {one.member_id: [] for one in subscribers}
    members = in_order(subscribers)
    for topic in sorted({topic: None for one in subscribers for topic in one.topics}):
        readers = [one for one in members if topic in one.topics]
        each, more = divmod(partition_counts.get(topic, 0), len(readers))
        start = 0
        for number, reader in enumerate(readers):
            count = each + (number < more)
            assignment[reader.member_id] += [(topic, index) for index in range(start, start + count)]
            start += count
    return assignment
