"""What workloads on a WireClient share: finding their topic, waking, giving up.

Invariants:
- An actor acts only while it is connected; what it wanted meanwhile it does on the
  next connection.
- A topic is known by its id once metadata named it.

Not here: what is produced, fetched, administered (one module each).
"""

from dataclasses import dataclass
from typing import Any

from engine.simulation.wire_client import CONNECTED, LOST, WireClient
from engine.simulation.world import Node, World
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.metadata import MetadataRequest, MetadataRequestTopic, MetadataResponse
from engine.wire.primitives import Message

METADATA_VERSION = 12
PAUSE_US = 20_000  # before something that failed is tried again


@dataclass(slots=True, eq=False)
class WireActor:
    """An actor with one connection and, mostly, one topic."""

    topic: str
    topic_id: bytes = bytes(16)  # once known
    partitions: int = 0  # of the topic, once known
    creates: bool = False  # its metadata requests create the topic
    connected: bool = False
    done: bool = False
    last_call: int = 0

    def on_start(self, world: World, node: Node) -> None:
        """The world begins: nothing to do before there is a connection."""

    def on_result(self, world: World, node: Node, call: int, result: object) -> None:
        """A connection came or went, or a reply arrived."""
        if isinstance(result, str):
            self.connected = result == CONNECTED
            if result == LOST:
                self.lost(world, node)
            elif self.topic_id == bytes(16):
                self.ask_metadata(node)
            else:
                self.begin(world, node)
        elif isinstance(result, MetadataResponse):
            self._learn(world, node, result)
        elif isinstance(result, Message):
            self.answered(world, node, call, result)

    def on_wake(self, world: World, node: Node, detail: Any) -> None:
        """Go on after a pause."""
        if not self.connected:
            return
        if self.topic_id == bytes(16):
            self.ask_metadata(node)
        else:
            self.go_on(world, node)

    # ---- what workloads fill in ----

    def begin(self, world: World, node: Node) -> None:
        """Connected, and the topic is known."""
        self.go_on(world, node)

    def lost(self, world: World, node: Node) -> None:
        """The connection is gone."""

    def go_on(self, world: World, node: Node) -> None:
        """Do what is to be done next."""

    def answered(self, world: World, node: Node, call: int, reply: Message) -> None:
        """A reply to one of its own requests."""

    # ---- what they use ----

    def send(self, node: Node, message: Message, version: int, answered: bool = True) -> int:
        """Send a request; return its call number."""
        assert isinstance(node.machine, WireClient), "it sits on a wire client"
        self.last_call += 1
        node.machine.send(self.last_call, message, version, answered)
        return self.last_call

    def pause(self, world: World, node: Node, for_us: int = PAUSE_US) -> None:
        """Wake later."""
        world.push(world.now_us + for_us, "wake", node.name)

    def ask_metadata(self, node: Node) -> None:
        """Find the topic."""
        topics = [MetadataRequestTopic(name=self.topic)]
        self.send(node, MetadataRequest(topics, self.creates), METADATA_VERSION)

    def forget_topic(self, world: World, node: Node) -> None:
        """The topic is not what it was: find it again after a pause."""
        self.topic_id, self.partitions = bytes(16), 0
        self.pause(world, node)

    def _learn(self, world: World, node: Node, reply: MetadataResponse) -> None:
        found = reply.topics[0]
        if found.error_code != ErrorCode.NONE:
            self.pause(world, node)
            return
        self.topic_id, self.partitions = found.topic_id, len(found.partitions)
        self.begin(world, node)
