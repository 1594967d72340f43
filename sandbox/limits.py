"""What an account's sandbox may hold (lessons.md 4.2): plain numbers, given to the world that counts them.

*Invariants*: limits are chosen once, when a sandbox is made, and kept with it; None is no limit.
*Not here*: counting (engine/simulation/hosted/limits.py, the simulated disk, runner/rates.py, runner/traffic.py).
"""

from typing import NamedTuple

MIB = 1 << 20


class Limits(NamedTuple):
    """One row of the table."""

    topics: int | None
    partitions: int | None
    groups: int | None
    actors: int | None
    retained_bytes: int | None
    request_bytes: int
    records_a_s: float | None  # from outside, by wall time
    bytes_a_s: float | None
    bytes_a_day: int | None  # of records from outside, and as many to it (lessons.md 4.4)
    connections: int  # from outside, the console's included
    events_a_minute: int | None  # beyond what 1x needs: running fast draws on it
    history_bytes: int | None
    idle_s: int | None  # then it falls asleep
    lifetime_s: int | None  # after it was made (guests) or last used
    extendable: bool
    running: int  # sandboxes of one owner that may be awake, each with its forks
    saved: int  # ... that there may be, asleep ones too
    forks: int  # of one sandbox


TABLE: dict[str, Limits] = {
    "guest": Limits(
        10, 40, 10, 20, 8 * MIB, 256 << 10, 50, 64 << 10, 256 * MIB, 20, 200_000, 4 * MIB, 600, 86_400, False, 1, 1, 2
    ),
    "member": Limits(
        30, 150, 30, 60, 64 * MIB, 1 * MIB, 500, 512 << 10, 2048 * MIB, 30, 200_000, 16 * MIB, 1_800, 14 * 86_400, True,
        2, 5, 10,
    ),
    "own": Limits(
        None, None, None, 200, None, 8 * MIB, None, None, None, 200, None, None, 3_600, None, True, 50, 500, 100
    ),
}  # fmt: skip


def limits_of(kind: str) -> Limits:
    """The limits of guests, of members, or of an installation of one's own."""
    return TABLE[kind]
