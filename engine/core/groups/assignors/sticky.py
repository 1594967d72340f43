"""The sticky assignor: as even as can be, and of what members held as much as can be stays.

1. Everybody keeps what it held, if it still wants it; of two who claim one partition
   the one of the later generation keeps it.
2. What nobody holds goes, one by one, to whoever has least and wants it.
3. Partitions move from those who have most to those who have at least two fewer.

Invariant: two members that both want a topic's partitions differ by more than one
partition only if no single move between them would help.
Spec: KIP-54, KIP-341 (generations of claims). The moves are our own, simpler than Kafka's.
"""

from engine.core.groups.assignors.subscriber import Assignment, Place, Subscriber, in_order, wanted_places


def assign(subscribers: list[Subscriber], partition_counts: dict[str, int]) -> Assignment:
    """Give each member its partitions."""
    members = in_order(subscribers)
    places = wanted_places(subscribers, partition_counts)
    assignment = _kept(members, dict.fromkeys(places))
    held = {place: None for owned in assignment.values() for place in owned}
    readers = {topic: [one.member_id for one in members if topic in one.topics] for topic, _ in places}
    for place in places:
        if place not in held:
            least = min(readers[place[0]], key=lambda member_id: len(assignment[member_id]))
            assignment[least].append(place)
    _balance(assignment, readers)
    return {member_id: sorted(owned) for member_id, owned in assignment.items()}


def _kept(members: list[Subscriber], places: dict[Place, None]) -> Assignment:
    holders: dict[Place, Subscriber] = {}
    for member in members:
        for place in member.owned:
            if place not in places or place[0] not in member.topics:
                continue
            rival = holders.get(place)
            if rival is None or member.generation_id > rival.generation_id:
                holders[place] = member
    kept: Assignment = {member.member_id: [] for member in members}
    for place in places:
        if place in holders:
            kept[holders[place].member_id].append(place)
    return kept


def _balance(assignment: Assignment, readers: dict[str, list[str]]) -> None:
    """Move partitions while a move brings two members closer; each move does, so it ends."""
    moved = True
    while moved:
        moved = False
        for giver in sorted(assignment, key=lambda member_id: -len(assignment[member_id])):
            for place in reversed(list(assignment[giver])):
                taker = min(readers[place[0]], key=lambda member_id: len(assignment[member_id]))
                if len(assignment[giver]) - len(assignment[taker]) > 1:
                    assignment[giver].remove(place)
                    assignment[taker].append(place)
                    moved = True
