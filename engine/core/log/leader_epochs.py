"""Which leader epoch began at which offset: how replicas find where their logs part.

Invariant: epochs and start offsets strictly increase from entry to entry (epochs do;
an epoch without records has the start offset of the next one and is dropped).
Not here: the file leader-epoch-checkpoint (storage/checkpoints.py).
Spec: KIP-101, KIP-279, KIP-320; org.apache.kafka.storage.internals.epoch.LeaderEpochFileCache.
"""

from bisect import bisect_right
from dataclasses import dataclass, field

NO_EPOCH = -1
NO_OFFSET = -1


@dataclass(slots=True, eq=False)
class LeaderEpochs:
    """The epochs of one log, oldest first."""

    entries: list[tuple[int, int]] = field(default_factory=list)  # (leader epoch, start offset)

    @property
    def latest(self) -> int:
        """The epoch of the newest record, -1 if none is known."""
        return self.entries[-1][0] if self.entries else NO_EPOCH

    def assign(self, epoch: int, start_offset: int) -> bool:
        """Note that `epoch` begins at `start_offset`; say whether that was news."""
        if epoch < 0 or (self.entries and epoch <= self.entries[-1][0]):
            return False
        while self.entries and self.entries[-1][1] >= start_offset:
            del self.entries[-1]
        self.entries.append((epoch, start_offset))
        return True

    def end_offset_for(self, epoch: int, log_end_offset: int) -> tuple[int, int]:
        """Return (the largest epoch <= `epoch` that has records, where it ends); (-1, -1) if nothing is known of it."""
        if not self.entries or epoch < 0:
            return NO_EPOCH, NO_OFFSET
        if epoch == self.latest:
            return epoch, log_end_offset
        slot = bisect_right(self.entries, epoch, key=lambda entry: entry[0])
        if slot == len(self.entries):
            return NO_EPOCH, NO_OFFSET  # an epoch we have not heard of
        if slot == 0:
            return epoch, self.entries[0][1]  # before all we have: it ends where our first begins
        return self.entries[slot - 1][0], self.entries[slot][1]

    def epoch_at(self, offset: int) -> int:
        """Return the epoch of the record at `offset`, -1 if unknown."""
        slot = bisect_right(self.entries, offset, key=lambda entry: entry[1])
        return self.entries[slot - 1][0] if slot else NO_EPOCH

    def truncate_from_start(self, start_offset: int) -> bool:
        """The log now begins at `start_offset`: forget what ended before it; say whether anything changed."""
        slot = bisect_right(self.entries, start_offset, key=lambda entry: entry[1]) - 1
        if slot < 0 or (slot == 0 and self.entries[0][1] == start_offset):
            return False
        self.entries[: slot + 1] = [(self.entries[slot][0], start_offset)]
        return True

    def truncate_from_end(self, end_offset: int) -> bool:
        """The log now ends at `end_offset`: forget epochs that begin there or later."""
        before = len(self.entries)
        while self.entries and self.entries[-1][1] >= end_offset:
            del self.entries[-1]
        return len(self.entries) != before
