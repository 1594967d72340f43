"""What events do: the same calls to the same machines as the shells in net/, the same effects in the same order.

Invariants:
- After an event the effects of every machine that was called are performed, before the
  next event.
- A frozen node's events wait for its thaw, in their order.
- An event of an earlier life of a node (before a crash or a restart) does nothing.

Not here: links (network.py), lives of nodes (cluster.py), faults (faults.py).
"""

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

from engine.core.effects import Effects
from engine.core.work import WORK
from engine.simulation import cluster, faults, network
from engine.simulation.disks import PowerLost, SimulatedDisk, SimulatedFile
from engine.simulation.history import Event
from engine.simulation.world import End, Node, World

Covered = list[tuple[SimulatedFile, int]]
UNTOLD = frozenset(("deadline", "synced", "worked", "revive"))  # their details say nothing to people
ROUNDS = ("wake", "begin")  # of who was declared
NEVER_POSTPONED = (  # what is done to a node, and not by it
    "thaw", "freeze", "crash", "client crash", "kill", "leap", "space", "slow", "cut", "sever", "mend",
)  # fmt: skip


def step(world: World) -> bool:
    """Handle the next event, or put it off if its node is frozen or its time has moved. False if there is none."""
    heap = world.heap
    if not heap:
        return False
    event = heappop(heap)
    if world.frozen and _postpone(world, event):
        return True
    at_us, _, cause, kind, subject, detail = event
    if kind == "deadline" and _is_early(world, event):
        return True
    world.now_us = at_us
    world.events += 1
    world.history.add(event)
    end = None
    if type(subject) is int:
        end = world.ends.get(subject)
        node = None if end is None else world.nodes[end.node]
    else:
        node = world.nodes.get(subject)
    past = world.past
    if past is not None:
        if kind == "bytes" and end is not None:
            told: Any = (end.node, end.peer, len(detail))
        else:
            told = None if kind in UNTOLD else brief(kind, subject, detail, end, node)
        past.begin(at_us, cause, kind, subject, told)
    if node is not None:
        node.clock.at_us = at_us
    acted = world.acted
    try:
        HANDLERS[kind](world, subject, detail)
        while acted:
            perform(world, acted.pop())
    except PowerLost as lost:
        _lose_power(world, lost.disk)
        while acted:
            perform(world, acted.pop())
    return True


def run(world: World, events: int) -> int:
    """Handle up to `events` events; return how many there were. One that is put off is not one yet."""
    before = world.events
    while world.events < before + events and step(world):
        pass
    return world.events - before


def next_us(world: World) -> int | None:
    """When the next event happens. To look changes nothing, or a history would depend on how often somebody looked."""
    heap = world.heap
    if heap and heap[0][3] != "deadline" and not world.frozen:
        return heap[0][0]
    looked_at: list[Event] = []
    first_us: int | None = None
    while heap and (first_us is None or heap[0][0] < first_us):
        event = heappop(heap)
        looked_at.append(event)
        at_us = _happens_us(world, event)
        if at_us is not None and (first_us is None or at_us < first_us):
            first_us = at_us
    for event in looked_at:
        heappush(heap, event)
    return first_us


def _happens_us(world: World, event: Event) -> int | None:
    """When an event would happen, put off and moved as `step` does it; None if it is none any more."""
    at_us, _, _, kind, subject, detail = event
    if world.frozen and kind not in NEVER_POSTPONED and (owner := world.node_of(subject)) is not None:
        at_us = max(at_us, world.frozen.get(owner.name, 0))
    if kind != "deadline":
        return at_us
    node, (incarnation, deadline_ms) = world.nodes[subject], detail
    wanted_ms = None if node.machine is None else node.machine.next_deadline_ms
    if wanted_ms is None or incarnation != node.incarnation:
        return None
    return at_us if wanted_ms <= deadline_ms else max(at_us, node.clock.world_us(wanted_ms))


