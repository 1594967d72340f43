"""What goes wrong in a world, and when: drawn once, from its seed.

Invariants:
- Every fault is an event with a number, so a history says what went wrong.
- Faults end: after the last of them a correct cluster finishes its work.
- Of two that overlap, the later end is the end of both.

Not here: crashes and restarts themselves (cluster.py), what a disk forgets (disks.py).
"""

from engine.simulation import network
from engine.simulation.world import World

# ---- what faults do ----


def arm_power_loss(world: World, name: str, operations: int) -> None:
    """Power will be lost in the middle of one of this node's next disk operations."""
    disk = world.nodes[name].disk
    if disk is not None:
        disk.operations_left = operations


def set_space(world: World, name: str, spare_bytes: int | None) -> None:
    """A node's disk has so much room from now on; None is room enough."""
    disk = world.nodes[name].disk
    assert disk is not None, "only brokers have disks"
    disk.bytes_max = None if spare_bytes is None else disk.used_bytes + spare_bytes
    world.observe(name, "disk has room" if spare_bytes is None else "disk is short", spare_bytes)


def slow_disk(world: World, name: str, by_us: int) -> None:
    """Each sync of a node's disk takes so much longer from now on."""
    world.slower_us[name] = by_us
    world.observe(name, "disk is slow" if by_us else "disk is as fast as before", by_us)


def leap(world: World, name: str, by_ms: int) -> None:
    """The wall clock of a node leaps; its monotonic clock does not."""
    node = world.nodes[name]
    node.clock.wall_offset_ms += by_ms
    world.observe(name, "wall clock leapt", by_ms)
    if node.machine is not None:
        node.machine.on_wall_clock(node.clock.wall_offset_ms, node.clock.now_ms())
        world.acted.append(node)


def freeze(world: World, name: str, for_us: int) -> None:
    """A node does nothing for a while (a stopped process, a long pause)."""
    world.frozen[name] = max(world.frozen.get(name, 0), world.now_us + for_us)
    world.observe(name, "frozen", for_us)
    world.push(world.now_us + for_us, "thaw", name)


def thaw(world: World, name: str, _: None) -> None:
    """A frozen node goes on, unless it was frozen for longer meanwhile."""
    if name in world.frozen and world.frozen[name] <= world.now_us:
        del world.frozen[name]
        world.observe(name, "thawed")


def cut(world: World, name: str, number: int) -> None:
    """One of a node's links breaks; both ends hear of it."""
    numbers = [end for end in world.ends if world.ends[end].node == name]
    if numbers:
        chosen = numbers[number % len(numbers)]
        world.observe(name, "link cut", chosen)
        network.break_off(world, chosen)


def sever(world: World, name: str, detail: tuple[str, int]) -> None:
    """Two nodes cannot reach each other for a while: links break, new ones are refused."""
    other, for_us = detail
    until_us = max(world.severed.get((name, other), 0), world.now_us + for_us)
    world.severed[name, other] = world.severed[other, name] = until_us
    world.observe(name, "severed", other, for_us)
    for number in [number for number, end in world.ends.items() if end.node == name]:
        if number ^ 1 in world.ends and world.ends[number ^ 1].node == other:
            network.break_off(world, number)
    world.push(world.now_us + for_us, "mend", name, other)


def mend(world: World, name: str, other: str) -> None:
    """They can reach each other again, unless they were severed for longer meanwhile."""
    if (name, other) in world.severed and world.severed[name, other] <= world.now_us:
        del world.severed[name, other], world.severed[other, name]
        world.observe(name, "mended", other)


def forget(world: World, name: str) -> None:
    """A node is gone for good: whoever comes by its name is another, neither frozen nor cut off."""
    world.frozen.pop(name, None)
    for pair in [pair for pair in world.severed if name in pair]:
        del world.severed[pair]


def spoil_sync(world: World, name: str, _: None) -> None:
    """The next sync of this node fails."""
    disk = world.nodes[name].disk
    assert disk is not None, "only brokers have disks"
    disk.spoiled = True
