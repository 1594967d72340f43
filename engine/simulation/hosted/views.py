"""A read-only view of one broker at one moment: a copy of it that answers reads and is thrown away.

Invariants:
- Nothing that is asked of a view reaches the world it was taken from.
- A view answers with the cluster id that it is given: a fork is another cluster to those outside.
- A view keeps no fetch session; who asks for one is answered in full each time.

Not here: which requests are reads (doors.py).
"""

from dataclasses import replace
from typing import Any, cast

from engine.broker.broker import Broker
from engine.core.connection.out_queue import Region
from engine.simulation import snapshots
from engine.simulation.disks import SimulatedDisk
from engine.simulation.hosted.doors import FETCH, Asked
from engine.simulation.hosted.shape import broker_of
from engine.simulation.world import World
from engine.wire import frames
from engine.wire.messages.fetch import FetchRequest

NO_SESSION = -1  # the epoch of a fetch without one


class HungUp(Exception):
    """The broker closes the connection, or is not there."""


class BrokerView:
    """One broker as it is now."""

    def __init__(self, world: World, name: str, cluster_id: str | None = None) -> None:
        """HungUp if the broker is down."""
        node = world.nodes[name]
        found = broker_of(node)
        if found is None:
            raise HungUp(f"{name} is down")
        self.events = world.events
        copied: Any = snapshots.restore(snapshots.snapshot((found, node.disk)))
        broker, disk = cast("tuple[Broker, SimulatedDisk]", copied)
        self.broker, self.disk = broker, disk
        broker.effects.observing = broker.effects.tracing = False
        broker.config = replace(broker.config, auto_create_topics_enable=False)
        if cluster_id is not None:
            broker.quorum.cluster_id = cluster_id
        self.now_ms = max(broker.now_ms, world.now_us // 1000)
        self.connections = 1 << 30  # numbers that the world does not use

    def answer(self, asked: Asked, *, at_once: bool) -> bytes | None:
        """The answer, or None if the broker would wait for more (and it need not come at once)."""
        frame = _without_session(asked, at_once) if asked.api_key == FETCH else asked.frame
        broker = self.broker
        self.connections += 1
        connection = broker.on_connected(self.connections, "outside", self.now_ms)
        buffer = bytearray(frame)
        with memoryview(buffer) as view:
            broker.on_bytes(connection, buffer, view, 0, len(buffer), self.now_ms)
        answer = b"".join(self._bytes_of(item) for item in connection.out.items)
        closes = connection in broker.effects.close or connection in broker.effects.abort
        broker.on_closed(connection, self.now_ms)
        broker.effects.touched.clear()
        broker.effects.close.clear()
        broker.effects.abort.clear()
        self.disk.syncs.clear()
        if closes:
            raise HungUp("the broker closes the connection")
        return answer or None

    def _bytes_of(self, item: bytes | Region) -> bytes:
        return self.disk.read(item.file, item.position, item.length) if isinstance(item, Region) else item


def _without_session(asked: Asked, at_once: bool) -> bytes:
    header, message = frames.decode_request(memoryview(asked.frame)[4:])
    assert isinstance(message, FetchRequest), "its key is Fetch's"
    message.session_id, message.session_epoch = 0, NO_SESSION
    if at_once:
        message.max_wait_ms = 0
    return frames.encode_request(message, asked.version, asked.correlation_id, header.client_id)