def brief(kind: str, subject: Any, detail: Any, end: End | None, node: Node | None) -> Any:
    """What of an event is worth keeping for people, of those that tell something: whose it is, and how much or what."""
    if end is not None:
        return (end.node, end.peer)
    if type(subject) is int:
        return ("", "", len(detail)) if kind == "bytes" else ("", "")
    return node.declared if node is not None and kind in ROUNDS else detail


def _is_early(world: World, event: Event) -> bool:
    """Say whether a deadline is nobody's any more, or was moved since: it is no event then, and waits for its time."""
    at_us, number, cause, kind, name, (incarnation, deadline_ms) = event
    node = world.nodes[name]
    machine = node.machine
    if machine is None or incarnation != node.incarnation:
        return True
    wanted_ms = machine.next_deadline_ms
    if wanted_ms is not None and wanted_ms <= deadline_ms:
        return False
    waiting = node.deadlines_ms
    waiting.remove(deadline_ms)
    if wanted_ms is None:
        return True
    if not waiting or wanted_ms < waiting[-1]:
        waiting.append(wanted_ms)
        at_us = max(at_us, node.clock.world_us(wanted_ms))
        heappush(world.heap, (at_us, number, cause, kind, name, (incarnation, wanted_ms)))
    return True


def _postpone(world: World, event: Event) -> bool:
    at_us, number, cause, kind, subject, detail = event
    node = world.node_of(subject)
    if node is None or kind in NEVER_POSTPONED:
        return False
    until_us = world.frozen.get(node.name, 0)
    if at_us >= until_us:
        return False
    heappush(world.heap, (until_us, number, cause, kind, subject, detail))
    return True


def _lose_power(world: World, disk: SimulatedDisk) -> None:
    """A node lost power in the middle of what the event did."""
    for node in world.nodes.values():
        if node.disk is disk:
            cluster.lose_power(world, node.name)


# ---- what machines want ----


def perform(world: World, node: Node) -> None:
    """Connect, send, resume, close, abort, work, sync, observe, give results, keep the deadline."""
    machine, disk = node.machine, node.disk
    if machine is None:
        return
    world.last_node = node.name
    node.clock.at_us = world.now_us
    effects = machine.effects
    if effects.touched and not effects.connect:  # what most want, and it alone
        touched, effects.touched = effects.touched, []
        for connection in touched:
            network.flush(world, connection.id)
    while effects.connect or effects.touched or effects.resume or effects.close or effects.abort:
        _perform_connections(world, effects, node.name)
    if effects.work:
        work, effects.work = effects.work, []
        for token, name, argument in work:
            detail = (node.incarnation, token, WORK[name](argument))
            world.push(world.now_us + world.delay_us(), "worked", node.name, detail)
    if disk is not None and disk.syncs:
        _perform_syncs(world, node, disk)
    if effects.observations:
        seen, effects.observations = effects.observations, []
        if world.past is not None:
            world.past.observed(world.events, node.name, seen)
        else:
            for one in seen:
                world.observations.append((world.now_us, world.events, node.name, *one))
    if effects.results:
        results, effects.results = effects.results, []
        for call, result in results:
            if node.actor is not None:  # it may take itself out of the world
                node.actor.on_result(world, node, call, result)
        if effects.any():  # it called again
            world.acted.append(node)
    if node.machine is not machine:
        return
    deadline_ms, waiting = machine.next_deadline_ms, node.deadlines_ms
    if deadline_ms is not None and (not waiting or deadline_ms < waiting[-1]):
        waiting.append(deadline_ms)
        at_us = node.clock.world_us(deadline_ms)
        if at_us < world.now_us:
            at_us = world.now_us
        world.push(at_us, "deadline", node.name, (node.incarnation, deadline_ms))


def _perform_connections(world: World, effects: Effects, name: str) -> None:
    if effects.connect:
        peers, effects.connect = effects.connect, []
        for peer in peers:
            network.connect(world, name, peer)
    if effects.touched:
        touched, effects.touched = effects.touched, []
        for connection in touched:
            network.flush(world, connection.id)
    if effects.resume:
        resumed, effects.resume = effects.resume, []
        for connection in resumed:
            world.push(world.now_us, "resume", connection.id)
    if effects.close:
        closing, effects.close = effects.close, []
        for connection in closing:
            network.close(world, connection.id)
    if effects.abort:
        aborted, effects.abort = effects.abort, []
        for connection in aborted:
            network.break_off(world, connection.id)


