"""Which batch holds an offset, or a timestamp: a sparse table, kept in memory, written in Kafka's format.

An entry says "the batch that holds this offset begins at this position". The first
batch of a segment needs none: a search that finds nothing begins at position 0.

Invariants:
- `offsets` and `positions` are of equal length and strictly increasing.
- `last_offsets` (what Kafka writes: the batch's last offset) is as long as they are
  while the segment is appended to; a table read back from a file has only those.
- `timestamps` and `timestamp_offsets` strictly increase: (t, o) says that nothing
  up to offset o is later than t.
- Offsets are relative to the segment's base offset, which keeps them in 32 bits.

Not here: files (storage/indexes.py).
Spec: org.apache.kafka.storage.internals.log.OffsetIndex and TimeIndex.
"""

from array import array
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field


def _ints() -> "array[int]":
    return array("i")


def _longs() -> "array[int]":
    return array("q")


@dataclass(slots=True, eq=False)
class SparseIndex:
    """The offset index and the time index of one segment."""

    offsets: "array[int]" = field(default_factory=_ints)
    positions: "array[int]" = field(default_factory=_ints)
    last_offsets: "array[int]" = field(default_factory=_ints)
    timestamps: "array[int]" = field(default_factory=_longs)
    timestamp_offsets: "array[int]" = field(default_factory=_ints)

    def add(self, *, offset: int, last_offset: int, position: int) -> None:
        """Note where a batch begins."""
        assert not self.positions or position > self.positions[-1], "a batch begins after the one before"
        self.offsets.append(offset)
        self.positions.append(position)
        self.last_offsets.append(last_offset)

    def add_timestamp(self, timestamp: int, offset: int) -> None:
        """Note the latest timestamp so far, if it is later than the last one noted."""
        if timestamp >= 0 and (not self.timestamps or timestamp > self.timestamps[-1]):
            if self.timestamp_offsets and offset <= self.timestamp_offsets[-1]:
                return
            self.timestamps.append(timestamp)
            self.timestamp_offsets.append(offset)

    def position_before(self, offset: int) -> tuple[int, bool]:
        """Return where to begin the search for the batch that holds `offset`, and whether that batch begins there."""
        slot = bisect_right(self.offsets, offset) - 1
        if slot < 0:
            return 0, offset == 0
        return self.positions[slot], self.offsets[slot] == offset

    def boundary_before(self, position: int) -> int:
        """Return the last known beginning of a batch at or before `position`."""
        slot = bisect_right(self.positions, position) - 1
        return self.positions[slot] if slot >= 0 else 0

    def offset_before_timestamp(self, timestamp: int) -> int:
        """Return a relative offset such that nothing before it has this timestamp or a later one."""
        slot = bisect_left(self.timestamps, timestamp) - 1
        return self.timestamp_offsets[slot] if slot >= 0 else 0

    def truncate(self, *, position: int, offset: int) -> None:
        """Forget the batches at or after `position`, and timestamps of relative offsets at or after `offset`."""
        keep = bisect_left(self.positions, position)
        for column in (self.offsets, self.positions, self.last_offsets):
            del column[keep:]
        keep = bisect_left(self.timestamp_offsets, offset)
        del self.timestamps[keep:]
        del self.timestamp_offsets[keep:]
