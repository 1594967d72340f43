"""A consumer that uses our own client (engine/client): sessions, positions and resets are the client's.

Invariant: it reports every record it was given, with its offset.
Not here: a consumer that sends exactly what it is told (consumer.py).
"""

from dataclasses import dataclass, field
from typing import Any, cast

from engine.client.calls import Assign, Call, Fetched, GetMetadata, Poll
from engine.client.client import Client
from engine.simulation.batches import batches_of, values_of
from engine.simulation.world import Node, World
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.metadata import MetadataResponse

PAUSE_US = 30_000


@dataclass(slots=True, eq=False)
class ClientConsumer:
    """Reads every partition of one topic from its earliest record."""

    topic: str
    poll_ms: int = 300
    topic_id: bytes = bytes(16)
    offsets: dict[int, int] = field(default_factory=dict)  # after the last record it was given
    last_call: int = 0

    def on_start(self, world: World, node: Node) -> None:
        """Look for the topic."""
        self._call(node, GetMetadata((self.topic,)))

    def on_result(self, world: World, node: Node, call: int, result: object) -> None:
        """Report what was polled, and poll on."""
        if isinstance(result, MetadataResponse) and result.topics[0].error_code == ErrorCode.NONE:
            self.topic_id = result.topics[0].topic_id
            self.offsets = dict.fromkeys(range(len(result.topics[0].partitions)), 0)
            self._call(node, Assign(tuple((self.topic, partition, None) for partition in self.offsets)))
        elif self.topic_id == bytes(16):
            world.push(world.now_us + PAUSE_US, "wake", node.name)
        elif isinstance(result, tuple):
            failed = False
            for fetched in result:
                self._report(world, node, fetched)
                failed = failed or fetched.error is not None
            self._poll_on(world, node, failed)
        else:  # Assign gives None, and a poll that failed an error
            self._poll_on(world, node, result is not None)

    def on_wake(self, world: World, node: Node, detail: Any) -> None:
        """Look for the topic again, or poll again after an error."""
        self._call(node, GetMetadata((self.topic,)) if self.topic_id == bytes(16) else Poll(self.poll_ms))

    def _poll_on(self, world: World, node: Node, failed: bool) -> None:
        if failed:
            world.push(world.now_us + PAUSE_US, "wake", node.name)
        else:
            self._call(node, Poll(self.poll_ms))

    def _report(self, world: World, node: Node, fetched: Fetched) -> None:
        if fetched.error is not None:
            world.observe(node.name, "poll failed", fetched.partition, str(fetched.error))
            return
        self.offsets[fetched.partition] = fetched.next_offset
        delivered(world, node, self.topic_id, fetched)

    def _call(self, node: Node, call: Call) -> None:
        self.last_call += 1
        cast("Client", node.machine).on_call(self.last_call, call, node.clock.now_ms())


def delivered(world: World, node: Node, topic_id: bytes, fetched: Fetched) -> None:
    """Report the records that somebody was given."""
    first, values = -1, []
    for batch in batches_of(fetched.records, whole=False):
        skipped = max(0, fetched.position - batch.base_offset)
        if skipped < batch.records:
            first = first if first >= 0 else batch.base_offset + skipped
            values += values_of(batch)[skipped:]
    if first >= 0:
        world.observe(
            node.name, "delivered", fetched.topic, topic_id, fetched.partition, first, tuple(values),
            fetched.high_watermark,
        )  # fmt: skip
