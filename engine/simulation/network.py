"""Links of the simulated world: two byte streams, delayed, cut anywhere, with a window.

The driver's half of a connection is an `End`: what arrived and was not consumed, and
how much is on its way. The machine's half is its `Connection`. The other end of
number n is n ^ 1; a connection's id is its end's number.

Invariants:
- In one direction pieces arrive in the order they were sent.
- At most WINDOW_BYTES are on their way, so slow readers fill the sender's out-queue.
- An end that is closed in order is heard of after what it sent; one that breaks off
  (crash, abort, a cut link) perhaps before.
- No view of `unread` outlives the event it was handed in with (resizing it would fail).

Not here: what a machine asks for (driver.py), which links are cut (faults.py).
"""

from heapq import heappush

from engine.core.connection.out_queue import OutQueue, Region
from engine.simulation.world import End, Node, World

WINDOW_BYTES = 64 << 10


def connect(world: World, name: str, peer: str) -> None:
    """A node asks for a connection; who listens at `peer` hears of it later."""
    listener = world.nodes.get(world.addresses.get(peer, ""))
    if listener is None or listener.machine is None or (name, listener.name) in world.severed:
        world.push(world.now_us + world.delay_us(), "refused", name, peer)
        return
    number = world.links * 2
    world.links += 1
    world.ends[number] = End(name, peer, asked=True)
    world.ends[number + 1] = End(listener.name, name, asked=False)
    world.push(world.now_us + world.delay_us(), "open", number + 1)


def on_open(world: World, number: int, _: None) -> None:
    """The connection reaches the listener."""
    if number in world.ends:
        _tell_connected(world, number)
        world.push(world.now_us + world.delay_us(), "opened", number ^ 1)


def on_opened(world: World, number: int, _: None) -> None:
    """Who asked for the connection hears that it is open."""
    if number in world.ends:
        _tell_connected(world, number)


def _tell_connected(world: World, number: int) -> None:
    end = world.ends[number]
    node = world.nodes[end.node]
    assert node.machine is not None, "a crash removes its ends"
    end.connection = node.machine.on_connected(number, end.peer, node.clock.now_ms())
    world.acted.append(node)
    hand_over(world, number)


def on_refused(world: World, name: str, peer: str) -> None:
    """Nobody listens there."""
    node = world.nodes[name]
    if node.machine is not None:
        node.machine.on_refused(peer, "connection refused", node.clock.now_ms())
        world.acted.append(node)


def flush(world: World, number: int) -> None:
    """Put as much of the out-queue on its way as the window allows."""
    end = world.ends.get(number)
    if end is None:
        return
    connection = end.connection
    assert connection is not None, "only what is connected sends"
    out = connection.out
    items = out.items
    if items and world.past is not None and end.in_flight + out.queued_bytes <= WINDOW_BYTES // 2:
        # A learner sees requests, not pieces: what is sent at once arrives at once. Tests want every piece.
        out.items, out.queued_bytes = [], 0
        first = items[0]
        whole = first if len(items) == 1 and type(first) is bytes else _joined(world.nodes[end.node], items)
        _transmit(world, end, number ^ 1, whole)
    elif items:
        for piece in _as_the_window_allows(world, end, out):
            _transmit(world, end, number ^ 1, piece)
    if not out.items:
        if end.closing:
            _finish(world, number)
        elif connection.paused:
            node = world.nodes[end.node]
            assert node.machine is not None, "only who is up sends"
            node.machine.on_drained(connection, node.clock.now_ms())
            world.acted.append(node)
            world.push(world.now_us, "resume", number)


def _as_the_window_allows(world: World, end: End, out: OutQueue) -> list[bytes]:
    """What may be on its way, taken out of the queue."""
    pieces: list[bytes] = []
    in_flight = end.in_flight
    while out.items and in_flight <= WINDOW_BYTES // 2:  # not for every byte that arrives (the silly window)
        pieces.append(_joined(world.nodes[end.node], [out.take(WINDOW_BYTES - in_flight)]))
        in_flight += len(pieces[-1])
    return [b"".join(pieces)] if len(pieces) > 1 and world.past is not None else pieces


