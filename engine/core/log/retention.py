"""Which segments of a log may go: too old, too many bytes, or wholly before the log start.

Segments go from the oldest on, without gaps. What the high watermark has not passed
stays, whatever its age: nobody could have read it yet.

Invariant: the answer is a number of segments from the front that leaves at least one.
Not here: files (storage/log.py), who calls it (broker/housekeeping.py).
Spec: org.apache.kafka.storage.internals.log.UnifiedLog.deleteOldSegments.
"""

from collections.abc import Sequence
from typing import NamedTuple


class SegmentFacts(NamedTuple):
    """What retention needs to know of a segment."""

    end_offset: int  # the next segment's base offset, or the log end offset
    size: int
    largest_timestamp: int  # of its records; if they have none, when the file was last written


def deletable_segments(
    segments: Sequence[SegmentFacts],
    *,
    high_watermark: int,
    log_start_offset: int,
    wall_ms: int,
    retention_ms: int,
    retention_bytes: int,
) -> int:
    """Return how many segments from the front may go; -1 switches a limit off."""
    excess = sum(segment.size for segment in segments) - retention_bytes if retention_bytes >= 0 else -1
    count = 0
    for segment in segments:
        if segment.end_offset > high_watermark:
            break
        too_old = retention_ms >= 0 and wall_ms - segment.largest_timestamp > retention_ms
        too_much = excess >= segment.size > 0
        if not (too_old or too_much or segment.end_offset <= log_start_offset):
            break
        excess -= segment.size
        count += 1
    return count
