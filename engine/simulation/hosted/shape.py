"""The shape of a sandbox, and the world it begins as.

Invariants:
- A seed and a shape give one world, in every process.
- Brokers of a sandbox create no topics by themselves, and wait to be started again when they are down.

Not here: what a learner does in it (actions.py). One broker yet; names and addresses are made for several.
"""

import random
from collections.abc import Mapping
from typing import Any, NamedTuple

from engine.broker.broker import Broker
from engine.broker.config import BrokerConfig, ConfigError
from engine.simulation import cluster
from engine.simulation.hosted.fields import Fields
from engine.simulation.hosted.learner import YOU, Learner
from engine.simulation.hosted.outside import Outside
from engine.simulation.hosted.refused import Refused
from engine.simulation.past import Past
from engine.simulation.world import WALL_OFFSET_MS, Node, World

BROKERS_MAX = 1
CUT_CHANCE = 0.0  # streams arrive as they were sent: a learner sees requests, not pieces
DELAY_RANGE_US = (300, 900)
SYNC_RANGE_US = (1_000, 4_000)
GIVEN = {  # what differs from Kafka's defaults; everything else is as Kafka has it
    "auto.create.topics.enable": "false",
    "offsets.topic.num.partitions": "4",
    "log.index.size.max.bytes": "65536",
    # Programs outside write by their own clocks, and a world that was paused is behind them.
    "log.message.timestamp.after.max.ms": str((1 << 63) - 1),
}
SETTABLE = (  # by Kafka's names: what a learner may choose about all brokers
    "durability", "min.insync.replicas", "num.partitions", "message.max.bytes", "log.retention.ms",
    "log.retention.bytes", "log.retention.check.interval.ms", "log.segment.bytes", "log.roll.ms",
    "group.initial.rebalance.delay.ms", "group.min.session.timeout.ms", "offsets.retention.minutes",
    "log.cleanup.policy", "log.message.timestamp.type",
)  # fmt: skip


class Shape(NamedTuple):
    """What a sandbox is made of."""

    brokers: int = 1
    configs: tuple[tuple[str, str], ...] = ()
    born_ms: int = WALL_OFFSET_MS  # the wall clock when its time begins
    disk_bytes: int | None = None  # what a broker's disk holds: the quota of retained bytes


def parse(given: Mapping[str, Any]) -> Shape:
    """Read a shape; Refused says what is wrong with it."""
    fields = Fields(given, "a sandbox")
    shape = Shape(
        fields.whole("brokers", 1, BROKERS_MAX, 1),
        tuple(fields.mapping("configs").items()),
        fields.whole("born_ms", 0, 1 << 50, WALL_OFFSET_MS),
        fields.whole("disk_bytes", 1 << 20, 1 << 40, None),
    )
    fields.done()
    for name, _ in shape.configs:
        if name not in SETTABLE:
            raise Refused(f"{name} cannot be set for a sandbox", "configs")
    try:
        BrokerConfig.parse(_properties(shape))
    except ConfigError as wrong:
        raise Refused(str(wrong), "configs") from None
    return shape


def as_json(shape: Shape) -> dict[str, Any]:
    """The shape as it is kept."""
    return {**shape._asdict(), "configs": dict(shape.configs)}


def birth(seed: int, shape: Shape) -> World:
    """The world of a seed and a shape, before its first event."""
    world = World(random.Random(seed), past=Past(), down_range_us=None, wall_offset_ms=shape.born_ms)
    world.cut_chance, world.delay_range_us, world.sync_range_us = CUT_CHANCE, DELAY_RANGE_US, SYNC_RANGE_US
    for number in range(1, shape.brokers + 1):
        node = cluster.add_broker(world, broker_name(number), {**_properties(shape), "node.id": str(number)})
        assert node.disk is not None, "a broker has a disk"
        node.disk.bytes_max = shape.disk_bytes
    learner = Learner(disk_bytes=shape.disk_bytes)
    cluster.add_client(world, YOU, Outside(f"{broker_name(1)}:9092"), learner)
    return world


def broker_name(number: int) -> str:
    """How a broker is called: its node's name, and its host's."""
    return f"broker-{number}"


def brokers(world: World) -> list[Node]:
    """The places of brokers, up or down, in order."""
    return [node for node in world.nodes.values() if node.disk is not None]


def broker_of(node: Node) -> Broker | None:
    """The broker at this place, if it is up."""
    machine: object = node.machine
    return machine if isinstance(machine, Broker) else None


def groups_of(broker: Broker | None) -> list[str]:
    """The groups that a broker knows, those too that have only commits."""
    shards = [] if broker is None else broker.group_coordinator.shards.values()
    return list(dict.fromkeys(name for shard in shards for name in (*shard.groups, *shard.offsets.by_group)))


def _properties(shape: Shape) -> dict[str, str]:
    return {**GIVEN, **dict(shape.configs)}
