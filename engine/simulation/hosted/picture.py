"""What there is to see of a world at the playhead, as plain JSON: the model that pictures and tables draw.

Invariants:
- Looking changes nothing: no chance is drawn, no machine is called that could note it.
- Texts of records, ids and names are clipped, and are text: whoever draws them escapes them.

Not here: how it is drawn, how often it is sent (the runner's), words.
"""

from collections.abc import Iterable
from typing import Any

from engine.broker.partition import Partition
from engine.client.client import Client
from engine.simulation.hosted import actor_specs
from engine.simulation.hosted.cells import Cells
from engine.simulation.hosted.consume_actor import ConsumeActor
from engine.simulation.hosted.learner import YOU
from engine.simulation.hosted.produce_actor import ProduceActor
from engine.simulation.hosted.shape import broker_of, brokers
from engine.simulation.hosted.texts import clipped
from engine.simulation.hosted.timeline import Timeline
from engine.simulation.world import Node, World
from engine.wire.catalog import APIS

TRAVELLING_MAX = 60


def picture(timeline: Timeline, cells: Cells | None = None) -> dict[str, Any]:
    """Everything at the playhead. `cells` remembers records between two pictures."""
    world = timeline.world
    assert world.past is not None, "a hosted world has a past"
    remembered = Cells() if cells is None else cells
    topics, groups = _topics(world, remembered), _groups(world)
    remembered.turn()
    return {
        "time": {
            "now_us": world.now_us, "events": world.events, "head": timeline.head,
            "at_present": timeline.at_present, "wall_ms": _wall_ms(world),
        },
        "brokers": [_broker(world, node) for node in brokers(world)],
        "topics": topics,
        "groups": groups,
        "actors": [_actor(world, node) for node in world.nodes.values() if node.actor is not None and node.name != YOU],
        "travelling": list(_travelling(world)),
        "ledger": world.past.ledger.summary(),
    }  # fmt: skip


def _wall_ms(world: World) -> int:
    clock = brokers(world)[0].clock
    return world.now_us // 1000 + clock.wall_offset_ms


def _broker(world: World, node: Node) -> dict[str, Any]:
    disk, broker = node.disk, broker_of(node)
    assert disk is not None, "a broker has a disk"
    unsynced = sum(file.size - file.synced_size for _, file in disk.files())
    return {
        "name": node.name, "up": broker is not None, "frozen_until_us": world.frozen.get(node.name),
        "disk": {
            "used_bytes": disk.used_bytes, "space_bytes": disk.bytes_max, "unsynced_bytes": unsynced,
            "slower_us": world.slower_us.get(node.name, 0),
        },
        "log_dir_offline": None if broker is None else broker.durability.failed,
        "syncing": broker is not None and broker.durability.syncing,
        "durability": node.properties.get("durability", "fsync"),
        "connections": 0 if broker is None else len(broker.connections),
    }  # fmt: skip


def _topics(world: World, remembered: Cells) -> list[dict[str, Any]]:
    found: dict[str, list[dict[str, Any]]] = {}
    configs: dict[str, dict[str, str]] = {}  # those that are set; none are known while no broker is up
    assert world.past is not None, "a hosted world has a past"
    for node in brokers(world):
        broker = broker_of(node)
        if broker is None:
            continue
        for partition in broker.replica_manager.all():
            configs[partition.topic] = dict(broker.image.topic_configs(partition.topic))
            found.setdefault(partition.topic, []).append(_partition(node.name, partition, remembered))
    for (topic, index), one in world.past.ledger.partitions.items():
        if not any(there["index"] == index for there in found.get(topic, ())):  # its broker is down
            found.setdefault(topic, []).append({
                "index": index, "leader": None, "start": one.start, "end": one.end, "synced": one.synced,
                "high_watermark": one.visible, "offline": True, "records": [],
            })  # fmt: skip
    return [
        {
            "name": name, "internal": name.startswith("__"), "configs": configs.get(name),
            "partitions": sorted(parts, key=lambda part: part["index"]),
        }
        for name, parts in sorted(found.items())
    ]  # fmt: skip


def _partition(leader: str, partition: Partition, remembered: Cells) -> dict[str, Any]:
    log = partition.log
    return {
        "index": partition.index, "leader": leader, "start": log.log_start_offset, "end": log.log_end_offset,
        "synced": partition.synced_end, "high_watermark": partition.high_watermark, "offline": partition.offline,
        "records": remembered.of(partition),
    }  # fmt: skip


def _groups(world: World) -> list[dict[str, Any]]:
    found = []
    for broker in filter(None, map(broker_of, brokers(world))):
        for shard in broker.group_coordinator.shards.values():
            for name in dict.fromkeys([*shard.groups, *shard.offsets.by_group]):
                group = shard.groups.get(name)
                members = [] if group is None else list(group.members.values())
                committed = {f"{topic}-{index}": one.offset for (topic, index), one in shard.offsets.of(name).items()}
                found.append({
                    "name": clipped(name), "state": "Empty" if group is None else group.state.value,
                    "generation": 0 if group is None else group.generation_id,
                    "leader": None if group is None else clipped(group.leader_id),
                    "members": [{"id": clipped(one.member_id), "client": clipped(one.client_id)} for one in members],
                    "committed": committed,
                })  # fmt: skip
    return sorted(found, key=lambda group: str(group["name"]))


def _actor(world: World, node: Node) -> dict[str, Any]:
    actor, machine = node.actor, node.machine
    assert isinstance(actor, ProduceActor | ConsumeActor), "declared actors are of two kinds"
    shown: dict[str, Any] = {
        "spec": actor_specs.as_json(actor.spec), "name": node.name, "up": machine is not None,
        "declared": node.declared, "frozen_until_us": world.frozen.get(node.name),
        "cut_until_us": max((until for pair, until in world.severed.items() if node.name in pair), default=None),
    }  # fmt: skip
    if isinstance(actor, ProduceActor):
        return {**shown, "made": actor.made, "waiting": len(actor.open), "leaving": actor.leaving}
    positions = {}
    if isinstance(machine, Client):
        positions = {f"{topic}-{index}": one.offset for (topic, index), one in machine.consumer.positions.items()}
    return {
        **shown, "had": actor.had, "positions": positions, "leaving": actor.leaving,
        "working_on": [span._asdict() for span in actor.work],
        "received": [(span.partition, span.first, span.last) for span in actor.received],  # of its topic
    }  # fmt: skip


def _travelling(world: World) -> Iterable[dict[str, Any]]:
    """What is on its way between two nodes."""
    shown = 0
    for at_us, _, cause, kind, subject, piece in sorted(entry for entry in world.heap if entry[3] == "bytes"):
        end = world.ends.get(subject)
        if end is None or shown == TRAVELLING_MAX or at_us == world.frozen.get(end.node):
            continue  # the last: it has arrived, and waits until its receiver goes on
        shown += 1
        other = world.ends.get(subject ^ 1)
        sender = end.peer.partition(":")[0] if other is None else other.node
        yield {
            "from": sender, "to": end.node, "kind": kind, "bytes": len(piece), "arrives_us": at_us, "event": cause,
            "api": None if end.asked else _api_name(piece),
        }  # fmt: skip


def _api_name(piece: bytes) -> str | None:
    """The name of a request, if its beginning is in these bytes."""
    api = APIS.get(int.from_bytes(piece[4:6], "big")) if len(piece) >= 8 else None
    return None if api is None else api.name
