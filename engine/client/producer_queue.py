"""Batches of one partition on their way: open, ready, in flight, in the order in which they were begun.

Invariants:
- `order` grows along in_flight, ready, open; a batch goes back to its place, never behind a younger one.
- Sequences are given when a batch is first sent, one after the other, and kept when it is sent again.
- A batch that is sent again waits until nothing else of its partition is in flight.

Not here: requests and answers (producer.py), bytes (records.py).
Spec: KIP-98 (sequences), KIP-480 (why batches are filled one partition at a time).
"""

from bisect import insort
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter

from engine.client.calls import ProducerRecord, SentAs
from engine.client.errors import NotProduced
from engine.wire.error_codes import ErrorCode

SEQUENCE_MASK = 0x7FFFFFFF
NO_SEQUENCE = -1
RECORD_OVERHEAD_BYTES = 24  # what a record needs besides key, value and headers, at most in usual batches


@dataclass(slots=True, eq=False)
class Entry:
    """A record in a batch, and whose it is; it never changes."""

    call: int
    slot: int  # among the call's records
    record: ProducerRecord
    timestamp_ms: int
    size: int  # entry_bytes of the record


@dataclass(slots=True, eq=False)
class Batch:
    """Records that travel together."""

    topic: str
    partition: int
    order: int
    created_ms: int
    entries: list[Entry] = field(default_factory=list)
    size: int = 0  # before compression, about
    base_sequence: int = NO_SEQUENCE
    data: bytes = b""  # encoded; empty while it must be encoded (again)
    attempts: int = 0
    retry_at_ms: int = 0
    maybe_written: bool = False  # it was sent once without an answer
    sent_as: SentAs | None = None  # by what the brokers know it, once it was encoded for an idempotent producer
    last_reason: str = ""


@dataclass(slots=True, eq=False)
class PartitionQueue:
    """What is to be sent to one partition."""

    open: Batch | None = None
    ready: deque[Batch] = field(default_factory=deque)
    in_flight: list[Batch] = field(default_factory=list)
    next_sequence: int = 0

    def close_open(self) -> None:
        """Fill the open batch no more."""
        if self.open is not None:
            self.ready.append(self.open)
            self.open = None

    def is_empty(self) -> bool:
        """Whether nothing waits and nothing is on its way."""
        return self.open is None and not self.ready and not self.in_flight

    def take_ready(self, in_flight_max: int, now_ms: int) -> Batch | None:
        """Return the next batch that may be sent now, in flight from here on."""
        if not self.ready or len(self.in_flight) >= in_flight_max:
            return None
        batch = self.ready[0]
        if now_ms < batch.retry_at_ms or (batch.attempts and self.in_flight):
            return None
        self.ready.popleft()
        self.in_flight.append(batch)
        if batch.base_sequence == NO_SEQUENCE:
            batch.base_sequence = self.next_sequence
            self.next_sequence = self.next_sequence + len(batch.entries) & SEQUENCE_MASK
        return batch

    def put_back(self, batch: Batch) -> None:
        """A batch in flight is to be sent again, in its place."""
        self.in_flight.remove(batch)
        waiting = list(self.ready)
        insort(waiting, batch, key=attrgetter("order"))
        self.ready = deque(waiting)

    def is_oldest(self, batch: Batch) -> bool:
        """Whether no older batch of the partition is unanswered."""
        return all(other.order >= batch.order for other in [*self.in_flight, *self.ready])

    def split(self, batch: Batch) -> None:
        """Put a batch that is too large back as two halves with the sequences it had."""
        self.in_flight.remove(batch)
        half = len(batch.entries) // 2
        # The first half keeps the place; younger batches are behind both.
        for entries, offset in ((batch.entries[half:], half), (batch.entries[:half], 0)):
            part = Batch(batch.topic, batch.partition, batch.order, batch.created_ms, entries)
            part.size = sum(entry.size for entry in entries)
            part.attempts = 1
            part.base_sequence = batch.base_sequence + offset & SEQUENCE_MASK
            self.ready.appendleft(part)

    def forget_sequences(self) -> list[Batch]:
        """Begin with sequence 0 under a new producer id; return the batches that must not be sent again.

        A batch that may be written already would be written twice: the broker knows it by the old id only.
        """
        assert not self.in_flight, "answers are awaited first"
        self.next_sequence = 0
        doubtful = [batch for batch in self.ready if batch.maybe_written]
        self.ready = deque(batch for batch in self.ready if not batch.maybe_written)
        for batch in self.ready:
            batch.base_sequence = NO_SEQUENCE
            batch.data = b""
            batch.sent_as = None
        return doubtful


def batch_again(
    number: int, records: Sequence[ProducerRecord], again: SentAs, order: int, now_ms: int, wall_ms: int
) -> Batch:
    """The batch that these records were, as the brokers know it: it may be written already."""
    topic, partition = records[0].topic, records[0].partition
    assert partition is not None, "a batch that is sent again has its partition"
    assert all((record.topic, record.partition) == (topic, partition) for record in records), "and only one"
    batch = Batch(topic, partition, order, now_ms, maybe_written=True, sent_as=again)
    batch.base_sequence = again.sequence
    for index, record in enumerate(records):
        timestamp_ms = record.timestamp_ms if record.timestamp_ms is not None else wall_ms
        entry = Entry(number, index, record, timestamp_ms, entry_bytes(record))
        batch.entries.append(entry)
        batch.size += entry.size
    return batch


def entry_bytes(record: ProducerRecord) -> int:
    """About how many bytes a record needs in a batch."""
    size = len(record.key or b"") + len(record.value or b"") + RECORD_OVERHEAD_BYTES
    for name, value in record.headers:
        size += len(name) + len(value or b"") + 4
    return size


def unsendable(entry: Entry, partition: int, count: int) -> NotProduced | None:
    """Why a record cannot be in any batch; None if it can. One that got into a batch would keep all others back."""
    record = entry.record
    if not 0 <= partition < count:
        words = f"topic {record.topic} has no partition {partition}"
        return NotProduced(words, False, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    if not -(1 << 63) <= entry.timestamp_ms < 1 << 63:
        return NotProduced(f"{entry.timestamp_ms} is no timestamp", False, ErrorCode.INVALID_TIMESTAMP)
    for name, _ in record.headers:
        try:
            name.encode()
        except UnicodeEncodeError:
            words = f"the header {ascii(name)[:100]} holds half of a character (a lone surrogate)"
            return NotProduced(words, False, ErrorCode.INVALID_RECORD)
    return None