def _perform_syncs(world: World, node: Node, disk: SimulatedDisk) -> None:
    syncs, disk.syncs = disk.syncs, []
    low, high = world.sync_range_us
    for token, covered in syncs:
        at_us = world.now_us + world.chance.randint(low, high) + world.slower_us.get(node.name, 0)
        kind = "sync failed" if disk.spoiled else "synced"
        disk.spoiled = False
        world.push(at_us, kind, node.name, (node.incarnation, token, covered))


# ---- what happens to machines ----


def _deadline(world: World, name: str, detail: tuple[int, int]) -> None:
    node = world.nodes[name]
    assert node.machine is not None, "else it was no event (_is_early)"
    node.deadlines_ms.remove(detail[1])
    node.machine.on_deadline(node.clock.now_ms())
    world.acted.append(node)


def _synced(world: World, name: str, detail: tuple[int, int, Covered]) -> None:
    incarnation, token, covered = detail
    node = world.nodes[name]
    if incarnation == node.incarnation and node.machine is not None and node.disk is not None:
        node.disk.finish_sync(covered)
        node.machine.on_synced(token, node.clock.now_ms())
        world.acted.append(node)


def _sync_failed(world: World, name: str, detail: tuple[int, int, Covered]) -> None:
    incarnation, token, _ = detail
    node = world.nodes[name]
    if incarnation == node.incarnation and node.machine is not None:
        world.observe(name, "sync failed")
        node.machine.on_sync_failed(token, "the simulated disk failed to sync", node.clock.now_ms())
        world.acted.append(node)
        # What a failed sync covered is gone, whatever a later one says; whoever looks after the node replaces the disk.
        world.push(world.now_us + 50 * world.delay_us(), "crash", name)


def _worked(world: World, name: str, detail: tuple[int, int, Any]) -> None:
    incarnation, token, result = detail
    node = world.nodes[name]
    if incarnation == node.incarnation and node.machine is not None:
        node.machine.on_work_done(token, result, node.clock.now_ms())
        world.acted.append(node)


def _begin(world: World, name: str, _: None) -> None:
    node = world.nodes[name]
    if node.actor is None or node.machine is None:
        return  # it was taken out of the world meanwhile
    node.machine.on_wall_clock(node.clock.wall_offset_ms, node.clock.now_ms())
    node.actor.on_start(world, node)
    world.acted.append(node)


def _wake(world: World, name: str, detail: Any) -> None:
    node = world.nodes[name]
    if node.actor is not None and node.machine is not None:
        node.actor.on_wake(world, node, detail)
        world.acted.append(node)


HANDLERS: dict[str, Callable[[World, Any, Any], None]] = {
    "open": network.on_open,
    "opened": network.on_opened,
    "bytes": network.on_bytes,
    "resume": network.on_resume,
    "closed": network.on_closed,
    "refused": network.on_refused,
    "deadline": _deadline,
    "synced": _synced,
    "sync failed": _sync_failed,
    "worked": _worked,
    "begin": _begin,
    "wake": _wake,
    "act": _wake,
    "close": _wake,
    "start": cluster.start,
    "stop": cluster.stop,
    "kill": cluster.kill,
    "crash": cluster.crash,
    "client crash": cluster.crash_client,
    "revive": cluster.revive_client,
    "task": cluster.task,
    "power": faults.arm_power_loss,
    "space": faults.set_space,
    "spoil sync": faults.spoil_sync,
    "leap": faults.leap,
    "slow": faults.slow_disk,
    "freeze": faults.freeze,
    "thaw": faults.thaw,
    "cut": faults.cut,
    "sever": faults.sever,
    "mend": faults.mend,
}
