"""The client in the real world: asyncio sockets around one client machine, and calls to await.

Everything runs on the loop on which `start` was called. Many calls may be awaited at once;
a call that is cancelled is cancelled in the machine too.

Invariants:
- Each future of a call is done exactly once: by the machine's result, or by cancelling.
- After `close` no socket, task or timer of this shell is left.

Not here: what is sent when (engine/client), pools and threads (console/kafka/connection.py).
TLS and SASL will enter at `_open` and as a part of the machine.
"""

import asyncio
import contextlib
import errno
import random
import socket
from typing import Any

from engine.client.calls import (
    Assign,
    Call,
    Cancel,
    Fetch,
    Fetched,
    GetMetadata,
    ListOffsets,
    OffsetFound,
    Pause,
    Place,
    Poll,
    Produce,
    Produced,
    ProducerRecord,
    Seek,
    Send,
    SendEverywhere,
)
from engine.client.client import Client
from engine.client.config import ClientConfig, parse_bootstrap
from engine.client.errors import ClientError, NotProduced
from engine.client.requests import ANY, CONTROLLER, Target
from engine.core.connection.reply_order import Connection
from engine.net.clock import monotonic_ms, wall_offset_ms
from engine.wire.messages.metadata import MetadataResponse
from engine.wire.primitives import Message

BUFFER_BYTES = 64 << 10
ADDRESSES_MAX = 4  # of one name, tried one after the other
CLOSE_WAIT_S = 1.0

REASONS = {
    errno.ECONNREFUSED: "refuses the connection: nothing listens there",
    errno.EHOSTUNREACH: "cannot be reached: no route to the host",
    errno.ENETUNREACH: "cannot be reached: no route to its network",
    errno.ECONNRESET: "reset the connection",
    errno.ETIMEDOUT: "does not answer: the connection timed out",
    errno.EACCES: "may not be connected to from this machine",
}


