"""Nodes of a world and their lives: made, started, stopped, killed, crashed, started again.

Invariants:
- A killed process loses its memory and its links; its disk keeps all, synced or not.
- A crash (power loss) loses what was not synced as well.
- A stopped broker was asked to; it closes its logs as it would in the real world.
- Every node that goes down comes up again, unless the world waits until it is told (down_range_us is None).
- A client's process that is killed comes up as a new client, unless its actor was to end; its actor begins again.

Not here: what a disk forgets (disks.py), who asks for all this (faults.py).
"""

from typing import cast

from engine.broker.broker import Broker
from engine.broker.config import BrokerConfig
from engine.client.client import Client
from engine.client.config import ClientConfig
from engine.core.events import Machine
from engine.simulation import network
from engine.simulation.clocks import Clock
from engine.simulation.disks import SimulatedDisk
from engine.simulation.world import Actor, Mortal, Node, World
from engine.storage.disk import StorageError


def add_broker(world: World, name: str, properties: dict[str, str]) -> Node:
    """Add a broker, by Kafka's names of its configs; it starts with the world."""
    clock = Clock(world.wall_offset_ms)
    disk = SimulatedDisk(clock, world.chance)
    address = f"{name}:9092"
    properties = {"listeners": f"PLAINTEXT://{address}", **properties}
    node = world.nodes[name] = Node(name, clock, disk=disk, properties=properties)
    world.addresses[address] = name
    world.push(world.now_us, "start", name)
    return node


def add_client(world: World, name: str, machine: Machine, actor: Actor | None = None) -> Node:
    """Add a client (or any machine without a disk) that is up from the beginning."""
    node = world.nodes[name] = Node(name, Clock(world.wall_offset_ms), machine, actor=actor)
    machine.effects.observing, machine.effects.tracing = True, world.past is not None
    world.acted.append(node)
    if actor is not None:
        world.push(world.now_us, "begin", name)
    return node


def crash_client(world: World, name: str, down_us: int) -> None:
    """A client's process is killed: nobody is told but by its links."""
    node = world.nodes[name]
    if node.machine is None:
        return
    assert isinstance(node.machine, Client), "only clients of ours come back"
    world.observe(name, "client crashed")
    config: ClientConfig | None = node.machine.config
    if isinstance(node.actor, Mortal):
        config = node.actor.on_killed(world, node)
    end_client(world, name)
    if config is not None:
        start_client(world, name, config, down_us)


def start_client(world: World, name: str, config: ClientConfig, after_us: int = 0) -> None:
    """Let a client's process begin anew, unless it has begun and ended once more until then."""
    world.push(world.now_us + after_us, "revive", name, (world.nodes[name].incarnation, config))


def revive_client(world: World, name: str, detail: tuple[int, ClientConfig]) -> None:
    """A client's process begins anew."""
    node, (incarnation, config) = world.nodes[name], detail
    if node.actor is None or node.machine is not None or node.incarnation != incarnation:
        return  # it was taken out of the world meanwhile, or stopped for good
    world.observe(name, "client started")
    node.machine = Client(config, world.chance)
    node.machine.effects.observing, node.machine.effects.tracing = True, world.past is not None
    world.push(world.now_us, "begin", name)


def end_client(world: World, name: str) -> None:
    """A client's process ends and does not come back by itself: its links break off."""
    node = world.nodes[name]
    node.machine, node.deadlines_ms = None, []
    node.incarnation += 1
    for number in [number for number, end in world.ends.items() if end.node == name]:
        network.break_off(world, number)


def start(world: World, name: str, _: None) -> None:
    """A broker's process begins."""
    node = world.nodes[name]
    if node.machine is not None:
        return
    assert node.disk is not None, "only brokers start again"
    broker = Broker(node.disk, BrokerConfig.parse(node.properties), world.chance)
    broker.effects.observing, broker.effects.tracing = True, world.past is not None
    try:
        broker.start(node.clock.now_ms(), node.clock.wall_offset_ms)
    except StorageError as failed:  # as the real process would: it says so, ends, and is started again
        world.observe(name, "could not start", str(failed))
        _go_down(world, node)
        return
    node.machine = cast("Machine", broker)  # its connections are of a class of its own
    world.observe(name, "started", node.incarnation)
    world.acted.append(node)


def stop(world: World, name: str, _: None) -> None:
    """A broker is asked to stop, and comes up again later."""
    node = world.nodes[name]
    if node.machine is None:
        return
    assert isinstance(node.machine, Broker), "only brokers are stopped"
    try:
        node.machine.stop(node.clock.now_ms())
        world.observe(name, "stopped")
    except StorageError as failed:  # a full disk: the process ends all the same, as if it were killed
        world.observe(name, "killed", str(failed))
    _go_down(world, node)


def kill(world: World, name: str, _: None) -> None:
    """A broker's process is killed; what it wrote is still in the page cache."""
    node = world.nodes[name]
    if node.machine is not None:
        world.observe(name, "killed")
        _go_down(world, node)


def crash(world: World, name: str, loses_all: bool | None) -> None:
    """A broker's machine loses power: what was not synced is lost by chance, or all of it."""
    node = world.nodes[name]
    assert node.disk is not None, "only brokers crash"
    world.observe(name, "crashed", node.disk.crash(loses_all=bool(loses_all)))
    if node.machine is not None:  # else it was down already, and only its disk forgets
        _go_down(world, node)


def lose_power(world: World, name: str) -> None:
    """A broker's machine loses power in the middle of what it does, starting included."""
    node = world.nodes[name]
    assert node.disk is not None, "only brokers lose power"
    world.observe(name, "power lost in an operation", node.disk.operations)
    world.observe(name, "crashed", node.disk.crash())
    _go_down(world, node)


def task(world: World, name: str, task_name: str) -> None:
    """Somebody outside (a Celery task in the real world) asks a broker to do something."""
    node = world.nodes[name]
    if isinstance(node.machine, Broker):
        world.observe(name, "task", task_name)
        node.machine.on_task(task_name, node.clock.now_ms())
        world.acted.append(node)


def _go_down(world: World, node: Node) -> None:
    """The process is gone: memory, links and open files with it."""
    assert node.disk is not None, "only brokers go down"
    node.machine, node.deadlines_ms = None, []
    node.incarnation += 1
    node.disk.stop()
    for number in [number for number, end in world.ends.items() if end.node == node.name]:
        network.break_off(world, number)
    if world.down_range_us is not None:
        low, high = world.down_range_us
        world.push(world.now_us + world.chance.randint(low, high), "start", node.name)
