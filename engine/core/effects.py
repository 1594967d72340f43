"""What one machine wants besides bytes in out-queues: plain data that the driver empties after each event.

The driver performs in this order: connect, send (`touched`), resume, close, work,
observations, results. Nothing here is allocated per reply.

Invariants:
- A connection in `touched` has something to send; it may be there twice.
- A connection in `resume` was paused by the machine and is not any more: its unread
  bytes are handed in again.
- `close` takes effect when the out-queue is empty; `abort` at once.

Not here: syncs (they go through the Disk), deadlines (`next_deadline_ms` is asked).
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from engine.core.connection.reply_order import Connection


class Work(NamedTuple):
    """A pure computation too long for the loop; its result comes back as `on_work_done(token, result)`.

    `name` is a key of `engine.core.work.WORK`; `argument` is bytes and the result plain data.
    """

    token: int
    name: str
    argument: bytes


@dataclass(slots=True)
class Effects:
    """Wishes of one machine since the driver last looked."""

    connect: list[str] = field(default_factory=list)  # peers "host:port" to open a connection to
    touched: list[Connection] = field(default_factory=list)  # out-queues with something new
    resume: list[Connection] = field(default_factory=list)  # read on
    close: list[Connection] = field(default_factory=list)  # once their out-queue is empty
    abort: list[Connection] = field(default_factory=list)  # at once, unsent bytes are dropped
    work: list[Work] = field(default_factory=list)
    results: list[tuple[int, object]] = field(default_factory=list)  # a client's: (call number, result or ClientError)
    observing: bool = False  # whether anybody listens; the hot path asks before it makes a tuple
    tracing: bool = False  # whether each request and each commit is told as well (a learner's picture)
    observations: list[tuple[object, ...]] = field(default_factory=list)

    def any(self) -> bool:
        """Whether something is wanted or told."""
        return bool(
            self.touched
            or self.results
            or self.observations
            or self.connect
            or self.resume
            or self.close
            or self.abort
            or self.work
        )

    def observe(self, *observation: object) -> None:
        """Report a domain event: its kind (core/observations.py), then plain values."""
        if self.observing:
            self.observations.append(observation)
