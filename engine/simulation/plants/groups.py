"""Planted bugs about consumer groups.

Not here: what a coordinator really does (core/groups, broker/group_coordinator.py).
"""

from engine.broker import group_coordinator
from engine.broker.broker import Broker
from engine.broker.group_coordinator import Shard
from engine.broker.handlers import offset_commit
from engine.core.groups import leaving, rebalance
from engine.core.groups.group import Group, GroupState
from engine.core.groups.limits import GroupLimits
from engine.core.records.batch import read_header
from engine.simulation.plants.plant import Plant

_honest_complete = rebalance.complete_join
_honest_load = group_coordinator._load_batch
_honest_deadline = leaving.on_deadline


def _keeps_the_generation(group: Group, now_ms: int) -> None:
    if group.generation_id > 1:
        group.generation_id -= 1
    _honest_complete(group, now_ms)


def _takes_any_commit(group: Group | None, member_id: str, instance_id: str | None, generation_id: int) -> None:
    return


def _leaves_out_the_last_batch(broker: Broker, shard: Shard, batch: memoryview) -> None:
    if read_header(batch, 0).last_offset + 1 < shard.partition.high_watermark:
        _honest_load(broker, shard, batch)


def _drops_who_waits(group: Group, limits: GroupLimits, now_ms: int) -> None:
    for member in list(group.members.values()):
        late = member.session_deadline_ms is not None and member.session_deadline_ms <= now_ms
        if group.is_in(GroupState.PREPARING_REBALANCE) and (late or member.joining is not None):
            leaving.drop(group, limits, member.member_id, now_ms)
    _honest_deadline(group, limits, now_ms)


PLANTS = (
    Plant(
        "two owners in one generation",
        "A rebalance ends in the generation that there was.",
        rebalance,
        "complete_join",
        _keeps_the_generation,
        seeds_max=10,
    ),
    Plant(
        "commit of an old generation accepted",
        "Whoever commits is not asked for its generation.",
        offset_commit,
        "check_commit",
        _takes_any_commit,
        seeds_max=10,
    ),
    Plant(
        "commit forgotten in a crash",
        "A coordinator that starts again leaves out the last batch of its log.",
        group_coordinator,
        "_load_batch",
        _leaves_out_the_last_batch,
        seeds_max=30,
    ),
    Plant(
        "member dropped while rebalancing",
        "Whoever waits for the others in a rebalance is dropped as silent.",
        leaving,
        "on_deadline",
        _drops_who_waits,
        seeds_max=10,
    ),
)
