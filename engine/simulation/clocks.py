"""Clocks of simulated nodes: numbers that the world moves.

All nodes share the world's microseconds. A node sees monotonic milliseconds, which
may run faster or slower than the world's (drift), and a wall clock, which is those
plus an offset that an event can change (a leap).

Invariants:
- Monotonic time never goes back, whatever the wall clock does.
- `world_us(now_ms)` is the first microsecond at which `now_ms()` has reached that value.

Not here: who asks for deadlines (the machines), when events happen (world.py).
"""

from dataclasses import dataclass

PPM = 1_000_000


@dataclass(slots=True)
class Clock:
    """One node's two clocks."""

    wall_offset_ms: int  # wall time minus monotonic time
    rate_ppm: int = PPM  # how many of the node's microseconds pass in a million of the world's
    at_us: int = 0  # the world's time of the event at hand

    def now_ms(self) -> int:
        """Return monotonic milliseconds."""
        if self.rate_ppm == PPM:
            return self.at_us // 1000
        return self.at_us * self.rate_ppm // PPM // 1000

    def wall_ms(self) -> int:
        """Return wall milliseconds."""
        return self.now_ms() + self.wall_offset_ms

    def world_us(self, now_ms: int) -> int:
        """Return when, in the world's microseconds, this clock reaches `now_ms`."""
        if self.rate_ppm == PPM:
            return now_ms * 1000
        return -(-now_ms * 1000 * PPM // self.rate_ppm)
