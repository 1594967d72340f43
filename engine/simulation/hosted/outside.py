"""Whoever is outside of the world and writes into it: a machine that sends frames as they are, and brings answers.

Each outer connection has one of its own in here, opened when its first frame comes. An
answer, or None when the connection was lost before it, comes as a result of the call
that the frame was given.

Invariants:
- Frames of one outer connection reach the broker in their order; answers come back in it.
- Every call has one result at most; one that expects no answer has none.
- At most FRAMES_MAX frames wait.

Not here: who may write what (api_table.py), what became of it (learner.py).
"""

from collections import deque
from dataclasses import dataclass, field

from engine.core.connection.reply_order import Connection
from engine.core.effects import Effects
from engine.core.limits import FRAME_BYTES_MAX
from engine.wire import frames

FRAMES_MAX = 1_000


@dataclass(slots=True, eq=False)
class Line:
    """One outer connection."""

    outer: int
    connection: Connection | None = None
    waiting: list[bytes] = field(default_factory=list)  # until it is open
    expected: deque[int] = field(default_factory=deque)  # calls, in the order of their answers


@dataclass(slots=True, eq=False)
class Outside:
    """All connections from outside to one broker."""

    peer: str
    effects: Effects = field(default_factory=Effects)
    next_deadline_ms: int | None = None
    lines: dict[int, Line] = field(default_factory=dict)  # by outer connection
    opening: deque[int] = field(default_factory=deque)  # outer connections whose line is being opened

    def send(self, outer: int, call: int, frame: bytes, answered: bool) -> None:
        """Send a whole frame (with its size) for an outer connection."""
        line = self.lines.get(outer)
        if line is None:
            line = self.lines[outer] = Line(outer)
            self.opening.append(outer)
            self.effects.connect.append(self.peer)
        if answered:
            line.expected.append(call)
        if len(line.expected) + len(line.waiting) > FRAMES_MAX:
            self._end(line)
        elif line.connection is None:
            line.waiting.append(frame)
        else:
            line.connection.out.add(frame)
            self.effects.touched.append(line.connection)

    def hang_up(self, outer: int) -> None:
        """The outer connection is gone: so is ours."""
        line = self.lines.pop(outer, None)
        if line is not None and line.connection is not None:
            self.effects.abort.append(line.connection)

    # ---- core/events.py ----

    def on_connected(self, connection_id: int, peer: str, now_ms: int) -> Connection:
        """A line is open: what waited goes out."""
        connection = Connection(connection_id, peer)
        outer = self.opening.popleft()
        line = self.lines.get(outer)
        if line is None:
            self.effects.abort.append(connection)
            return connection
        line.connection = connection
        for frame in line.waiting:
            connection.out.add(frame)
        line.waiting = []
        self.effects.touched.append(connection)
        return connection

    def on_bytes(
        self, connection: Connection, buffer: bytearray, view: memoryview, start: int, end: int, now_ms: int
    ) -> int:
        """Take whole answers."""
        line, position = self._line_of(connection), start
        while True:
            frame_end = frames.frame_end(view, position, end, FRAME_BYTES_MAX)
            if frame_end > end:
                connection.wanted_bytes = frame_end - position
                return position - start
            if line is not None and line.expected:
                self.effects.results.append((line.expected.popleft(), bytes(view[position:frame_end])))
            position = frame_end

    def on_closed(self, connection: Connection, now_ms: int) -> None:
        """The broker is gone, or wants no more of this."""
        line = self._line_of(connection)
        if line is not None:
            self._end(line)

    def on_refused(self, peer: str, reason: str, now_ms: int) -> None:
        """Nobody listens."""
        line = self.lines.get(self.opening.popleft())
        if line is not None:
            self._end(line)

    def on_drained(self, connection: Connection, now_ms: int) -> None:
        """It never pauses."""

    def on_deadline(self, now_ms: int) -> None:
        """It has none."""

    def on_synced(self, token: int, now_ms: int) -> None:
        """It has no disk."""

    def on_sync_failed(self, token: int, reason: str, now_ms: int) -> None:
        """It has no disk."""

    def on_work_done(self, token: int, result: object, now_ms: int) -> None:
        """It asks for no work."""

    def on_wall_clock(self, wall_offset_ms: int, now_ms: int) -> None:
        """It does not look at the wall clock."""

    def _line_of(self, connection: Connection) -> Line | None:
        return next((line for line in self.lines.values() if line.connection is connection), None)

    def _end(self, line: Line) -> None:
        self.effects.results += [(call, None) for call in line.expected]
        line.expected.clear()
        self.hang_up(line.outer)
