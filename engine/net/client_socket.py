"""One TCP connection of a client: bytes of the transport to the shell, bytes of the shell to the transport.

The buffer is reused while it is empty between answers, and grows to the size of an answer
that is on its way.

Not here: which connections there are, what the bytes mean (client_shell.py, engine/client).
"""

import asyncio
from typing import TYPE_CHECKING

from engine.core.connection.reply_order import Connection

if TYPE_CHECKING:
    from engine.net.client_shell import ClientShell

BUFFER_BYTES = 64 << 10


class ClientSocket(asyncio.BufferedProtocol):
    """One connection's transport and its unread bytes."""

    def __init__(self, shell: "ClientShell", peer: str) -> None:
        self.shell = shell
        self.peer = peer
        self.gone = asyncio.Event()
        self.connection: Connection | None = None
        self.transport: asyncio.Transport | None = None
        self.buffer = bytearray(BUFFER_BYTES)
        self.start = 0  # unread bytes are start..end
        self.end = 0

    def write(self, data: bytes) -> None:
        """Send bytes, if the connection is still there."""
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(data)

    def close(self) -> None:
        """Close it once everything is sent."""
        if self.transport is not None:
            self.transport.close()

    def abort(self) -> None:
        """Break it off."""
        if self.transport is not None:
            self.transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is open."""
        assert isinstance(transport, asyncio.Transport), "a stream"
        self.transport = transport
        self.connection = self.shell.on_connected(self, self.peer)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Give room for what comes next: as much as the answer that is on its way needs."""
        wanted = self.connection.wanted_bytes if self.connection is not None else 0
        room = max(BUFFER_BYTES // 2, wanted - (self.end - self.start))
        if len(self.buffer) - self.end < room:
            unread = self.buffer[self.start : self.end]
            # A view of the old buffer may be held by the transport: a new one, never a resize.
            self.buffer = bytearray(max(BUFFER_BYTES, len(unread) + room))
            self.buffer[: len(unread)] = unread
            self.start, self.end = 0, len(unread)
        return memoryview(self.buffer)[self.end :]

    def buffer_updated(self, nbytes: int) -> None:
        """Bytes came."""
        assert self.connection is not None, "bytes come after the connection"
        self.end += nbytes
        self._hand_over()

    def resume(self) -> None:
        """The machine reads on: first what came already."""
        if self.transport is not None and not self.transport.is_closing():
            self.transport.resume_reading()
            # Not now: the machine is in the middle of what woke it.
            asyncio.get_running_loop().call_soon(self._hand_over)

    def _hand_over(self) -> None:
        connection = self.connection
        if connection is None or self.transport is None or connection.closed:
            return
        self.start += self.shell.on_bytes(connection, self.buffer, self.start, self.end)
        if self.start == self.end:
            self.start = self.end = 0
            if len(self.buffer) > BUFFER_BYTES:
                self.buffer = bytearray(BUFFER_BYTES)
        if connection.paused and not self.transport.is_closing():
            self.transport.pause_reading()

    def eof_received(self) -> bool:
        """The broker closes its side: so do we."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        self.gone.set()
        self.buffer = bytearray()
        if self.connection is not None:
            self.shell.on_closed(self.connection, exc)
