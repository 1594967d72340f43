"""A bare client machine: one connection to one peer, requests by hand, replies as they come.

Workloads that must send exactly these bytes in this version (resent batches, fetch
sessions, hostile frames) use it; it is also a second opinion on what brokers answer,
because it shares nothing with engine/client.

What happens comes out as results: (call, reply), or (0, CONNECTED) and (0, LOST).

Invariants:
- Replies come in the order of the requests, each with its correlation id (S32): it
  observes "reply mismatched" otherwise.
- After LOST nothing that was sent before is answered any more.

Not here: retries, metadata, which broker leads what (workloads, engine/client).
"""

from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from engine.core.connection.reply_order import Connection
from engine.core.effects import Effects
from engine.core.limits import FRAME_BYTES_MAX
from engine.wire import frames
from engine.wire.primitives import Message

RETRY_MS = 20
CONNECTED, LOST = "connected", "lost"


class Expected(NamedTuple):
    """A request on its way."""

    correlation_id: int
    call: int
    api_key: int
    version: int


@dataclass(slots=True, eq=False)
class WireClient:
    """One connection, opened again when it is lost."""

    peer: str
    client_id: str
    listens: bool = True  # False: whatever comes is thrown away
    effects: Effects = field(default_factory=Effects)
    next_deadline_ms: int | None = 0  # connect at once
    connection: Connection | None = None
    correlation_id: int = 0
    requests: int = 0
    expected: deque[Expected] = field(default_factory=deque)

    def send(self, call: int, message: Message, version: int, answered: bool = True) -> None:
        """Send one request; its reply comes as a result with this call number."""
        self.correlation_id += 1
        api_key = frames.api_of(message).key
        if answered:
            self.expected.append(Expected(self.correlation_id, call, api_key, version))
        self.send_bytes(frames.encode_request(message, version, self.correlation_id, self.client_id))

    def send_bytes(self, sent: bytes) -> None:
        """Send anything."""
        assert self.connection is not None, "only who is connected sends"
        self.requests += 1
        self.connection.out.add(sent)
        self.effects.touched.append(self.connection)

    def disconnect(self) -> None:
        """Close the connection at once; it is opened again after a while."""
        if self.connection is not None:
            self.effects.abort.append(self.connection)

    # ---- core/events.py ----

    def on_connected(self, connection_id: int, peer: str, now_ms: int) -> Connection:
        """It may send from now on."""
        self.connection = Connection(connection_id, peer)
        self.expected.clear()
        self.effects.results.append((0, CONNECTED))
        return self.connection

    def on_bytes(
        self, connection: Connection, buffer: bytearray, view: memoryview, start: int, end: int, now_ms: int
    ) -> int:
        """Take whole replies off the stream."""
        if not self.listens:
            return end - start
        position = start
        while True:
            frame_end = frames.frame_end(view, position, end, FRAME_BYTES_MAX)
            if frame_end > end:
                connection.wanted_bytes = frame_end - position
                return position - start
            self._take(bytes(view[position + 4 : frame_end]))
            position = frame_end

    def _take(self, frame: bytes) -> None:
        if not self.expected:
            self.effects.observe("reply mismatched", "nothing was asked")
            return
        expected = self.expected.popleft()
        view = memoryview(frame)
        correlation_id = frames.correlation_id_of(view)
        if correlation_id != expected.correlation_id:
            self.effects.observe("reply mismatched", expected.correlation_id, correlation_id)
            return
        _, reply = frames.decode_response(expected.api_key, expected.version, view)
        self.effects.results.append((expected.call, reply))

    def on_closed(self, connection: Connection, now_ms: int) -> None:
        """What was on its way has no answer."""
        self.connection = None
        self.expected.clear()
        self.effects.results.append((0, LOST))
        self.next_deadline_ms = now_ms + RETRY_MS

    def on_refused(self, peer: str, reason: str, now_ms: int) -> None:
        """Try again later."""
        self.next_deadline_ms = now_ms + RETRY_MS

    def on_deadline(self, now_ms: int) -> None:
        """Open the connection."""
        if self.next_deadline_ms is not None and now_ms >= self.next_deadline_ms:
            self.next_deadline_ms = None
            if self.connection is None:
                self.effects.connect.append(self.peer)

    def on_drained(self, connection: Connection, now_ms: int) -> None:
        """It never pauses."""

    def on_synced(self, token: int, now_ms: int) -> None:
        """It has no disk."""

    def on_sync_failed(self, token: int, reason: str, now_ms: int) -> None:
        """It has no disk."""

    def on_work_done(self, token: int, result: object, now_ms: int) -> None:
        """It asks for no work."""

    def on_wall_clock(self, wall_offset_ms: int, now_ms: int) -> None:
        """It does not look at the wall clock."""
