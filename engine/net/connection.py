"""One socket of a shell: bytes in through a reused buffer, the machine's out-queue out.

Raw non-blocking sockets and add_reader, because streams lose a third of the throughput
and protocols need a copy (measured for the design).

Invariants:
- A socket is watched for reading unless its connection is paused or waits for memory,
  for writing only while its out-queue is stuck.
- The buffer grows with what has arrived, never with what a frame claims: at most four times
  the bytes that are unread, and some. It shrinks to its first size when it is not used.
- Of a large frame no byte is moved: it is read to its end and no further, so that the next
  one begins at the front of the buffer.
- No view of the buffer outlives a call to the machine.

Not here: what bytes mean (the machine), accepting (listener.py), TLS.
"""

import os
import socket
from time import monotonic_ns
from typing import Protocol

from engine.core.connection.reply_order import Connection
from engine.core.events import Machine
from engine.net.loop import Loop

BUFFER_BYTES_FIRST = 4 << 10  # of a connection that has sent little: thousands of them may be idle
BUFFER_BYTES_USUAL = 256 << 10  # grows to this when it sends more at once; beyond it counts as memory for requests
LARGE_BYTES = 64 << 10  # a frame from here on is read by itself; so much room is kept behind smaller ones
NS_PER_MS = 1_000_000


class Owner(Protocol):
    """What a socket needs of its shell."""

    loop: Loop

    @property
    def machine(self) -> Machine:
        """Who is fed."""

    def perform(self) -> None:
        """Do what the machine wants."""

    def drop(self, link: "Link") -> None:
        """The socket is gone: forget it, tell the machine."""

    def failed(self, link: "Link") -> None:
        """The machine broke on this connection's bytes, which is our bug: say so, close it."""

    def may_grow(self, link: "Link", more_bytes: int) -> bool:
        """Say whether the link's buffer may grow by so much; if not, the shell resumes it when there is room."""

    def fd_of(self, file: int) -> int:
        """The descriptor of a file of the machine's Disk."""


