"""Producing: records become batches, batches become requests, answers become results per record.

With idempotence the broker gives a producer id, and each batch of a partition carries the
next sequence, so that a batch sent twice is written once (KIP-98). When the order of
sequences is broken for good, everything in flight is awaited and a new id begins; batches
that may be written already are then failed as such, never written twice.

Invariants:
- Every record gets one result, at the latest when delivery_timeout_ms is over.
- `maybe_written` is False only if the record is certainly not in the log.
- Nothing is sent while a new producer id is wanted.
- A queue with a batch that is not on its way is in `unsent`: an event does not go through all partitions.

Not here: calls (open_produces.py), the order within a partition (producer_queue.py), partitions
(producer_partitions.py), bytes of batches and requests (produce_messages.py), transactions.
"""

from dataclasses import dataclass, field

from engine.client import produce_messages
from engine.client.calls import Place, Produce, Produced, SentAs
from engine.client.cluster import Cluster
from engine.client.cluster_metadata import error_code
from engine.client.config import ProducerConfig
from engine.client.errors import RETRIABLE, AuthenticationFailed, ClientError, NotProduced, Refused, Unsupported
from engine.client.open_produces import OpenProduces, Outcome
from engine.client.producer_partitions import StickyPartitions, Unplaced, is_spread
from engine.client.producer_queue import Batch, Entry, PartitionQueue, batch_again, entry_bytes, unsendable
from engine.client.requests import ANY, NEVER, Request
from engine.core.effects import Effects
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse
from engine.wire.messages.produce import ProduceResponse
from engine.wire.primitives import Message

OWNER = "producer"
FATAL = (Unsupported, AuthenticationFailed)  # no second try helps
NO_PRODUCER_ID = -1
NEW_ID_CODES = (
    ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
    ErrorCode.UNKNOWN_PRODUCER_ID,
    ErrorCode.INVALID_PRODUCER_EPOCH,
    ErrorCode.PRODUCER_FENCED,
)
WRITTEN_CODES = (ErrorCode.NONE, ErrorCode.DUPLICATE_SEQUENCE_NUMBER)
MAYBE_WRITTEN_CODES = (ErrorCode.REQUEST_TIMED_OUT, ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND)


