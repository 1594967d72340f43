"""The cooperative sticky assignor: as sticky, but nothing goes to a new owner before the old one let it go.

In the first of two rebalances partitions that change hands are given to nobody; their
owners revoke them and join again, and the second rebalance hands them out. Who keeps
its partitions never stops reading.

Invariant: no partition is given to a member while another one holds it.
Spec: KIP-429.
"""

from engine.core.groups.assignors import sticky
from engine.core.groups.assignors.subscriber import Assignment, Place, Subscriber


def assign(subscribers: list[Subscriber], partition_counts: dict[str, int]) -> Assignment:
    """Give each member its partitions, without those that somebody else must revoke first."""
    assignment = sticky.assign(subscribers, partition_counts)
    owners: dict[Place, Subscriber] = {}
    for member in subscribers:
        for place in member.owned:
            rival = owners.get(place)
            if rival is None or member.generation_id > rival.generation_id:
                owners[place] = member
    return {
        member_id: [place for place in places if place not in owners or owners[place].member_id == member_id]
        for member_id, places in assignment.items()
    }
