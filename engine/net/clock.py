"""The one real clock: monotonic milliseconds for machines, and where wall time stands beside them."""

from time import monotonic_ns, time_ns

NS_PER_MS = 1_000_000


def monotonic_ms() -> int:
    """Milliseconds that never go back."""
    return monotonic_ns() // NS_PER_MS


def wall_offset_ms() -> int:
    """What to add to monotonic_ms for wall time."""
    return time_ns() // NS_PER_MS - monotonic_ms()