class ClientShell:
    """One Kafka client on the running asyncio loop."""

    def __init__(self, bootstrap: str, client_id: str = "odradek", *, config: ClientConfig | None = None) -> None:
        """`config` wins where it is given; ValueError if the bootstrap servers cannot be understood."""
        self.config = config or ClientConfig(bootstrap=parse_bootstrap(bootstrap), client_id=client_id)
        self.machine = Client(self.config, random.Random())
        self.closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._sockets: dict[int, _Socket] = {}
        self._connecting: dict[asyncio.Task[None], None] = {}
        self._futures: dict[int, asyncio.Future[Any]] = {}
        self._last_call = 0
        self._last_connection = 0
        self._timer: asyncio.TimerHandle | None = None
        self._performing = False

    # ---- life
    async def start(self) -> None:
        """Take the running loop. Connections are opened when a call needs them."""
        self._loop = asyncio.get_running_loop()
        self._set_wall_clock()

    async def close(self) -> None:
        """End all calls with Closed, close all connections."""
        if self.closed or self._loop is None:
            return
        self.closed = True
        self.machine.close(monotonic_ms())
        self._perform()
        if self._timer is not None:
            self._timer.cancel()
        tasks = list(self._connecting)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        sockets = list(self._sockets.values())
        if sockets:
            gone = asyncio.gather(*(entry.gone.wait() for entry in sockets))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(gone, CLOSE_WAIT_S)
            for entry in sockets:
                entry.abort()

    # ---- calls
    async def call(self, call: Call) -> Any:
        """Await any call of engine.client.calls; raises its ClientError."""
        assert self._loop is not None, "start it first"
        self._last_call += 1
        number = self._last_call
        future: asyncio.Future[Any] = self._loop.create_future()
        self._futures[number] = future
        self._set_wall_clock()
        self.machine.on_call(number, call, monotonic_ms())
        self._perform()
        try:
            return await future
        except asyncio.CancelledError:
            if self._futures.pop(number, None) is not None and not self.closed:
                self._last_call += 1
                self.machine.on_call(self._last_call, Cancel(number), monotonic_ms())
                self._perform()
            raise

    async def send(
        self,
        message: Message,
        *,
        node: int | None = None,
        leader: Place | None = None,
        controller: bool = False,
        timeout_ms: int = 60_000,
        repeatable: bool = True,
        version_max: int = 0x7FFF,
    ) -> Any:
        """Send any request in the highest common version, to a node, a leader, the controller or anybody."""
        target: Target = ANY
        if node is not None:
            target = ("node", node)
        elif leader is not None:
            target = ("leader", *leader)
        elif controller:
            target = CONTROLLER
        return await self.call(Send(message, target, timeout_ms, repeatable, version_max))

    async def send_everywhere(self, message: Message, *, timeout_ms: int = 60_000) -> dict[int, Any]:
        """Send a request to every node: {node id: answer or ClientError}."""
        answers: dict[int, Any] = await self.call(SendEverywhere(message, timeout_ms))
        return answers

    async def metadata(self, topics: list[str] | None = None, *, timeout_ms: int = 60_000) -> MetadataResponse:
        """Describe these topics, or all, and the nodes. Creates nothing."""
        names = tuple(topics) if topics is not None else None
        answer: MetadataResponse = await self.call(GetMetadata(names, timeout_ms))
        return answer

    async def list_offsets(
        self, positions: list[tuple[str, int, int]], *, read_committed: bool = False, timeout_ms: int = 60_000
    ) -> dict[Place, OffsetFound | ClientError]:
        """Look up offsets by (topic, partition, timestamp), or by EARLIEST, LATEST, MAX_TIMESTAMP."""
        found: dict[Place, OffsetFound | ClientError]
        found = await self.call(ListOffsets(tuple(positions), read_committed, timeout_ms))
        return found

    async def fetch(self, positions: list[tuple[str, int, int]], **settings: Any) -> dict[Place, Fetched]:
        """Read once from (topic, partition, offset); the settings are those of `Fetch`."""
        found: dict[Place, Fetched | ClientError] = await self.call(Fetch(tuple(positions), **settings))
        return {place: _as_fetched(place, result) for place, result in found.items()}

    async def produce(self, *records: ProducerRecord) -> list[Produced | NotProduced]:
        """Send records; a result for each."""
        return list(await self.call(Produce(records)))

    async def assign(self, positions: list[tuple[str, int, int | None]]) -> None:
        """Consume these partitions from now on."""
        await self.call(Assign(tuple(positions)))

    async def seek(self, topic: str, partition: int, offset: int) -> None:
        """Go on elsewhere."""
        await self.call(Seek(topic, partition, offset))

    async def pause(self, places: list[Place], *, paused: bool = True) -> None:
        """Stop fetching partitions, or go on."""
        await self.call(Pause(tuple(places), paused))

    async def poll(self, *, wait_ms: int = 500, bytes_max: int = 8 << 20) -> tuple[Fetched, ...]:
        """Take what was fetched."""
        fetched: tuple[Fetched, ...] = await self.call(Poll(wait_ms, bytes_max))
        return fetched

    # ---- time
    def _set_wall_clock(self) -> None:
        offset_ms = wall_offset_ms()
        if abs(offset_ms - self.machine.wall_offset_ms) > 1:
            self.machine.on_wall_clock(offset_ms, monotonic_ms())

    def _on_timer(self) -> None:
        self._timer = None
        self.machine.on_deadline(monotonic_ms())
        self._perform()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline_ms = self.machine.next_deadline_ms
        if deadline_ms is not None and not self.closed and self._loop is not None:
            wait_s = max(0, deadline_ms - monotonic_ms()) / 1000
            self._timer = self._loop.call_later(wait_s, self._on_timer)

    # ---- what the machine wants
    def _perform(self) -> None:
        if self._performing:  # an event inside of an event: the outer one goes on
            return
        self._performing = True
        effects = self.machine.effects
        try:
            while effects.connect or effects.touched or effects.close or effects.abort or effects.results:
                connect, effects.connect = effects.connect, []
                for peer in connect:
                    self._begin_connect(peer)
                touched, effects.touched = effects.touched, []
                for connection in touched:
                    self._flush(connection)
                close, effects.close = effects.close, []
                for connection in close:
                    self._flush(connection)
                    if connection.id in self._sockets:
                        self._sockets[connection.id].close()
                abort, effects.abort = effects.abort, []
                for connection in abort:
                    if connection.id in self._sockets:
                        self._sockets[connection.id].abort()
                results, effects.results = effects.results, []
                for number, result in results:
                    self._set_result(number, result)
        finally:
            self._performing = False
        self._set_timer()

    def _flush(self, connection: Connection) -> None:
        entry = self._sockets.get(connection.id)
        out = connection.out
        while out.items:
            item = out.head()
            assert isinstance(item, bytes), "a client sends no files"
            if entry is not None:
                entry.write(item)
            out.sent(len(item))

    def _set_result(self, number: int, result: object) -> None:
        future = self._futures.pop(number, None)
        if future is None or future.done():
            return
        if isinstance(result, ClientError):
            future.set_exception(result)
        else:
            future.set_result(result)

    # ---- sockets
    def _begin_connect(self, peer: str) -> None:
        assert self._loop is not None, "started"
        task = self._loop.create_task(self._connect(peer))
        self._connecting[task] = None
        task.add_done_callback(lambda done: self._connecting.pop(done, None))

    async def _connect(self, peer: str) -> None:
        host, _, port = peer.rpartition(":")
        try:
            async with asyncio.timeout(self.config.connect_timeout_ms / 1000):
                await self._open(peer, host.strip("[]"), int(port))
        except socket.gaierror as error:
            again = error.errno == socket.EAI_AGAIN
            words = "the name server does not answer" if again else "the name is not known"
            self._refused(peer, f"{peer}: {words}")
        except TimeoutError:
            self._refused(
                peer, f"{peer} does not answer: no connection within {self.config.connect_timeout_ms / 1000:g} s"
            )
        except (OSError, UnicodeError) as error:
            number = error.errno if isinstance(error, OSError) else None
            self._refused(peer, f"{peer} {REASONS.get(number or 0, f'cannot be connected to: {error}')}")

    async def _open(self, peer: str, host: str, port: int) -> None:
        assert self._loop is not None, "started"
        found = await self._loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        problem: OSError | None = None
        for family, _, _, _, address in found[:ADDRESSES_MAX]:
            try:
                await self._loop.create_connection(lambda: _Socket(self, peer), str(address[0]), port, family=family)
            except OSError as error:
                # The first reason that is not "no such network here" is the one worth saying.
                if problem is None or problem.errno in (errno.ENETUNREACH, errno.EADDRNOTAVAIL):
                    problem = error
            else:
                return
        raise problem or OSError(f"{host} has no address")

    def _refused(self, peer: str, reason: str) -> None:
        if not self.closed:
            self.machine.on_refused(peer, reason, monotonic_ms())
            self._perform()

    def on_connected(self, entry: "_Socket", peer: str) -> Connection:
        """A socket is open: make the machine's connection for it."""
        self._last_connection += 1
        self._sockets[self._last_connection] = entry
        connection = self.machine.on_connected(self._last_connection, peer, monotonic_ms())
        if self.closed:
            entry.abort()
        self._perform()
        return connection

    def on_bytes(self, connection: Connection, buffer: bytearray, start: int, end: int) -> int:
        """Bytes came; say how many were consumed."""
        with memoryview(buffer) as view:
            consumed = self.machine.on_bytes(connection, buffer, view, start, end, monotonic_ms())
        self._perform()
        return consumed

    def on_closed(self, connection: Connection) -> None:
        """A socket is gone."""
        self._sockets.pop(connection.id, None)
        if not self.closed:
            self.machine.on_closed(connection, monotonic_ms())
            self._perform()


