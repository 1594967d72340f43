"""What of a world outlives the build that wrote it: disks in Kafka's formats, clocks, declared actors.

A keyframe of another build cannot be restored; its brokers start again on these disks,
as a real broker of a newer version would.

Invariants:
- The form is JSON and bytes, and changes only with its FORM number.
- A world that wakes so begins a history of its own, at the time at which the old one stood.

Not here: files and signatures (the runner's).
"""

import json
from typing import Any

from engine.simulation.disks import SimulatedDisk
from engine.simulation.hosted import actor_specs, endings
from engine.simulation.hosted.consume_actor import ConsumeActor
from engine.simulation.hosted.learner import YOU
from engine.simulation.hosted.produce_actor import ProduceActor
from engine.simulation.hosted.shape import Shape, birth, brokers
from engine.simulation.world import World

FORM = 2
FORMS = (1, 2)  # that are read: before the second nobody was stopped


def images_of(world: World) -> bytes:
    """Everything that a later build needs."""
    data = bytearray()
    disks: dict[str, Any] = {}
    for node in brokers(world):
        assert node.disk is not None, "a broker has a disk"
        files = []
        for path, file in node.disk.files():
            data += file.read(0, file.size)
            files.append([path, file.size, file.synced_size, file.modified_ms])
        disks[node.name] = {"files": files, "up": node.machine is not None, "space": node.disk.bytes_max}
    declared = {
        node.name: node.actor
        for node in world.nodes.values()
        if isinstance(node.actor, ProduceActor | ConsumeActor) and node.actor.leaving != endings.REMOVE
    }
    actors = [actor_specs.as_json(actor.spec) for actor in declared.values()]
    coming = [subject for _, _, _, kind, subject, _ in world.heap if kind == "revive"]
    down = [name for name in declared if world.nodes[name].machine is None and name not in coming]
    stopped = [*down, *(name for name, actor in declared.items() if actor.leaving == endings.STOP)]
    made = {node.name: node.actor.made for node in world.nodes.values() if isinstance(node.actor, ProduceActor)}
    head = {
        "form": FORM, "now_us": world.now_us, "disks": disks, "actors": actors, "made": made, "stopped": stopped,
        "wall": {name: node.clock.wall_offset_ms for name, node in world.nodes.items()},
    }  # fmt: skip
    return json.dumps(head).encode() + b"\n" + bytes(data)


def awaken(seed: int, shape: Shape, images: bytes) -> World:
    """A world whose brokers start on these disks; its actors begin again."""
    head_bytes, _, data = images.partition(b"\n")
    head = json.loads(head_bytes)
    assert head["form"] in FORMS, "later builds read these forms as well"
    world = birth(seed, shape)
    world.heap.clear()
    world.acted.clear()
    world.now_us = head["now_us"]
    # What its first life drew at random, ids of topics above all, is on the disks: it must not draw the same again.
    world.chance.seed(b"%d " % seed + head_bytes)
    position = 0
    for node in brokers(world):
        told = head["disks"][node.name]
        assert node.disk is not None, "a broker has a disk"
        node.disk.bytes_max = told["space"]
        for path, size, synced_size, modified_ms in told["files"]:
            _fill(node.disk, path, data[position : position + size], synced_size, modified_ms)
            position += size
        if told["up"]:
            world.push(world.now_us, "start", node.name)
    for name, node in world.nodes.items():
        node.clock.at_us = world.now_us
        node.clock.wall_offset_ms = head["wall"].get(name, node.clock.wall_offset_ms)
    for actor in head["actors"]:
        world.push(world.now_us, "act", YOU, {"do": "add", "actor": actor, "made": head["made"].get(actor["name"], 0)})
    for name in head.get("stopped", ()):
        world.push(world.now_us, "act", YOU, {"do": "stop client", "name": name})
    return world


def _fill(disk: SimulatedDisk, path: str, content: bytes, synced_size: int, modified_ms: int) -> None:
    number = disk.open(path)
    file = disk.open_files[number]
    file.append(content)
    file.synced_size, file.modified_ms = synced_size, modified_ms
    disk.used_bytes += len(content)
    disk.close(number)
