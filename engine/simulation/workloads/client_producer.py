"""A producer that uses our own client (engine/client): batching, retries and idempotence are the client's.

Invariant: a record's value is `name:number:`, numbers in the order of the calls.
Not here: a producer that sends exactly what it is told (producer.py).
"""

from dataclasses import dataclass, field
from typing import Any, cast

from engine.client.calls import GetMetadata, Produce, Produced, ProducerRecord
from engine.client.client import Client
from engine.simulation.world import Node, World
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.metadata import MetadataResponse


@dataclass(slots=True, eq=False)
class ClientProducer:
    """Sends `records_left` records to one partition."""

    topic: str
    partition: int = 0
    records_left: int = 0
    call_records: int = 3
    calls_max: int = 3  # unanswered at a time
    pause_us: int = 2_000
    topic_id: bytes = bytes(16)
    record: int = 0
    last_call: int = 0
    calls: dict[int, tuple[int, int]] = field(default_factory=dict)  # first record and count
    done: bool = False

    def on_start(self, world: World, node: Node) -> None:
        """Look for the topic."""
        self._call(node, GetMetadata((self.topic,)))

    def on_result(self, world: World, node: Node, call: int, result: object) -> None:
        """Note what became of a call."""
        if call in self.calls:
            first, _ = self.calls.pop(call)
            self._note(world, node, first, result)
        elif isinstance(result, MetadataResponse) and result.topics[0].error_code == ErrorCode.NONE:
            self.topic_id = result.topics[0].topic_id
        world.push(world.now_us + self.pause_us, "wake", node.name)

    def on_wake(self, world: World, node: Node, detail: Any) -> None:
        """Send on."""
        if self.topic_id == bytes(16):
            self._call(node, GetMetadata((self.topic,)))
            return
        while self.records_left and len(self.calls) < self.calls_max:
            count = min(self.call_records, self.records_left)
            name = node.name.encode()
            values = [b"%s:%d:" % (name, self.record + number) for number in range(count)]
            records = tuple(ProducerRecord(self.topic, value, partition=self.partition) for value in values)
            self.calls[self.last_call + 1] = self.record, count
            self.record += count
            self.records_left -= count
            self._call(node, Produce(records))
        self.done = not self.records_left and not self.calls

    def _note(self, world: World, node: Node, first: int, result: object) -> None:
        for number, one in enumerate(cast("tuple[object, ...]", result)):
            if not isinstance(one, Produced):
                world.observe(node.name, "not produced", self.topic_id, first + number, str(one))
            elif one.offset < 0:
                world.observe(node.name, "acked as duplicate", self.topic_id, one.partition, first + number, 1)
            else:
                world.observe(
                    node.name, "acked", self.topic, self.topic_id, one.partition, one.offset, first + number, 1, -1
                )

    def _call(self, node: Node, call: GetMetadata | Produce) -> None:
        self.last_call += 1
        cast("Client", node.machine).on_call(self.last_call, call, node.clock.now_ms())