class Link:
    """One socket: a receive buffer that is used again and again, and the connection's out-queue."""

    __slots__ = (
        "active",
        "buffer",
        "closing",
        "connection",
        "end",
        "fd",
        "large_bytes",
        "owner",
        "read_end",
        "reading",
        "socket",
        "start",
        "starved",
        "view",
        "writing",
    )

    def __init__(self, owner: Owner, sock: socket.socket, connection: Connection) -> None:
        self.owner, self.socket, self.fd, self.connection = owner, sock, sock.fileno(), connection
        self.buffer = bytearray(BUFFER_BYTES_FIRST)
        self.view = memoryview(self.buffer)
        self.start = self.end = 0  # the unread bytes
        self.read_end = len(self.buffer)  # where the next receive ends at the latest
        self.large_bytes = 0  # of the last large frame: the next one is likely as long
        self.reading = self.writing = False  # what the loop watches
        self.closing = False  # once everything is sent
        self.starved = False  # waits for memory
        self.active = True  # has received since the last sweep

    # ---- in

    def on_readable(self) -> None:
        """Receive once, and hand over."""
        end, read_end = self.end, self.read_end
        try:
            if end:
                received = self.socket.recv_into(self.view[end:read_end])
            else:
                received = self.socket.recv_into(self.buffer, read_end)
        except BlockingIOError:
            return
        except OSError:
            received = 0
        if received == 0:
            self.owner.drop(self)
            return
        self.end = end + received
        self.active = True
        self.hand_over()

    def hand_over(self) -> None:
        """Give the machine what is unread, make room for what comes next, perform."""
        owner, connection = self.owner, self.connection
        start, end = self.start, self.end
        try:
            start += owner.machine.on_bytes(connection, self.buffer, self.view, start, end, monotonic_ns() // NS_PER_MS)
        except Exception:  # noqa: BLE001 - a bug in the machine must not take the other connections with it
            owner.failed(self)
            return
        if start == end:
            self.start = self.end = 0
            if end == len(self.buffer) < BUFFER_BYTES_USUAL:
                self._use_buffer(min(4 * end, BUFFER_BYTES_USUAL))
            if self.large_bytes:
                if end < self.large_bytes:  # something shorter came: expect nothing
                    self.large_bytes = 0
                self.read_end = min(self.large_bytes, len(self.buffer)) or len(self.buffer)
        else:
            self.start = start
            self._expect(connection.wanted_bytes)
        owner.perform()
        if connection.paused and self.reading and not connection.closed:  # a closed one's fd may be another's by now
            self.watch_reading(False)
            if not connection.out.items:
                self._on_drained()

    def _expect(self, wanted: int) -> None:
        """A frame of so many bytes is here in part: have room for the rest of it."""
        size = len(self.buffer)
        if (
            self.start + wanted > size
            or self.end == size
            or (self.start and self.start + wanted + LARGE_BYTES > size and wanted < LARGE_BYTES)
        ):
            self._make_room(wanted)
        self.read_end = len(self.buffer)
        if wanted >= LARGE_BYTES:
            self.large_bytes = wanted
            if self.end < self.start + wanted < self.read_end:
                self.read_end = self.start + wanted

    def _make_room(self, wanted: int) -> None:
        """Move what is unread to the front, into a larger buffer if the frame needs one and enough of it is here."""
        unread = self.end - self.start
        size = len(self.buffer)
        wanted = max(wanted, unread + 1)
        if wanted + LARGE_BYTES > size:
            size = max(size, min(wanted + LARGE_BYTES, 4 * unread + LARGE_BYTES))
            if size > BUFFER_BYTES_USUAL and not self.owner.may_grow(self, size - len(self.buffer)):
                self._starve(unread)
                return
        if size > len(self.buffer):
            self._use_buffer(size)
        else:
            self._to_front(unread)

    def _to_front(self, unread: int) -> None:
        if self.start:
            self.view[:unread] = self.view[self.start : self.end]
            self.start, self.end = 0, unread

    def _starve(self, unread: int) -> None:
        """There is no memory for more now: read on only while what is here has room."""
        self._to_front(unread)
        if unread == len(self.buffer):
            self.starved = True
            self.watch_reading(False)

    def _use_buffer(self, size: int) -> None:
        unread = self.end - self.start
        larger = bytearray(size)
        larger[:unread] = self.view[self.start : self.end]
        self.buffer, self.view = larger, memoryview(larger)
        self.start, self.end, self.read_end = 0, unread, size

    def feed(self) -> None:
        """There is memory again."""
        if self.starved:
            self.starved = False
            self._expect(self.connection.wanted_bytes)
            if not self.starved and not self.connection.paused:
                self.watch_reading(True)

    def shrink(self) -> None:
        """Give back a buffer that was not used lately."""
        if not self.active and self.start == self.end and len(self.buffer) > BUFFER_BYTES_FIRST:
            self._use_buffer(BUFFER_BYTES_FIRST)
        self.active = False

    # ---- out

    def on_writable(self) -> None:
        """Send until the out-queue is empty or the socket is full."""
        out, send = self.connection.out, self.socket.send
        items = out.items
        try:
            if len(items) == 1 and type(items[0]) is bytes:  # the common case: one short answer
                sent = send(items[0])
                if sent == out.queued_bytes:
                    items.clear()
                    out.queued_bytes = 0
                else:
                    out.sent(sent)
            while items:
                head = out.head()
                if type(head) is bytes:
                    sent = send(head, socket.MSG_MORE if len(items) > 1 else 0)
                else:
                    file, position, length = head
                    sent = os.sendfile(self.fd, self.owner.fd_of(file), position, length)
                    if sent == 0:
                        raise OSError("the file is shorter than the region")
                out.sent(sent)
        except BlockingIOError:
            self.watch_writing(True)
            return
        except OSError:
            self.owner.drop(self)
            return
        if self.writing:
            self.watch_writing(False)
        if self.closing:
            self.owner.drop(self)
        elif self.connection.paused and not self.reading:
            self._on_drained()

    def close_when_sent(self) -> None:
        """Close as soon as the out-queue is empty; read nothing more."""
        self.closing = True
        if not self.connection.out.items:
            self.owner.drop(self)
        elif self.reading:
            self.watch_reading(False)

    def _on_drained(self) -> None:
        self.owner.machine.on_drained(self.connection, monotonic_ns() // NS_PER_MS)
        if not self.connection.paused:
            self.resume()

    def resume(self) -> None:
        """The machine reads on: what is unread is handed in again, in a turn of its own."""
        self.owner.loop.call_soon(self._resume_now)

    def _resume_now(self) -> None:
        connection = self.connection
        if connection.closed or connection.paused or self.closing:
            return
        if not self.reading and not self.starved:
            self.watch_reading(True)
        if self.start != self.end:
            self.hand_over()

    # ---- what the loop watches

    def watch_reading(self, on: bool) -> None:
        """Be told of bytes, or not."""
        self.reading = on
        if on:
            self.owner.loop.add_reader(self.fd, self.on_readable)
        else:
            self.owner.loop.remove_reader(self.fd)

    def watch_writing(self, on: bool) -> None:
        """Be told of room to send, or not."""
        if on != self.writing:
            self.writing = on
            if on:
                self.owner.loop.add_writer(self.fd, self.on_writable)
            else:
                self.owner.loop.remove_writer(self.fd)

    def close(self) -> None:
        """Close the socket; the machine is told by the owner."""
        self.owner.loop.remove_reader(self.fd)
        self.owner.loop.remove_writer(self.fd)
        self.reading = self.writing = False
        self.socket.close()
