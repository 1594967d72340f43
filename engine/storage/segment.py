"""One segment of a log: its file, how long it is, and what is known of its batches.

A closed segment that nobody read yet has no index in memory (`index` is None): it is
loaded from its files when first needed, so that thousands of partitions open at once.

Invariants:
- `size` is where the next batch begins; the file is exactly that long.
- Only the last segment of a log is appended to.
- Every offset in it fits in 32 bits relative to `base_offset`.
- `ends` remembers places between two batches; a search may begin there.

Not here: reading its index files back (indexes.py), scanning it (recovery.py).
"""

from dataclasses import dataclass, field

from engine.core.log.config import LONG_MAX, LogConfig
from engine.core.log.rolling import AT_ONCE, index_is_full, roll_deadline
from engine.core.log.sparse_index import SparseIndex

LOG_SUFFIX = ".log"
INDEX_SUFFIX = ".index"
TIME_INDEX_SUFFIX = ".timeindex"
SNAPSHOT_SUFFIX = ".snapshot"
TRANSACTION_INDEX_SUFFIX = ".txnindex"
DELETED_SUFFIX = ".deleted"
SEGMENT_SUFFIXES = (LOG_SUFFIX, INDEX_SUFFIX, TIME_INDEX_SUFFIX, TRANSACTION_INDEX_SUFFIX, SNAPSHOT_SUFFIX)
NO_TIMESTAMP = -1
REMEMBERED_ENDS = 64


def segment_name(base_offset: int, suffix: str) -> str:
    """Return the file's name as Kafka writes it: twenty digits."""
    return f"{base_offset:020d}{suffix}"


@dataclass(slots=True, eq=False)
class Segment:
    """One `.log` file."""

    base_offset: int
    file: int  # the Disk's number
    size: int = 0
    index: SparseIndex | None = field(default_factory=SparseIndex)
    index_due: int = 0  # a batch that begins after this position gets an index entry
    max_timestamp: int = NO_TIMESTAMP
    max_timestamp_offset: int = -1  # last offset of the batch that has it
    created_ms: int = 0  # wall time when it was begun; counts when its records tell no time
    roll_after_timestamp: int = LONG_MAX  # a batch with a later timestamp begins a new segment ...
    roll_after_wall_ms: int = LONG_MAX  # ... or one that comes later than this
    asked_size: int = 0  # how much of it the last sync that was asked for covers
    index_files: list[int] = field(default_factory=list)  # numbers of the index files written when it was closed
    ends: dict[int, int] = field(default_factory=dict)  # offset -> position, where regions that were sent ended

    def note_batch(
        self, base_offset: int, last_offset: int, length: int, max_timestamp: int, config: LogConfig
    ) -> None:
        """Count a batch that was written, or found, at the end. (Positional: this is the hot path.)"""
        position = self.size
        if position > self.index_due:
            self._add_index_entry(base_offset, last_offset, config)
        elif not position:
            self.note_age(max_timestamp, config)
        self.size = position + length
        if max_timestamp > self.max_timestamp:
            self.max_timestamp = max_timestamp
            self.max_timestamp_offset = last_offset

    def note_age(self, first_timestamp: int, config: LogConfig) -> None:
        """Note the time of its first batch: the segment is as old as that."""
        self.roll_after_timestamp, self.roll_after_wall_ms = roll_deadline(first_timestamp, self.created_ms, config)

    def _add_index_entry(self, base_offset: int, last_offset: int, config: LogConfig) -> None:
        index = self.index
        assert index is not None, "the segment appended to has its index"
        index.add(offset=base_offset - self.base_offset, last_offset=last_offset - self.base_offset, position=self.size)
        self.add_time_entry()
        self.index_due = self.size + config.index_interval_bytes
        if index_is_full(len(index.offsets), len(index.timestamps), config):
            self.roll_after_timestamp = AT_ONCE

    def add_time_entry(self) -> None:
        """Note the latest timestamp so far."""
        assert self.index is not None
        self.index.add_timestamp(self.max_timestamp, self.max_timestamp_offset - self.base_offset)

    def remember_end(self, offset: int, position: int) -> None:
        """Remember where a reader stopped: the next read begins there without a search."""
        if len(self.ends) >= REMEMBERED_ENDS:
            self.ends.clear()
        self.ends[offset] = position
