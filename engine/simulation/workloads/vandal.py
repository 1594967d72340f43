"""Who sends what no client sends: junk, lies about lengths, unknown requests, half frames.

Its connection may be closed; nobody else may notice.

Invariant: what it sends is drawn from the world's chance.

Not here: the full table of malformed frames (tests/engine/compat).
"""

from dataclasses import dataclass
from struct import Struct
from typing import Any

from engine.simulation.wire_client import CONNECTED, WireClient
from engine.simulation.world import Node, World

FRAME_HEAD = Struct(">ihhih")  # size, key, version, correlation id, length of the client id


@dataclass(slots=True, eq=False)
class Vandal:
    """Sends bad bytes on one connection after another."""

    attacks_left: int = 10
    pause_us: int = 30_000
    connected: bool = False
    done: bool = False

    def on_start(self, world: World, node: Node) -> None:
        """The world begins."""

    def on_result(self, world: World, node: Node, call: int, result: object) -> None:
        """Attack when connected."""
        if isinstance(result, str):
            self.connected = result == CONNECTED
            if self.connected:
                world.push(world.now_us + self.pause_us, "wake", node.name)

    def on_wake(self, world: World, node: Node, detail: Any) -> None:
        """Send something bad; hang up after a while if nobody else does."""
        assert isinstance(node.machine, WireClient), "it sits on a wire client"
        if not self.connected:
            return
        if not self.attacks_left:
            self.done = True
            return
        self.attacks_left -= 1
        if self.attacks_left % 2:
            node.machine.disconnect()
            return
        kind, bad = _bad_bytes(world)
        world.observe(node.name, "attacked", kind, len(bad))
        node.machine.send_bytes(bad)
        world.push(world.now_us + self.pause_us, "wake", node.name)


def _bad_bytes(world: World) -> tuple[str, bytes]:
    chance = world.chance
    junk = chance.randbytes(chance.randint(1, 300))
    key, version = chance.choice((0, 1, 2, 3, 18, 19, 22, 44)), chance.randint(0, 13)
    kind = chance.choice(("junk", "negative size", "huge size", "unknown key", "half a frame", "broken body"))
    if kind == "junk":
        return kind, junk
    if kind == "negative size":
        return kind, FRAME_HEAD.pack(-chance.randint(1, 1 << 30), key, version, 1, -1)
    if kind == "huge size":
        return kind, FRAME_HEAD.pack((1 << 31) - 1, key, version, 1, -1) + junk
    if kind == "unknown key":
        return kind, FRAME_HEAD.pack(10 + len(junk), 9999, 0, 1, -1) + junk
    if kind == "half a frame":
        return kind, FRAME_HEAD.pack(10 + 2 * len(junk), key, version, 1, -1) + junk
    return kind, FRAME_HEAD.pack(10 + len(junk), key, version, 1, -1) + junk