class _Socket(asyncio.BufferedProtocol):
    """One connection's transport and its unread bytes."""

    def __init__(self, shell: ClientShell, peer: str) -> None:
        self.shell = shell
        self.peer = peer
        self.gone = asyncio.Event()
        self.connection: Connection | None = None
        self.transport: asyncio.Transport | None = None
        self.buffer = bytearray(BUFFER_BYTES)
        self.start = 0  # unread bytes are start..end
        self.end = 0

    def write(self, data: bytes) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(data)

    def close(self) -> None:
        if self.transport is not None:
            self.transport.close()

    def abort(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport), "a stream"
        self.transport = transport
        self.connection = self.shell.on_connected(self, self.peer)

    def get_buffer(self, sizehint: int) -> memoryview:
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
        assert self.connection is not None, "bytes come after the connection"
        self.end += nbytes
        self.start += self.shell.on_bytes(self.connection, self.buffer, self.start, self.end)
        if self.start == self.end:
            self.start = self.end = 0
            if len(self.buffer) > BUFFER_BYTES:
                self.buffer = bytearray(BUFFER_BYTES)

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone.set()
        self.buffer = bytearray()
        if self.connection is not None:
            self.shell.on_closed(self.connection)


def _as_fetched(place: Place, result: Fetched | ClientError) -> Fetched:
    if isinstance(result, Fetched):
        return result
    return Fetched(*place, -1, -1, -1, -1, -1, b"", (), result)
