"""A small machine for tests of the driver: what it reads it sends back, and it notes what happened."""

from dataclasses import dataclass, field

from engine.core.connection.reply_order import Connection
from engine.core.effects import Effects


@dataclass(slots=True, eq=False)
class Echo:
    greets: str = ""  # whom it connects to
    greeting: bytes = b""
    pauses: bool = False
    effects: Effects = field(default_factory=Effects)
    next_deadline_ms: int | None = 0
    read: bytearray = field(default_factory=bytearray)
    happened: list[tuple] = field(default_factory=list)
    connections: dict[int, Connection] = field(default_factory=dict)

    def on_connected(self, connection_id, peer, now_ms):
        connection = self.connections[connection_id] = Connection(connection_id, peer, wanted_bytes=1)
        self.happened.append(("connected", peer))
        if self.greeting:
            connection.out.add(self.greeting)
            self.effects.touched.append(connection)
        return connection

    def on_bytes(self, connection, buffer, view, start, end, now_ms):
        self.read += view[start:end]
        if not self.greets:
            connection.out.add(bytes(view[start:end]))
            connection.paused = self.pauses
            self.effects.touched.append(connection)
        return end - start

    def on_drained(self, connection, now_ms):
        self.happened.append(("drained",))
        connection.paused = False

    def on_closed(self, connection, now_ms):
        self.happened.append(("closed", now_ms))
        del self.connections[connection.id]

    def on_refused(self, peer, reason, now_ms):
        self.happened.append(("refused", peer, reason))

    def on_deadline(self, now_ms):
        self.next_deadline_ms = None
        if self.greets:
            self.effects.connect.append(self.greets)

    def on_synced(self, token, now_ms):
        self.happened.append(("synced", token))

    def on_sync_failed(self, token, reason, now_ms):
        self.happened.append(("sync failed", token))

    def on_work_done(self, token, result, now_ms):
        self.happened.append(("worked", token, result))

    def on_wall_clock(self, wall_offset_ms, now_ms):
        self.happened.append(("wall clock", wall_offset_ms))
