"""Who was told its member id and is not back yet (KIP-394): kept within a bound, whoever asks.

A new dynamic member is told its id, which begins with its client id (as in Apache Kafka, which bounds neither), and is
expected back within its session timeout: up to half an hour. So that nobody fills the memory with such ids, those
told longest ago are forgotten when all together would be more than TOLD_MEMBERS_BYTES_MAX. Whoever comes back too late
hears UNKNOWN_MEMBER_ID, upon which each client asks for a new id at once. Refusing newcomers instead
(GROUP_MAX_SIZE_REACHED ends a consumer, COORDINATOR_NOT_AVAILABLE makes it ask for long) would let one stranger lock
everybody out for as long as it said; now it has to fill the whole bound within the round trip of an honest client.

Invariants:
- Each pending member of a group is in `told`, oldest first; one that is back leaves it when it is the oldest.
- A group that nobody ever came back to goes with the last of its told members.

Not here: how long one is expected (core/groups/joining.py).
Spec: KIP-394.
"""

from typing import TYPE_CHECKING

from engine.broker import group_coordinator
from engine.broker.group_coordinator import Shard
from engine.core.groups import leaving
from engine.core.groups.group import Group, GroupState
from engine.core.limits import TOLD_MEMBERS_BYTES_MAX

if TYPE_CHECKING:
    from engine.broker.broker import Broker

MEMBER_BYTES, GROUP_BYTES = 512, 2048  # what one costs besides its texts


def note(broker: "Broker", shard: Shard, group: Group, member_id: str) -> None:
    """A member was told its id: it may be that the oldest must go for it."""
    coordinator = broker.group_coordinator
    cost = MEMBER_BYTES + GROUP_BYTES // len(group.pending_members) + _bytes(group.group_id) + _bytes(member_id)
    coordinator.told.append((shard.partition.index, group.group_id, member_id, cost))
    coordinator.told_bytes += cost
    while coordinator.told:
        index, group_id, member_id, cost = coordinator.told[0]
        its_shard = coordinator.shards.get(index)
        found = None if its_shard is None else its_shard.groups.get(group_id)
        is_expected = found is not None and member_id in found.pending_members
        if is_expected and coordinator.told_bytes <= TOLD_MEMBERS_BYTES_MAX:
            break
        coordinator.told.popleft()
        coordinator.told_bytes -= cost
        if its_shard is not None and found is not None:
            _forget(broker, its_shard, found, member_id, is_expected=is_expected)


def _forget(broker: "Broker", shard: Shard, group: Group, member_id: str, *, is_expected: bool) -> None:
    if is_expected:
        leaving.forget_pending(group, member_id, broker.now_ms)
        group_coordinator.settle(broker, shard, group)
    if group.is_in(GroupState.EMPTY) and not group.generation_id and not group.pending_members:
        del shard.groups[group.group_id]  # nothing of it was ever stored
        broker.group_coordinator.scheduled.pop(group.group_id, None)


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else 4 * len(text)
