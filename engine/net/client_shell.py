"""The client in the real world: asyncio sockets around one client machine, and calls to await.

Everything runs on the loop on which `start` was called. Many calls may be awaited at once;
a call that is cancelled is cancelled in the machine too.

Invariants:
- Each future of a call is done exactly once: by the machine's result, or by cancelling.
- After `close` no socket, task or timer of this shell is left.

A name is looked up once for each connection, and only an address that the gate has let pass is
connected to: that holds for the brokers that a cluster names as well.

Not here: what is sent when, signing in (engine/client), the calls (client_calls.py), TLS contexts
and words (tls.py), pools and threads (console/kafka/connection.py).
"""

import asyncio
import contextlib
import errno
import random
import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

from engine.client.calls import Acknowledge, Call, Cancel, Place, Rebalanced, Subscribe
from engine.client.client import Client
from engine.client.config import ClientConfig, parse_bootstrap
from engine.client.errors import AddressNotAllowed, ClientError, ConnectionFailed, NameNotFound, TlsFailed, Unreachable
from engine.core.connection.reply_order import Connection
from engine.core.effects import Work
from engine.core.work import WORK
from engine.net.client_calls import ClientCalls
from engine.net.client_socket import ClientSocket
from engine.net.clock import monotonic_ms, wall_offset_ms
from engine.net.names import look_up
from engine.net.reached import REASONS, Reached
from engine.net.tls import client_context, handshake_of, words_of

__all__ = ["ClientShell", "Gate", "Listener", "Reached"]

ADDRESSES_MAX = 4  # of one name, tried one after the other
CONNECTING_MAX = 64  # at the same time: a cluster that names a thousand brokers takes no more descriptors than that
CLOSE_WAIT_S = 1.0
PEERS_NOTED_MAX = 1000
EVENTS_MAX = 16  # of rebalances that wait for the listener
Listener = Callable[[Rebalanced], Awaitable[None]]
Gate = Callable[[str, str, int], str]  # host, IP address, port: why one may not connect there, or ""