@dataclass(slots=True, eq=False)
class Producer:
    """What a client produces."""

    config: ProducerConfig
    cluster: Cluster
    effects: Effects
    open: OpenProduces = field(init=False)
    queues: dict[Place, PartitionQueue] = field(default_factory=dict)
    unsent: dict[Place, PartitionQueue] = field(default_factory=dict)  # those that may have something to send
    unplaced: dict[str, Unplaced] = field(default_factory=dict)
    sticky: StickyPartitions = field(init=False)
    buffered_bytes: int = 0
    last_order: int = 0
    producer_id: int = NO_PRODUCER_ID
    producer_epoch: int = -1
    asking_id: bool = False
    id_retry_ms: int = 0
    id_attempts: int = 0
    new_id_wanted: bool = False
    tried_at_ms: int = 0  # what was due then was sent, or waits for an answer

    def __post_init__(self) -> None:
        self.sticky = StickyPartitions(self.cluster.chance)
        self.open = OpenProduces(self.effects)

    def begin(self, number: int, call: Produce, now_ms: int, wall_ms: int) -> bool:
        """Take records to send; say whether there is nothing to do before a batch has lingered."""
        records = call.records
        sizes = list(map(entry_bytes, records))
        size = sum(sizes)
        if not records or self.buffered_bytes + size > self.config.buffer_bytes_max:
            full = NotProduced("too many records wait to be sent", maybe_written=False)
            self.effects.results.append((number, tuple(full for _ in records)))
            return False
        self.buffered_bytes += size
        self.open.begin(number, len(records))
        if call.again is not None:
            self._begin_again(number, call, call.again, now_ms, wall_ms)
            return False
        lingers = self.config.linger_ms > 0 and not self.open.flushes
        for index, record in enumerate(records):
            topic, timestamp_ms = record.topic, record.timestamp_ms
            entry = Entry(number, index, record, wall_ms if timestamp_ms is None else timestamp_ms, sizes[index])
            count = self.cluster.metadata.partition_count(topic)
            if count is not None and topic not in self.unplaced:
                lingers = self._place(entry, count, now_ms) and lingers
            else:
                self.unplaced.setdefault(topic, Unplaced([], now_ms)).entries.append(entry)
                lingers = False
        return lingers

    def _begin_again(self, number: int, call: Produce, again: SentAs, now_ms: int, wall_ms: int) -> None:
        """Queue a batch that another client may have got written, as the brokers know it."""
        assert self.config.idempotent, "only an idempotent producer sends a batch again"
        self.last_order += 1
        batch = batch_again(number, call.records, again, self.last_order, now_ms, wall_ms)
        self.cluster.interest[batch.topic] = None
        self._queue_of(batch).ready.append(batch)

    def cancel(self, number: int) -> bool:
        """Forget a call; its records are sent all the same."""
        return self.open.cancel(number)

    def give_up(self, reason: str) -> None:
        """Fail all that has no result: nothing more is sent."""
        for request in self.cluster.open.values():
            if request.owner == OWNER and request.part is not None:
                for batch in request.part:
                    batch.maybe_written |= request.sent
        for topic in list(self.unplaced):
            for entry in self.unplaced.pop(topic).entries:
                self._outcome(entry, NotProduced(reason, False))
        for queue in self.queues.values():
            queue.close_open()
            for batch in [*queue.in_flight, *queue.ready]:
                self._fail(batch, reason, None)
        self.queues.clear()
        self.unsent.clear()

    def _queue_of(self, batch: Batch) -> PartitionQueue:
        """Where a batch is queued (again)."""
        place = (batch.topic, batch.partition)
        queue = self.unsent[place] = self.queues.setdefault(place, PartitionQueue())
        return queue

    def _place(self, entry: Entry, count: int, now_ms: int) -> bool:  # whether its batch waits for more
        record, config = entry.record, self.config
        partition = self.sticky.partition(config, record, count)
        error = unsendable(entry, partition, count)
        if error is not None:
            self._outcome(entry, error)
            return False
        place = topic, partition = record.topic, partition
        self.cluster.interest[topic] = None
        queue = self.queues.get(place)
        if queue is None:
            queue = self.queues[place] = PartitionQueue()
        batch = queue.open
        if batch is not None and batch.size + entry.size > config.batch_bytes:
            queue.close_open()
            batch = None
            self.sticky.batch_full(topic, partition, count)
            if is_spread(config, record):  # where the next batch of records without a key goes
                self._place(entry, count, now_ms)
                return False
        if batch is None:
            self.last_order += 1
            batch = queue.open = Batch(topic, partition, self.last_order, now_ms)
            self.unsent[place] = queue
        batch.entries.append(entry)
        batch.size += entry.size
        if batch.size < config.batch_bytes:
            return True
        queue.close_open()
        self.sticky.batch_full(topic, partition, count)
        return False

    # ---- time
    def next_deadline_ms(self) -> int:
        """When a batch is due or too late."""
        next_ms = self.id_retry_ms or NEVER
        delivery_ms, linger_ms = self.config.delivery_timeout_ms, self.config.linger_ms
        if self.unplaced:
            next_ms = min(next_ms, delivery_ms + min(one.since_ms for one in self.unplaced.values()))
        for queue in self.unsent.values():
            if queue.open is not None and queue.open.created_ms + linger_ms < next_ms:
                next_ms = queue.open.created_ms + linger_ms
            if queue.ready:
                first = queue.ready[0]
                next_ms = min(next_ms, first.created_ms + delivery_ms)
                if first.retry_at_ms > self.tried_at_ms:
                    next_ms = min(next_ms, first.retry_at_ms)
        return next_ms

    def on_deadline(self, now_ms: int) -> None:
        """Fail what is too late."""
        oldest_ms = now_ms - self.config.delivery_timeout_ms
        if self.unplaced:
            for topic in [name for name, one in self.unplaced.items() if one.since_ms <= oldest_ms]:
                self._fail_topic(topic, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, "its partitions are not known in time")
        for queue in self.unsent.values():
            while queue.ready and queue.ready[0].created_ms <= oldest_ms:
                late = queue.ready.popleft()
                self._fail(late, f"not acknowledged in time: {late.last_reason or 'it could not be sent'}", None)
        if self.id_retry_ms and now_ms >= self.id_retry_ms:
            self.id_retry_ms = 0

    # ---- sending
    def send_what_is_due(self, now_ms: int) -> None:
        """Place what waited for metadata, then send each leader what is ready for it."""
        self.tried_at_ms = now_ms
        if self.unplaced:
            for topic in list(self.unplaced):
                self._place_waiting(topic, now_ms)
        ready = False
        for queue in self.unsent.values():
            batch = queue.open
            if batch is not None and (self.open.flushes or now_ms >= batch.created_ms + self.config.linger_ms):
                queue.close_open()
                count = self.cluster.metadata.partition_count(batch.topic)
                self.sticky.batch_full(batch.topic, batch.partition, count or 1)
            ready = ready or bool(queue.ready)
        if not ready and not self.new_id_wanted:
            return
        if self.config.idempotent and not self._has_id(now_ms):
            return
        while self._send_round(now_ms):
            pass
        self.unsent = {place: queue for place, queue in self.unsent.items() if queue.open is not None or queue.ready}

    def _place_waiting(self, topic: str, now_ms: int) -> None:
        waiting = self.unplaced[topic]
        metadata = self.cluster.metadata
        count = metadata.partition_count(topic)
        if count is not None:
            del self.unplaced[topic]
            for entry in waiting.entries:
                self._place(entry, count, waiting.since_ms)
            return
        code = metadata.errors.get(topic)
        if code is not None and code not in RETRIABLE:
            self._fail_topic(topic, code, "the cluster refuses the topic")
        elif waiting.seen_version != metadata.version:
            delay_ms = self.cluster.backoff_ms(waiting.attempts - 1) if waiting.attempts else 0
            waiting.seen_version = metadata.version
            waiting.attempts += 1
            self.cluster.interest[topic] = None
            self.cluster.want_metadata(topic, now_ms + delay_ms)

    def _send_round(self, now_ms: int) -> bool:
        """Send at most one batch of each partition; say whether there may be more."""
        groups: dict[int, list[Batch]] = {}
        more = False
        in_flight_max = self.config.in_flight_max if self.config.idempotent else 1
        for place, queue in self.unsent.items():
            if not queue.ready:
                continue
            leader = self.cluster.metadata.leader(place[0], place[1])
            if leader is None:
                if queue.ready[0].retry_at_ms <= now_ms:
                    queue.ready[0].retry_at_ms = now_ms + self.cluster.backoff_ms(1)
                    self.cluster.want_metadata(place[0], now_ms)
                continue
            batch = queue.take_ready(in_flight_max, now_ms)
            if batch is not None:
                groups.setdefault(leader.node_id, []).append(batch)
                more = more or bool(queue.ready)
        for node_id, batches in groups.items():
            self._send_to(node_id, batches, now_ms)
        return more

    def _send_to(self, node_id: int, batches: list[Batch], now_ms: int) -> None:
        group: list[Batch] = []
        size = 0
        for batch in batches:
            if not batch.data:
                if self.config.idempotent and batch.sent_as is None:
                    batch.sent_as = SentAs(self.producer_id, self.producer_epoch, batch.base_sequence)
                batch.data = produce_messages.batch_bytes(batch, self.config.compression)
            if group and size + len(batch.data) > self.config.request_bytes_max:
                self._send_request(node_id, group, now_ms)
                group, size = [], 0
            group.append(batch)
            size += len(batch.data)
        self._send_request(node_id, group, now_ms)

    def _send_request(self, node_id: int, batches: list[Batch], now_ms: int) -> None:
        timeout_ms = self.cluster.config.request_timeout_ms
        message, version_max = produce_messages.encode(batches, self.config.acks, timeout_ms, self.cluster.metadata)
        request = Request(message, ("node", node_id), now_ms + timeout_ms, OWNER, 0, batches)
        request.once, request.version_max = True, version_max
        request.answered = self.config.acks != 0
        self.cluster.send(request, now_ms)

    # ---- the producer id
    def _has_id(self, now_ms: int) -> bool:
        if self.new_id_wanted and not any(queue.in_flight for queue in self.queues.values()):
            self.new_id_wanted = False
            self.producer_id = NO_PRODUCER_ID
            for queue in self.queues.values():
                for batch in queue.forget_sequences():
                    self._fail(batch, f"it may be written: {batch.last_reason}", None)
        if self.new_id_wanted:
            return False
        if self.producer_id != NO_PRODUCER_ID:
            return True
        busy = any(queue.ready for queue in self.unsent.values())
        if busy and not self.asking_id and now_ms >= self.id_retry_ms:
            self.asking_id = True
            # Java's clients give this timeout too when there is no transaction.
            message = InitProducerIdRequest(None, 0x7FFFFFFF, NO_PRODUCER_ID, -1)
            deadline_ms = now_ms + self.cluster.config.request_timeout_ms
            self.cluster.send(Request(message, ANY, deadline_ms, OWNER, patient=True), now_ms)
        return False

    def _take_id(self, answer: Message | ClientError | None, now_ms: int) -> None:
        self.asking_id = False
        error: ClientError | None = answer if isinstance(answer, ClientError) else None
        if isinstance(answer, InitProducerIdResponse):
            code = error_code(answer.error_code)
            if code == ErrorCode.NONE:
                self.producer_id, self.producer_epoch = answer.producer_id, answer.producer_epoch
                self.id_attempts = self.id_retry_ms = 0
                return
            error = Refused(code, "a producer id")
        if isinstance(error, FATAL) or (isinstance(error, Refused) and error.code not in RETRIABLE):
            for queue in self.queues.values():
                while queue.ready:
                    self._fail(queue.ready.popleft(), str(error), None)
        self.id_retry_ms = now_ms + self.cluster.backoff_ms(self.id_attempts)
        self.id_attempts += 1

    # ---- answers
    def on_ended(self, request: Request, answer: Message | ClientError | None, now_ms: int) -> None:
        """Take what came of a request."""
        if request.part is None:
            self._take_id(answer, now_ms)
            return
        batches: list[Batch] = request.part
        if answer is None:
            for batch in batches:
                self._succeed(batch, -1, -1)
        elif isinstance(answer, ProduceResponse):
            for batch, result in produce_messages.decode(answer, batches, self.cluster.metadata):
                self._take_result(batch, result, now_ms)
        else:
            assert isinstance(answer, ClientError), "an answer to what was asked"
            for batch in batches:
                batch.maybe_written |= request.sent
                if isinstance(answer, FATAL):
                    self._fail_in_flight(batch, str(answer), None)
                else:
                    self._retry(batch, str(answer), now_ms)
        if not self.config.idempotent:  # else sequences of a partition go on where they were
            for place in [place for place, queue in self.queues.items() if queue.is_empty()]:
                del self.queues[place]

    def _take_result(self, batch: Batch, result: produce_messages.Result, now_ms: int) -> None:
        code, _, base_offset, append_time_ms = result
        if code in WRITTEN_CODES:
            self._succeed(batch, base_offset, append_time_ms)
        elif code == ErrorCode.MESSAGE_TOO_LARGE and len(batch.entries) > 1 and not batch.maybe_written:
            self._queue_of(batch).split(batch)
        elif self.config.idempotent and code in NEW_ID_CODES:
            self._sequence_refused(batch, result, now_ms)
        elif code in RETRIABLE:
            batch.maybe_written |= code in MAYBE_WRITTEN_CODES
            self._retry(batch, f"{code.name}: {result.message or 'refused for now'}", now_ms)
        else:
            self._fail_in_flight(batch, f"{code.name}: {result.message or 'the broker refuses it'}", code)

    def _sequence_refused(self, batch: Batch, result: produce_messages.Result, now_ms: int) -> None:
        queue = self.queues[batch.topic, batch.partition]
        behind_another = result.code == ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER and not queue.is_oldest(batch)
        if not behind_another:
            self.new_id_wanted = True
        self._retry(batch, f"{result.code.name}: {result.message or 'the sequence is refused'}", now_ms)

    def _retry(self, batch: Batch, reason: str, now_ms: int) -> None:
        batch.attempts += 1
        batch.last_reason = reason
        batch.retry_at_ms = now_ms + self.cluster.backoff_ms(batch.attempts - 1)
        self._queue_of(batch).put_back(batch)
        self.cluster.want_metadata(batch.topic, now_ms)

    def _succeed(self, batch: Batch, base_offset: int, append_time_ms: int) -> None:
        self.queues[batch.topic, batch.partition].in_flight.remove(batch)
        for index, entry in enumerate(batch.entries):
            offset = base_offset + index if base_offset >= 0 else -1
            timestamp_ms = append_time_ms if append_time_ms >= 0 else entry.timestamp_ms
            self._outcome(entry, Produced(batch.topic, batch.partition, offset, timestamp_ms))

    def _fail_in_flight(self, batch: Batch, reason: str, code: ErrorCode | None) -> None:
        self.queues[batch.topic, batch.partition].in_flight.remove(batch)
        self._fail(batch, reason, code)

    def _fail(self, batch: Batch, reason: str, code: ErrorCode | None) -> None:
        if batch.base_sequence >= 0 and self.config.idempotent:
            self.new_id_wanted = True  # its sequences are missing now, or are not: nobody knows
        error = NotProduced(reason, batch.maybe_written, code, batch.sent_as if batch.maybe_written else None)
        for entry in batch.entries:
            self._outcome(entry, error)

    def _fail_topic(self, topic: str, code: ErrorCode, reason: str) -> None:
        self.cluster.interest.pop(topic, None)
        for entry in self.unplaced.pop(topic).entries:
            self._outcome(entry, NotProduced(f"{code.name}: topic {topic}: {reason}", False, code))

    def _outcome(self, entry: Entry, outcome: Outcome) -> None:
        self.buffered_bytes -= entry.size
        self.open.outcome(entry.call, entry.slot, outcome)
