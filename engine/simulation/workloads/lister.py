"""Who asks for offsets: earliest, latest, by time, of the newest record.

Invariant: it observes answers with the time they arrived, so that a checker can
compare them with the log.

Not here: what the answers must be (checkers/list_offsets.py).
Spec: KIP-79, KIP-734.
"""

from dataclasses import dataclass

from engine.simulation.workloads.wire_actor import WireActor
from engine.simulation.world import Node, World
from engine.wire.messages.list_offsets import (
    ListOffsetsPartition,
    ListOffsetsRequest,
    ListOffsetsResponse,
    ListOffsetsTopic,
)
from engine.wire.primitives import Message

LATEST, EARLIEST, MAX_TIMESTAMP = -1, -2, -3
MAX_TIMESTAMP_FROM = 7


@dataclass(slots=True, eq=False)
class Lister(WireActor):
    """Asks for one partition after another."""

    asks_left: int = 20
    version: int = 7
    pause_us: int = 20_000
    asked: int = 0
    wanted: tuple[int, int] = (0, 0)  # partition and timestamp asked for

    def lost(self, world: World, node: Node) -> None:
        """The answer will not come."""
        self.asked = 0

    def go_on(self, world: World, node: Node) -> None:
        """Ask."""
        if self.asked:
            return
        if not self.asks_left:
            self.done = True
            return
        self.asks_left -= 1
        partition = self.asks_left % max(1, self.partitions)
        kinds = [LATEST, EARLIEST, node.clock.wall_ms() - int(world.chance.random() * 400)]
        if self.version >= MAX_TIMESTAMP_FROM:
            kinds.append(MAX_TIMESTAMP)
        timestamp = kinds[self.asks_left // 3 % len(kinds)]
        self.wanted = partition, timestamp
        asked = ListOffsetsPartition(partition, timestamp=timestamp)
        self.asked = self.send(node, ListOffsetsRequest(-1, 0, [ListOffsetsTopic(self.topic, [asked])]), self.version)

    def answered(self, world: World, node: Node, call: int, reply: Message) -> None:
        """Observe the answer."""
        if isinstance(reply, ListOffsetsResponse) and call == self.asked:
            self.asked = 0
            answer = reply.topics[0].partitions[0]
            world.observe(
                node.name, "listed", self.topic, self.topic_id, *self.wanted, answer.error_code, answer.offset,
                answer.timestamp,
            )  # fmt: skip
            if answer.error_code:
                self.forget_topic(world, node)
            else:
                self.pause(world, node, self.pause_us)
