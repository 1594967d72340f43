"""What the idempotent producers of one log wrote last, so that a retry is neither lost nor stored twice.

Of each producer id the last five batches are known. A batch that is one of them is a
duplicate: the answer is its old offset. A batch that follows the last one is next.
Anything else is out of order.

Invariants:
- The batches of one entry are of its current epoch, in sequence and in offset order.
- The state is a function of the log's batches: a snapshot and the batches after it
  give the same as all batches (but for ids that expired).

Not here: transactions' state (core/transactions), files (storage/producer_snapshots.py).
Spec: KIP-98, KIP-360; org.apache.kafka.storage.internals.log.ProducerAppendInfo.
"""

from collections import deque
from dataclasses import dataclass, field

from engine.core.records.batch import NO_SEQUENCE
from engine.wire.error_codes import ErrorCode, WireError

REMEMBERED_BATCHES = 5
SEQUENCE_MASK = 0x7FFFFFFF  # after 2^31-1 comes 0
NO_EPOCH = -1

# (first sequence, last sequence, first offset, last offset, timestamp)
RememberedBatch = tuple[int, int, int, int, int]


def _no_batches() -> "deque[RememberedBatch]":
    return deque(maxlen=REMEMBERED_BATCHES)


@dataclass(slots=True, eq=False)
class ProducerEntry:
    """One producer id: its epoch and its last batches, oldest first."""

    epoch: int
    batches: "deque[RememberedBatch]" = field(default_factory=_no_batches)
    last_timestamp: int = -1  # of its newest batch, for expiry
    coordinator_epoch: int = -1  # of the last transaction marker
    transaction_start: int = -1  # first offset of its open transaction; -1: none

    @property
    def last_sequence(self) -> int:
        """The sequence of its newest record, -1 when a marker or an expiry left none."""
        return self.batches[-1][1] if self.batches else NO_SEQUENCE

    @property
    def last_offset(self) -> int:
        """The offset of its newest record, -1 if none is known."""
        return self.batches[-1][3] if self.batches else -1


@dataclass(slots=True, eq=False)
class ProducerState:
    """All producer ids of one log."""

    entries: dict[int, ProducerEntry] = field(default_factory=dict)

    def check(self, producer_id: int, epoch: int, first_sequence: int, last_sequence: int) -> int | None:
        """Return the first offset of a batch that is there already, None for one that may be appended."""
        entry = self.entries.get(producer_id)
        if entry is None:
            return None  # never seen, or expired, or deleted with its records: any sequence will do (KIP-360)
        if epoch == entry.epoch:
            batches = entry.batches
            if batches:
                expected = batches[-1][1] + 1 & SEQUENCE_MASK
                if first_sequence == expected:
                    return None
                for batch in batches:
                    if batch[0] == first_sequence and batch[1] == last_sequence:
                        return batch[2]
            elif first_sequence == 0:
                return None
            raise WireError(
                ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
                f"Out of order sequence number for producer {producer_id}: {first_sequence} (incoming seq. number), "
                f"{entry.last_sequence} (current end sequence number)",
            )
        if epoch < entry.epoch:
            raise WireError(
                ErrorCode.INVALID_PRODUCER_EPOCH,
                f"Epoch of producer {producer_id} is {epoch}, which is smaller than the last seen epoch {entry.epoch}",
            )
        if first_sequence != 0 and entry.epoch != NO_EPOCH:
            raise WireError(
                ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
                f"Invalid sequence number for new epoch of producer {producer_id}: {epoch} (request epoch), "
                f"{first_sequence} (seq. number), {entry.epoch} (current producer epoch)",
            )
        return None

    def remember(self, producer_id: int, epoch: int, batch: RememberedBatch) -> None:
        """Note a batch that is in the log now."""
        entry = self.entries.get(producer_id)
        if entry is None:
            entry = self.entries[producer_id] = ProducerEntry(epoch)
        elif entry.epoch != epoch:
            entry.epoch = epoch
            entry.batches.clear()
        assert not entry.batches or entry.batches[-1][3] < batch[2], "batches are remembered in offset order"
        entry.batches.append(batch)
        entry.last_timestamp = batch[4]

    def expire(self, wall_ms: int, expiration_ms: int) -> int:
        """Forget producers that wrote nothing for so long and have no transaction open; return how many."""
        old = [
            producer_id
            for producer_id, entry in self.entries.items()
            if entry.transaction_start < 0 and wall_ms - entry.last_timestamp >= expiration_ms
        ]
        for producer_id in old:
            del self.entries[producer_id]
        return len(old)