class ClientShell(ClientCalls):
    """One Kafka client on the running asyncio loop."""

    def __init__(
        self,
        bootstrap: str,
        client_id: str = "odradek",
        *,
        config: ClientConfig | None = None,
        gate: Gate | None = None,
        unix_path: str = "",
    ) -> None:
        """`config` wins; with `unix_path` all brokers are there. ValueError: servers or certificates not understood."""
        self.unix_path = unix_path
        self.config = config or ClientConfig(bootstrap=parse_bootstrap(bootstrap), client_id=client_id)
        self.gate = gate
        self.reached: dict[str, Reached] = {}
        self._tls = client_context(self.config.tls) if self.config.tls is not None else None
        # A nonce must not be guessed; for all else any chance will do.
        self.machine = Client(self.config, random.SystemRandom() if self.config.sasl else random.Random())
        self.closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._sockets: dict[int, ClientSocket] = {}
        self._connecting: dict[asyncio.Task[None], None] = {}
        self._turn = asyncio.Semaphore(CONNECTING_MAX)
        self._futures: dict[int, asyncio.Future[Any]] = {}
        self._last_call = 0
        self._last_connection = 0
        self._timer: asyncio.TimerHandle | None = None
        self._performing = False
        self._listener: Listener | None = None
        self._rebalances: asyncio.Queue[Rebalanced] = asyncio.Queue(EVENTS_MAX)
        self._listening: asyncio.Task[None] | None = None

    # ---- life
    async def start(self) -> None:
        """Take the running loop. Connections are opened when a call needs them."""
        self._loop = asyncio.get_running_loop()
        self._set_wall_clock()

    async def close(self) -> None:
        """Commit and leave the group, if there is one; end all calls with Closed, close all connections."""
        if self.closed or self._loop is None:
            return
        if self.machine.group.exists:
            with contextlib.suppress(ClientError):
                await self.unsubscribe()
        if self.closed:  # by somebody else meanwhile
            return
        self.closed = True
        if self._listening is not None:
            self._listening.cancel()
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

    # ---- the group
    async def subscribe(self, topics: list[str], listener: Listener | None = None) -> None:
        """Read these topics as a member of the config's group, from the next poll on.

        A rebalance waits for the listener: in it offsets may be committed (REVOKED) or sought (ASSIGNED).
        """
        assert self._loop is not None, "start it first"
        before, self._listener = self._listener, listener
        if listener is not None and self._listening is None:
            self._listening = self._loop.create_task(self._listen())
        try:
            await self.call(Subscribe(tuple(topics), listener is not None))
        except ClientError:
            self._listener = before
            raise

    def assignment(self) -> list[Place]:
        """The partitions that are consumed now."""
        return sorted(self.machine.consumer.positions)

    async def _listen(self) -> None:
        """Hand events over one after the other; a listener that fails is heard of in the loop's handler."""
        assert self._loop is not None, "started"
        while True:
            event = await self._rebalances.get()
            if self._listener is not None:
                (failure,) = await asyncio.gather(self._listener(event), return_exceptions=True)
                if failure is not None:
                    context = {"message": "a listener of rebalances failed", "exception": failure}
                    self._loop.call_exception_handler(context)
            with contextlib.suppress(ClientError):
                await self.call(Acknowledge(event.number))

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
            while (
                effects.connect or effects.touched or effects.close or effects.abort
                or effects.resume or effects.work or effects.results
            ):  # fmt: skip
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
                resume, effects.resume = effects.resume, []
                for connection in resume:
                    if connection.id in self._sockets:
                        self._sockets[connection.id].resume()
                work, effects.work = effects.work, []
                for one in work:
                    self._start_work(one)
                results, effects.results = effects.results, []
                for number, result in results:
                    if isinstance(result, Rebalanced):
                        self._on_rebalanced(result)
                    else:
                        self._set_result(number, result)
        finally:
            self._performing = False
        self._set_timer()

    def _start_work(self, work: Work) -> None:
        """In a thread: the loop, and whoever shares it, goes on meanwhile."""
        assert self._loop is not None, "started"
        done = self._loop.run_in_executor(None, WORK[work.name], work.argument)
        done.add_done_callback(lambda future: self._on_work_done(work.token, future))

    def _on_work_done(self, token: int, done: "asyncio.Future[object]") -> None:
        if not self.closed and not done.cancelled():
            self.machine.on_work_done(token, done.result(), monotonic_ms())
            self._perform()

    def _flush(self, connection: Connection) -> None:
        entry = self._sockets.get(connection.id)
        out = connection.out
        while out.items:
            item = out.head()
            assert isinstance(item, bytes), "a client sends no files"
            if entry is not None:
                entry.write(item)
            out.sent(len(item))

    def _on_rebalanced(self, event: Rebalanced) -> None:
        if not event.awaited:
            return
        if self._rebalances.full():  # a listener hangs while others subscribe: to acknowledge later events will do
            self._rebalances.get_nowait()
        self._rebalances.put_nowait(event)

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
        reached: Reached | None = None
        try:
            # A little before the machine gives up: here one knows at which step it hangs.
            limit_ms = self.config.connect_timeout_ms
            async with asyncio.timeout((limit_ms - min(100, limit_ms // 5)) / 1000):
                async with self._turn:
                    reached = self._note_reached(peer)
                    await self._open(peer, host.strip("[]"), int(port), reached)
        except Unreachable as refused:
            self._refused(peer, refused.reason, type(refused))
        except TimeoutError:
            seconds = f"{self.config.connect_timeout_ms / 1000:g} s"
            if reached is None:
                self._refused(peer, f"{peer} is one of too many brokers to connect to at once", ConnectionFailed)
            elif reached.address:
                self._refused(peer, f"{peer} does not finish the TLS handshake within {seconds}", TlsFailed)
            elif reached.addresses:
                self._refused(peer, f"{peer} does not answer: no connection within {seconds}", ConnectionFailed)
            else:
                self._refused(peer, f"{peer}: the name server does not answer within {seconds}", NameNotFound)

    def _note_reached(self, peer: str) -> Reached:
        self.reached.pop(peer, None)
        while len(self.reached) >= PEERS_NOTED_MAX:
            self.reached.pop(next(iter(self.reached)))
        return self.reached.setdefault(peer, Reached())

    async def _open(self, peer: str, host: str, port: int, reached: Reached) -> None:
        begun_ms = monotonic_ms()
        if self.unix_path:
            assert self._loop is not None, "started"
            try:
                await self._loop.create_unix_connection(lambda: ClientSocket(self, peer), self.unix_path)
            except OSError as error:
                raise ConnectionFailed(f"{peer} {REASONS.get(error.errno or 0, 'is not there now')}") from None
            reached.connected_ms = monotonic_ms() - begun_ms
            return
        found = await look_up(peer, host, port)
        reached.addresses = tuple(dict.fromkeys(address for _, address in found))
        reached.found_ms = monotonic_ms() - begun_ms
        for address in reached.addresses:  # all of them: a name that mixes allowed and forbidden ones is a trick
            refusal = self.gate(host, address, port) if self.gate is not None else ""
            if refusal:
                raise AddressNotAllowed(f"{peer}: {refusal}")
        problem: OSError | None = None
        for family, address in found[:ADDRESSES_MAX]:
            try:
                sock = await self._tcp(family, address, port)
            except OSError as error:
                # The first reason that is not "no such network here" is the one worth saying.
                if problem is None or problem.errno in (errno.ENETUNREACH, errno.EADDRNOTAVAIL):
                    problem = error
            else:
                reached.address = address
                reached.connected_ms = monotonic_ms() - begun_ms - reached.found_ms
                await self._speak(peer, host, sock, reached)
                return
        words = REASONS.get(problem.errno or 0, f"cannot be connected to: {problem}") if problem else "has no address"
        raise ConnectionFailed(f"{peer} {words}")

    async def _tcp(self, family: int, address: str, port: int) -> socket.socket:
        assert self._loop is not None, "started"
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setblocking(False)
        try:
            await self._loop.sock_connect(sock, (address, port))
        except BaseException:
            sock.close()
            raise
        return sock

    async def _speak(self, peer: str, host: str, sock: socket.socket, reached: Reached) -> None:
        """Make the connection ours: with TLS, once each side trusts the other."""
        assert self._loop is not None, "started"
        begun_ms = monotonic_ms()
        name = host if self._tls is not None else None
        try:
            transport, _ = await self._loop.create_connection(
                lambda: ClientSocket(self, peer), sock=sock, ssl=self._tls, server_hostname=name
            )
        except (OSError, ValueError) as error:
            raise TlsFailed(words_of(error, peer)) from None
        agreed = transport.get_extra_info("ssl_object")
        if agreed is not None:
            reached.handshake = handshake_of(agreed)
        reached.trusted_ms = monotonic_ms() - begun_ms

    def _refused(self, peer: str, reason: str, failure: type[Unreachable]) -> None:
        if not self.closed:
            self.machine.on_refused(peer, reason, monotonic_ms(), failure)
            self._perform()

    def on_connected(self, entry: ClientSocket, peer: str) -> Connection:
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

    def on_closed(self, connection: Connection, lost: Exception | None) -> None:
        """A socket is gone."""
        self._sockets.pop(connection.id, None)
        if not self.closed:
            # In TLS 1.3 a broker refuses a client's certificate only after the handshake.
            words = words_of(lost, connection.peer) if isinstance(lost, ssl.SSLError) else ""
            self.machine.on_closed(connection, monotonic_ms(), words)
            self._perform()
