"""When a log begins a new segment: size, age, a full index, or offsets that no longer fit.

Age is told by the records: a segment is as old as its first batch is, compared with the
batch that comes. Only where records carry no time does the wall clock count.

Not here: making the segment (storage/log.py).
Spec: org.apache.kafka.storage.internals.log.LogSegment.shouldRoll.
"""

from engine.core.log.config import LONG_MAX, LogConfig

RELATIVE_OFFSET_MAX = (1 << 31) - 1
OFFSET_ENTRY_BYTES = 8
TIME_ENTRY_BYTES = 12
AT_ONCE = -2  # earlier than any timestamp, "none" (-1) included


def roll_deadline(first_timestamp: int, created_ms: int, config: LogConfig) -> tuple[int, int]:
    """Return after which record timestamp, and after which wall time, the segment with this first batch is too old."""
    if first_timestamp >= 0:
        return min(first_timestamp + config.segment_ms, LONG_MAX), LONG_MAX
    return LONG_MAX, min(created_ms + config.segment_ms, LONG_MAX)


def index_is_full(offset_entries: int, time_entries: int, config: LogConfig) -> bool:
    """Whether Kafka's fixed-size index files would have no room for another entry."""
    # One entry of the time index is kept for the one that is added when the segment is closed.
    return (
        offset_entries >= config.segment_index_bytes // OFFSET_ENTRY_BYTES
        or time_entries >= config.segment_index_bytes // TIME_ENTRY_BYTES - 1
    )