def _joined(node: Node, items: list[bytes | Region]) -> bytes:
    pieces: list[bytes] = []
    for item in items:
        piece = item if type(item) is bytes else _read(node, item)  # type: ignore[arg-type]
        pieces.append(piece)
    return b"".join(pieces)


def _read(node: Node, region: Region) -> bytes:
    assert node.disk is not None, "regions are of a disk"
    piece = node.disk.read(region.file, region.position, region.length)
    assert len(piece) == region.length, "a queued region keeps its bytes"
    return piece


def _transmit(world: World, end: End, target: int, piece: bytes) -> None:
    # Each request and each answer passes here: what World does for others is done in place.
    end.in_flight += len(piece)
    chance = world.chance
    low, high = world.delay_range_us
    while piece:
        now, rest = piece, b""
        if len(piece) > 1 and chance.random() < world.cut_chance:
            cut = chance.randrange(1, len(piece))
            now, rest = piece[:cut], piece[cut:]
        at_us = world.now_us + low + int(chance.random() * (high - low))  # World.delay_us
        if at_us < end.last_us:
            at_us = end.last_us  # behind what was sent before
        end.last_us = at_us
        world.number += 1
        heappush(world.heap, (at_us, world.number, world.events, "bytes", target, now))  # World.push
        piece = rest


def on_bytes(world: World, number: int, piece: bytes) -> None:
    """A piece of a stream arrives."""
    ends = world.ends
    sender, end = ends.get(number ^ 1), ends.get(number)
    if sender is not None:
        sender.in_flight -= len(piece)
    if end is not None:
        end.unread += piece
        _hand_over(world, end)
    # Whoever sent it may have been waiting for the window, or be gone by what was just handed over.
    if sender is not None and sender.connection is not None and sender.connection.out.items and number ^ 1 in ends:
        flush(world, number ^ 1)


def on_resume(world: World, number: int, _: None) -> None:
    """A machine reads on."""
    if number in world.ends:
        hand_over(world, number)


def hand_over(world: World, number: int) -> None:
    """Give the machine what is unread."""
    _hand_over(world, world.ends[number])


def _hand_over(world: World, end: End) -> None:
    connection, unread = end.connection, end.unread
    size = len(unread)
    if connection is None or connection.paused or end.closing or size < connection.wanted_bytes:
        return
    node = world.nodes[end.node]
    assert node.machine is not None, "a crash removes its ends"
    view = memoryview(unread)
    try:  # `with` is dearer, and each piece of each stream passes here
        consumed = node.machine.on_bytes(connection, unread, view, 0, size, node.clock.now_ms())
    finally:
        view.release()
    if consumed == size:
        unread.clear()  # fails if the machine kept a view, and so does the other
    else:
        assert 0 <= consumed < size, "only what was handed in can be consumed"
        del unread[:consumed]
    world.acted.append(node)


def close(world: World, number: int) -> None:
    """The machine wants to close: after what is queued has left."""
    end = world.ends.get(number)
    if end is not None:
        end.closing = True
        flush(world, number)


def _finish(world: World, number: int) -> None:
    """All is sent: close this end; the other hears of it after the last byte."""
    end = world.ends.pop(number)
    _tell_closed(world, end)
    if number ^ 1 in world.ends:
        world.push(max(end.last_us, world.now_us + world.delay_us()), "closed", number ^ 1)


def break_off(world: World, number: int) -> None:
    """This end is gone at once; the other hears of it."""
    end = world.ends.pop(number, None)
    if end is None:
        return
    _tell_closed(world, end)
    if number ^ 1 in world.ends:
        world.push(world.now_us + world.delay_us(), "closed", number ^ 1)


def on_closed(world: World, number: int, _: None) -> None:
    """The other end is gone."""
    end = world.ends.pop(number, None)
    if end is not None:
        _tell_closed(world, end)


def _tell_closed(world: World, end: End) -> None:
    node = world.nodes[end.node]
    if node.machine is None:
        return
    world.acted.append(node)
    if end.connection is not None:
        node.machine.on_closed(end.connection, node.clock.now_ms())
    elif end.asked:  # and was not told yet that it is open
        node.machine.on_refused(end.peer, "the connection was closed before it was open", node.clock.now_ms())
