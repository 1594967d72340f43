"""Connections of the console to clusters: a pool of client shells on one loop thread.

Views are synchronous and Channels consumers run on Django's own loop; both hand their
work to the loop of this module, where all shells live, and wait for the result with a
time limit. A cluster that is down costs a page its time limit at most.

Invariants:
- Equal specs share one shell, and so its connections. At most SHELLS_MAX shells are open.
- A shell that nobody used for IDLE_S is closed; one that is in use never is.
- Whatever goes wrong is raised as a KafkaError.

- A connection is made only where the spec's rule of addresses allows it, each broker's among them.

Not here: what is asked (topics.py, records.py ...), who may ask (permissions.py), the rule (addresses.py).
"""

import asyncio
import os
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from console.kafka.addresses import AddressRule, Gate
from console.kafka.errors import ClusterUnreachable, translated
from engine.client.calls import Fetched, OffsetFound, Place
from engine.client.config import ClientConfig, Sasl, Tls, parse_bootstrap
from engine.client.errors import ClientError
from engine.net.client_shell import ClientShell
from engine.wire.messages.metadata import MetadataResponse
from engine.wire.primitives import Message

TIME_LIMIT_S = 2.0
GRACE_S = 0.5  # what the loop may take to notice that the time is up
IDLE_S = 60.0
SHELLS_MAX = 64
CONNECT_TIMEOUT_MS = 5_000
REQUEST_TIMEOUT_MS = 10_000

T = TypeVar("T")


class Late(ClusterUnreachable):
    """The time of an operation was up; what it had asked for may have arrived."""


@dataclass(frozen=True, slots=True)
class ConnectionSpec:
    """How to reach a cluster; equal specs share one pooled connection."""

    bootstrap: str  # "host:port,host:port"
    client_id: str = "odradek-console"
    unix_path: str = ""  # of a sandbox, instead of an address; never what somebody typed
    tls: Tls | None = None
    sasl: Sasl | None = None
    rule: AddressRule | None = None  # where it may connect to; None: anywhere, for the cluster that is our own


@dataclass(slots=True)
class Session:
    """A shell as one page or task uses it: all calls together have one deadline."""

    shell: ClientShell
    deadline_s: float

    @property
    def remaining_ms(self) -> int:
        """How long the next call may take."""
        return max(1, int((self.deadline_s - time.monotonic()) * 1000))

    async def send(self, message: Message, *, node: int | None = None, controller: bool = False, **how: Any) -> Any:
        """Send one request; to anybody unless a node or the controller is asked for."""
        timeout_ms = self.remaining_ms
        return await self.shell.send(message, node=node, controller=controller, timeout_ms=timeout_ms, **how)

    async def send_everywhere(self, message: Message) -> dict[int, Any]:
        """Send one request to every node: {node id: answer or ClientError}."""
        return await self.shell.send_everywhere(message, timeout_ms=self.remaining_ms)

    async def metadata(self, topics: list[str] | None = None) -> MetadataResponse:
        """Describe these topics, or all."""
        return await self.shell.metadata(topics, timeout_ms=self.remaining_ms)

    async def list_offsets(self, positions: list[tuple[str, int, int]]) -> dict[Place, OffsetFound | ClientError]:
        """Look up offsets by (topic, partition, timestamp)."""
        if not positions:
            return {}
        return await self.shell.list_offsets(positions, timeout_ms=self.remaining_ms)

    async def fetch(self, positions: list[tuple[str, int, int]], **settings: Any) -> dict[Place, Fetched]:
        """Read once from (topic, partition, offset)."""
        return await self.shell.fetch(positions, timeout_ms=self.remaining_ms, **settings)


Operation = Callable[[Session], Awaitable[T]]


def run(spec: ConnectionSpec, operation: Operation[T], *, time_limit_s: float = TIME_LIMIT_S) -> T:
    """Run an operation from a synchronous view and wait for its result, at most the time limit."""
    future = _submit(spec, operation, time_limit_s)
    try:
        return future.result(time_limit_s + GRACE_S)
    except FutureTimeout:
        future.cancel()
        raise _late(spec, time_limit_s) from None


def begin(spec: ConnectionSpec, operation: Operation[T], *, time_limit_s: float = TIME_LIMIT_S) -> "Future[T]":
    """The same without waiting for it."""
    return _submit(spec, operation, time_limit_s)


async def use(spec: ConnectionSpec, operation: Operation[T], *, time_limit_s: float = TIME_LIMIT_S) -> T:
    """The same on the loop of this module: for live tails."""
    return await _pool().use(spec, operation, time_limit_s)


async def run_async(spec: ConnectionSpec, operation: Operation[T], *, time_limit_s: float = TIME_LIMIT_S) -> T:
    """The same from any other loop: for Channels consumers."""
    return await asyncio.wrap_future(_submit(spec, operation, time_limit_s))


def _submit(spec: ConnectionSpec, operation: Operation[T], time_limit_s: float) -> "Future[T]":
    pool = _pool()
    return asyncio.run_coroutine_threadsafe(pool.use(spec, operation, time_limit_s), pool.loop)


