"""A connection of the web process to the runner of one sandbox: lines out, lines in.

*Invariants*: a line longer than LINE_BYTES_MAX ends the connection; nothing waits for ever to be sent.
*Not here*: what is in the lines (runner/links.py), who may ask (socket.py).
"""

import asyncio
import json
from contextlib import suppress
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async

from sandbox import control

LINE_BYTES_MAX = 16 << 20
CONNECT_S = 2.0


class ControlStream:
    """An open connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sandbox_id: UUID) -> None:
        self.reader, self.writer, self.sandbox_id = reader, writer, sandbox_id

    @classmethod
    async def open(cls, sandbox_id: UUID) -> "ControlStream":
        """Connect to the runner that hosts a sandbox, or to one that will; NoRunner."""
        for address in await database_sync_to_async(control.addresses)(sandbox_id):
            with suppress(OSError, TimeoutError):
                opening = asyncio.open_unix_connection(address, limit=LINE_BYTES_MAX)
                reader, writer = await asyncio.wait_for(opening, CONNECT_S)
                return cls(reader, writer, sandbox_id)
        raise control.NoRunner

    async def send(self, message: dict[str, Any]) -> None:
        """Ask something of the sandbox."""
        line = json.dumps({**message, "sandbox": self.sandbox_id.hex}, separators=(",", ":"))
        try:
            self.writer.write(line.encode() + b"\n")
            await self.writer.drain()
        except OSError:
            raise control.NoRunner from None

    async def next_line(self) -> bytes:
        """The next line; NoRunner at the end."""
        try:
            line = await self.reader.readline()
        except (OSError, ValueError):
            raise control.NoRunner from None
        if not line.endswith(b"\n"):
            raise control.NoRunner
        return line

    def close(self) -> None:
        """Let go of it."""
        self.writer.close()
