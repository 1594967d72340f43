"""What the leader of a generation does: it reads what the members said and gives each its partitions.

Invariants:
- Every member that joined has an entry in what is given out, also if it is empty.
- Nobody is given a topic that it did not ask for.

Not here: the assignors (core/groups/assignors), asking for the topics (group_membership.py).
"""

from collections.abc import Callable

from engine.client.group_messages import decode_subscription, encode_assignment
from engine.core.groups.assignors import cooperative_sticky, round_robin, sticky
from engine.core.groups.assignors import range as range_assignor
from engine.core.groups.assignors.subscriber import Assignment, Subscriber
from engine.wire.messages.join_group import JoinGroupResponse
from engine.wire.messages.sync_group import SyncGroupRequestAssignment

ASSIGNORS: dict[str, Callable[[list[Subscriber], dict[str, int]], Assignment]] = {
    "range": range_assignor.assign,
    "roundrobin": round_robin.assign,
    "sticky": sticky.assign,
    "cooperative-sticky": cooperative_sticky.assign,
}


def subscribers_of(answer: JoinGroupResponse) -> list[Subscriber]:
    """Read the members of a generation, as its leader is told them. Raises Malformed."""
    assignor = answer.protocol_name or ""
    return [
        decode_subscription(assignor, one.member_id, one.group_instance_id, bytes(one.metadata))
        for one in answer.members
    ]


def topics_of(subscribers: list[Subscriber]) -> list[str]:
    """All topics that somebody reads, in order."""
    return sorted(dict.fromkeys(topic for one in subscribers for topic in one.topics))


def assign(assignor: str, subscribers: list[Subscriber], counts: dict[str, int]) -> list[SyncGroupRequestAssignment]:
    """Give each member its partitions, as SyncGroup says it; `counts` are the partitions of the topics."""
    assignment = ASSIGNORS[assignor](subscribers, counts)
    return [SyncGroupRequestAssignment(member_id, encode_assignment(found)) for member_id, found in assignment.items()]