def on_loop(work: "Awaitable[T]") -> "Future[T]":
    """Run a coroutine on the loop where the shells live."""
    return asyncio.run_coroutine_threadsafe(_as_coroutine(work), _pool().loop)


async def _as_coroutine(work: "Awaitable[T]") -> T:
    return await work


def _late(spec: ConnectionSpec, time_limit_s: float) -> Late:
    return Late(f"{spec.bootstrap} did not answer within {time_limit_s:g} s")


@dataclass(slots=True)
class _Entry:
    """A pooled shell."""

    shell: ClientShell
    users: int = 0
    used_s: float = 0.0


@dataclass(slots=True, eq=False)
class _Pool:
    """All shells of this process, used on one loop only."""

    loop: asyncio.AbstractEventLoop
    process_id: int
    entries: dict[ConnectionSpec, _Entry] = field(default_factory=dict)

    async def use(self, spec: ConnectionSpec, operation: Operation[T], time_limit_s: float) -> T:
        try:
            entry = await self._entry(spec)
        except ValueError as error:
            raise ClusterUnreachable(str(error)) from None
        entry.users += 1
        try:
            async with asyncio.timeout(time_limit_s):
                # The machine's own answer comes first: it knows why nothing came.
                return await operation(Session(entry.shell, time.monotonic() + time_limit_s * 0.95))
        except TimeoutError:
            raise _late(spec, time_limit_s) from None
        except ClientError as error:
            raise translated(error) from None
        finally:
            entry.users -= 1
            entry.used_s = time.monotonic()

    async def _entry(self, spec: ConnectionSpec) -> _Entry:
        entry = self.entries.get(spec)
        if entry is None:
            shell = new_shell(spec)
            await self._make_room()
            entry = self.entries.setdefault(spec, _Entry(shell))
            if entry.shell is shell:
                await shell.start()
        entry.used_s = time.monotonic()
        return entry

    async def _make_room(self) -> None:
        while len(self.entries) >= SHELLS_MAX:
            idle = [spec for spec, entry in self.entries.items() if not entry.users]
            if not idle:
                raise ClusterUnreachable("the console has too many connections to clusters in use; try again later")
            await self._close(min(idle, key=lambda spec: self.entries[spec].used_s))

    async def close_idle(self) -> None:
        """Close what nobody needs, for ever."""
        while True:
            await asyncio.sleep(IDLE_S / 4)
            now_s = time.monotonic()
            for spec, entry in list(self.entries.items()):
                if not entry.users and now_s - entry.used_s >= IDLE_S:
                    await self._close(spec)

    async def _close(self, spec: ConnectionSpec) -> None:
        entry = self.entries.pop(spec, None)
        if entry is not None:
            await entry.shell.close()


def shell_config(spec: ConnectionSpec) -> ClientConfig:
    """How the console's clients behave: soon back with an answer or a reason. ValueError for a bad bootstrap."""
    return ClientConfig(
        bootstrap=parse_bootstrap(spec.bootstrap),
        client_id=spec.client_id,
        connect_timeout_ms=CONNECT_TIMEOUT_MS,
        request_timeout_ms=REQUEST_TIMEOUT_MS,
        backoff_ms_min=20,
        backoff_ms_max=500,
        tls=spec.tls,
        sasl=spec.sasl,
    )


def new_shell(spec: ConnectionSpec, **changes: Any) -> ClientShell:
    """A client of its own, outside of the pool: `changes` are of its ClientConfig. ValueError as shell_config."""
    config = replace(shell_config(spec), **changes)
    gate = Gate(spec.rule, config.bootstrap) if spec.rule is not None else None
    return ClientShell(spec.bootstrap, config=config, gate=gate, unix_path=spec.unix_path)


def check_spec(spec: ConnectionSpec) -> None:
    """ValueError, with a sentence, for servers, certificates or keys that cannot be understood."""
    new_shell(spec)


_lock = threading.Lock()
_state: dict[str, _Pool] = {}


def is_decoding() -> bool:
    """Whether a long answer of a cluster is being decoded."""
    pool = _state.get("pool")
    entries = list(pool.entries.values()) if pool is not None else []
    return any(entry.shell.machine.connections.decoding for entry in entries)


def _pool() -> _Pool:
    """The pool of this process, made when it is first needed. A forked child gets its own."""
    with _lock:
        pool = _state.get("pool")
        if pool is None or pool.process_id != os.getpid():
            loop = asyncio.new_event_loop()
            # Names are looked up in threads: so many that a name server that hangs keeps nobody else waiting.
            loop.set_default_executor(ThreadPoolExecutor(SHELLS_MAX, thread_name_prefix="names"))
            pool = _state["pool"] = _Pool(loop, os.getpid())
            threading.Thread(target=_run_loop, args=(pool,), name="kafka-clients", daemon=True).start()
        return pool


def _run_loop(pool: _Pool) -> None:
    asyncio.set_event_loop(pool.loop)
    sweeping = pool.loop.create_task(pool.close_idle())
    pool.loop.run_forever()
    sweeping.cancel()
