"""Places in a log: an offset, and where it lies in the files.

A position is taken when it is known for free (after an append, when a sync begins),
so that a fetch up to the high watermark needs no search for its end.

Invariant: a LogPosition's `position` is where the batch with base offset `offset`
begins in the segment `segment_base_offset`, or where it will begin once appended.
Not here: which offset may be read by whom (core/replication).
"""

from typing import NamedTuple

OFFSET_MAX = (1 << 63) - 1


class LogPosition(NamedTuple):
    """A place between two batches."""

    offset: int
    segment_base_offset: int
    position: int
