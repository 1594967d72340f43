"""What the broker counted since it started: plain numbers that only grow, read by whoever shows them.

Not here: rates and their history (console/history), what is now (the broker's own state).
"""

from dataclasses import dataclass


@dataclass(slots=True)
class Counters:
    """Each name says what is counted."""

    produced_batches: int = 0
    produced_bytes: int = 0
    fetch_requests: int = 0
    fetched_bytes: int = 0
    cold_requests: int = 0
    malformed_closed: int = 0  # connections closed because of what they sent
    idle_closed: int = 0
    stalled_closed: int = 0
    syncs: int = 0
    failed_writes: int = 0  # refused by the disk
    group_records_unreadable: int = 0  # batches and records of __consumer_offsets passed over at start
