"""A producer, idempotent or plain, that knows what it was told about every record.

Each record's value is `name:number:padding`, so that it can be recognised wherever it
turns up. What it knows goes into observations: acked, sent, refused.

Invariants:
- Idempotent: a batch that is sent again has the sequence it had; batches are sent in
  the order of their sequences, at most five unanswered.
- After an error nothing new is sent before all that failed was sent again, in order.
- An idempotent producer sends one batch at a time until one is acknowledged: a broker
  takes any sequence from a producer it does not know (KIP-360), so if the first of
  several were refused the next would be stored, and the first could never be.

Not here: batching by time, partitioners (engine/client has those).
Spec: KIP-98, KIP-360.
"""

from collections import deque
from dataclasses import dataclass, field

from engine.simulation.batches import encode_batch
from engine.simulation.workloads.wire_actor import WireActor
from engine.simulation.world import Node, World
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.api_versions import ApiVersionsRequest
from engine.wire.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse
from engine.wire.messages.produce import PartitionProduceData, ProduceRequest, ProduceResponse, TopicProduceData
from engine.wire.primitives import Message

TOPIC_IDS_FROM = 13  # Produce names topics by id
RETRIABLE = (
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    ErrorCode.NOT_LEADER_OR_FOLLOWER,
    ErrorCode.REQUEST_TIMED_OUT,
    ErrorCode.KAFKA_STORAGE_ERROR,
    ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,  # after one before it failed
    ErrorCode.UNKNOWN_TOPIC_ID,
)


@dataclass(slots=True, eq=False)
class Sent:
    """A batch that was not acknowledged yet."""

    first: int  # number of its first record
    count: int
    batch: bytes
    failed: bool = False  # answered with an error: to be sent again


@dataclass(slots=True, eq=False)
class Producer(WireActor):
    """Sends `records_left` records to one partition."""

    partition: int = 0
    records_left: int = 0
    batch_records: int = 1
    pause_us: int = 1_000  # between an answer and the next batch
    in_flight_max: int = 5
    acks: int = -1
    idempotent: bool = True
    version: int = 9
    padding: int = 0
    producer_id: int = -1
    producer_epoch: int = -1
    record: int = 0  # the next to be sent for the first time
    unacked: deque[Sent] = field(default_factory=deque)
    resent: int = 0
    waiting: bool = False  # it wakes later
    asking: bool = False  # for a producer id
    known: bool = False  # to the broker: something was acknowledged

    def begin(self, world: World, node: Node) -> None:
        """Get a producer id once; send again what was never answered."""
        if self.idempotent and self.producer_id < 0:
            if not self.asking:
                self.asking = True
                self.send(node, InitProducerIdRequest(None, 60_000), 4)
            return
        for sent in self.unacked:
            sent.failed = False
            self._send_again(world, node, sent)
        self.go_on(world, node)

    def lost(self, world: World, node: Node) -> None:
        """What was asked is not answered any more; batches stay unacknowledged."""
        self.asking = False

    def answered(self, world: World, node: Node, call: int, reply: Message) -> None:
        """Note the producer id, or what became of a batch; versions are of no interest."""
        if isinstance(reply, InitProducerIdResponse):
            self.asking = False
            if reply.error_code != ErrorCode.NONE:
                self.pause(world, node)
                return
            self.producer_id, self.producer_epoch = reply.producer_id, reply.producer_epoch
            world.observe(node.name, "producer id", reply.producer_id, reply.producer_epoch)
            self.begin(world, node)
        elif isinstance(reply, ProduceResponse):
            self._note(world, node, reply)

    def go_on(self, world: World, node: Node) -> None:
        """Send what failed once nothing is on its way, else what is new."""
        self.waiting = False
        if self.idempotent and self.producer_id < 0:
            self.begin(world, node)
            return
        if any(sent.failed for sent in self.unacked):
            if all(sent.failed for sent in self.unacked):
                for sent in self.unacked:
                    sent.failed = False
                    self._send_again(world, node, sent)
            return
        in_flight_max = self.in_flight_max if self.known or not self.idempotent else 1
        while self.records_left and len(self.unacked) < in_flight_max:
            self._send_new(world, node)
            if self.record % 7 == 0:  # something that is answered at once must wait behind what is not
                self.send(node, ApiVersionsRequest(), 2)
        self.done = not self.records_left and not self.unacked

    def _send_new(self, world: World, node: Node) -> None:
        count = min(self.batch_records, self.records_left)
        name = node.name.encode()
        values = [b"%s:%d:%s" % (name, self.record + number, b"." * self.padding) for number in range(count)]
        sequence = self.record if self.idempotent else -1
        batch = encode_batch(values, self.producer_id, self.producer_epoch, sequence, node.clock.wall_ms())
        sent = Sent(self.record, count, batch)
        self.record += count
        self.records_left -= count
        if self.acks:
            self.unacked.append(sent)
        self._send(node, sent)

    def _send_again(self, world: World, node: Node, sent: Sent) -> None:
        self.resent += 1
        world.observe(node.name, "resent", self.partition, sent.first, sent.count)
        self._send(node, sent)

    def _send(self, node: Node, sent: Sent) -> None:
        data = TopicProduceData(
            self.topic, self.topic_id, [PartitionProduceData(self.partition, memoryview(sent.batch))]
        )
        if self.version < TOPIC_IDS_FROM:
            data.topic_id = bytes(16)
        self.send(node, ProduceRequest(None, self.acks, 30_000, [data]), self.version, answered=self.acks != 0)

    def _note(self, world: World, node: Node, reply: ProduceResponse) -> None:
        """Replies come in the order of the batches that are on their way."""
        answer = reply.responses[0].partition_responses[0]
        sent = next(one for one in self.unacked if not one.failed)
        code, again = answer.error_code, False
        if code == ErrorCode.NONE:
            self.known = True
            self.unacked.remove(sent)
            world.observe(
                node.name, "acked", self.topic, self.topic_id, self.partition, answer.base_offset, sent.first,
                sent.count, self.acks,
            )  # fmt: skip
        elif code == ErrorCode.DUPLICATE_SEQUENCE_NUMBER:  # older than the five the broker remembers
            self.unacked.remove(sent)
            world.observe(node.name, "acked as duplicate", self.topic_id, self.partition, sent.first, sent.count)
        elif code in RETRIABLE:
            sent.failed = again = True
            world.observe(node.name, "failed", self.topic_id, self.partition, code, sent.first, sent.count)
        else:
            self.unacked.remove(sent)
            world.observe(node.name, "refused", self.topic_id, self.partition, code, sent.first, sent.count)
        if again or self.pause_us:
            if not self.waiting:
                self.waiting = True
                self.pause(world, node, 20_000 if again else self.pause_us)
        else:
            self.go_on(world, node)
