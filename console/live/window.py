"""How far a socket may run ahead of its browser: a window of frames not yet acknowledged.

A browser that cannot draw fast enough stops acknowledging; then nothing more is sent, and what arrives meanwhile is
counted as not shown. So a slow tab costs the server a few frames of memory, never a growing queue.

*Invariant*: 0 <= acknowledged <= sent <= acknowledged + FRAMES_MAX.
*Not here*: what a frame holds (rows.py), the socket (topic_tail.py).
"""

from dataclasses import dataclass

FRAMES_MAX = 4


@dataclass(slots=True)
class Window:
    """Counts frames from 1."""

    sent: int = 0
    acknowledged: int = 0

    @property
    def is_open(self) -> bool:
        """Whether one more frame may be sent."""
        return self.sent - self.acknowledged < FRAMES_MAX

    def next_number(self) -> int:
        """The number of the frame that is sent now."""
        assert self.is_open, "a frame beyond the window"
        self.sent += 1
        return self.sent

    def acknowledge(self, number: int) -> bool:
        """The browser has drawn all frames up to this one; False when it cannot have (not a number that was sent)."""
        if not 0 < number <= self.sent:
            return False
        self.acknowledged = max(self.acknowledged, number)
        return True
