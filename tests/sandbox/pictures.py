"""Pages that watch sandboxes, without their browsers: web sockets to a real web process, frames drawn at once.

*Not here*: what is on a picture; a browser of its own is in tests/browser.
"""

import asyncio
import base64
import json
import os
import re
import struct
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import urlsplit

TIME = re.compile(rb'"seq":(\d+),"frame":\{"time":\{"now_us":(\d+),"events":(\d+)')
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


class Seen(NamedTuple):
    """A frame that came."""

    at_s: float
    now_us: int  # the world's time, when it was made
    events: int


@dataclass
class Picture:
    """One open page."""

    sandbox: uuid.UUID
    cookie: str
    seen: list[Seen] = field(default_factory=list)
    said: list[bytes] = field(default_factory=list)  # everything else


class Pictures:
    """Many open pages, served by a thread."""

    def __init__(self, address: str, pages: list[tuple[uuid.UUID, str]]) -> None:
        self.address = address
        self.pictures = [Picture(sandbox, cookie) for sandbox, cookie in pages]
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, name="pictures", daemon=True)

    def __enter__(self) -> list[Picture]:
        self.thread.start()
        self.tasks = [asyncio.run_coroutine_threadsafe(self._watch(one), self.loop) for one in self.pictures]
        return self.pictures

    def __exit__(self, *error: object) -> None:
        for task in self.tasks:
            task.cancel()
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0.1), self.loop).result()  # they end
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)

    async def _watch(self, picture: Picture) -> None:
        reader, writer = await opened(self.address, picture)
        while True:
            opcode, payload = await message(reader)
            if opcode == PING:
                writer.write(frame(PONG, payload))
            elif opcode == CLOSE:
                picture.said.append(b"closed")
                return
            elif (found := TIME.search(payload, 0, 200)) is not None:
                seq, now_us, events = map(int, found.groups())
                picture.seen.append(Seen(time.monotonic(), now_us, events))
                writer.write(frame(TEXT, json.dumps({"ack": seq}).encode()))
            else:
                picture.said.append(payload)


async def opened(address: str, picture: Picture) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A web socket, as a page opens it."""
    place = urlsplit(address)
    reader, writer = await asyncio.open_connection(place.hostname, place.port, limit=1 << 20)
    writer.write(
        f"GET /sandboxes/{picture.sandbox}/socket HTTP/1.1\r\nHost: {place.netloc}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nOrigin: {address}\r\nCookie: {picture.cookie}\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n\r\n".encode()
    )
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101"), head
    return reader, writer


async def message(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """One message of the web server, which never cuts them."""
    first, length = await reader.readexactly(2)
    if length == 126:
        (length,) = struct.unpack(">H", await reader.readexactly(2))
    elif length == 127:
        (length,) = struct.unpack(">Q", await reader.readexactly(8))
    return first & 15, await reader.readexactly(length)


def frame(opcode: int, payload: bytes) -> bytes:
    """A short message of a browser; its mask is zero."""
    assert len(payload) < 126
    return bytes([0x80 | opcode, 0x80 | len(payload), 0, 0, 0, 0]) + payload
