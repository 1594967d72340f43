"""The real world around one broker machine: one loop feeds it from sockets, a clock and files.

Nothing is decided here. Each callback is: tell the machine what happened, then `perform`
what it wants.

Invariants:
- One thread owns machine, sockets and buffers. Sync and helper threads come in by
  `call_soon_threadsafe` and nowhere else.
- A slow reader costs its own queue; bytes of requests that are not whole yet are held
  for at most queued.max.request.bytes in all, and one connection more.

Not here: sockets (connection.py), accepting (listener.py), files (files.py), what the
broker does (engine/broker).
"""

import asyncio
import errno
import logging
import random
import socket
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path

from engine.broker.broker import Broker
from engine.broker.config import BrokerConfig
from engine.broker.config import Listener as ListenerConfig
from engine.core.connection.reply_order import Connection
from engine.core.effects import Work
from engine.core.work import WORK
from engine.net.clock import monotonic_ms, wall_offset_ms
from engine.net.connection import Link
from engine.net.files import DirectoryLocked, DirectoryUnusable, FileDisk
from engine.net.kernel_syncs import KernelSyncs, Unavailable
from engine.net.listener import Listener, bind
from engine.net.loop import Loop, new_loop
from engine.net.memory import Memory, return_large_blocks
from engine.net.sync_threads import SyncThread
from engine.storage.disk import StorageError

SWEEP_SECONDS = 0.5
CLOCK_LEAP_MS = 50
STOP_MS_MAX = 5_000  # how long replies that wait for a sync may hold up a stop
STOP_POLL_SECONDS = 0.01
ANSWER_SECONDS = 5.0  # how long another thread waits for the loop

logger = logging.getLogger(__name__)


class StartRefused(Exception):
    """The broker cannot start; the text is one sentence for people."""


class PortInUse(StartRefused):
    """Another process listens there."""


class AddressUnusable(StartRefused):
    """The host cannot be listened at."""


class DirectoryInUse(StartRefused):
    """Another process has the data directory."""


class DirectoryBroken(StartRefused):
    """The data directory cannot be used, or what is in it cannot be read."""


class BrokerStopped(Exception):
    """The broker was asked something when it was not running."""


class BrokerShell:
    """One broker; `run` blocks the thread it is called in, everything else may be called from others."""

    machine: Broker
    disk: FileDisk
    loop: Loop

    def __init__(self, config: BrokerConfig, directory: Path) -> None:
        self.config, self.directory = config, directory
        self.links: dict[int, Link] = {}
        self.links_by_host: Counter[str] = Counter()
        self.connection_count = 0
        self.listeners: list[Listener] = []
        self.memory = Memory(config.queued_max_request_bytes)
        self.helper = ThreadPoolExecutor(1, thread_name_prefix="helper")
        self.timer: asyncio.TimerHandle | None = None
        self.timer_ms = 0
        self.bugs = 0
        self.troubles: dict[str, None] = {}  # told and not over
        self.failed_writes = 0  # when troubles were last looked for
        self.stopping = False
        self.running = threading.Event()
        self.stopped = threading.Event()

    # ---- from any thread

    def run(self, on_ready: Callable[[int], None]) -> None:
        """Serve until `stop`; `on_ready` gets the port of the first listener. StartRefused if that cannot be."""
        return_large_blocks()
        self.loop = new_loop()
        listening: list[socket.socket] = []
        try:
            self.disk = self._open_disk()
            try:
                listening = [_bind(one) for one in self.config.listeners]
                self._start_machine(listening)
                asks = self._accepted, self._refuses, self._is_full
                self.listeners = [Listener(self.loop, one, *asks) for one in listening]
                self.loop.call_soon(self._sweep)
                self.running.set()
                self.loop.call_soon(on_ready, listening[0].getsockname()[1])
                self.loop.run_forever()
            finally:
                for one in listening:
                    one.close()
                self.disk.close_all()
        except DirectoryLocked as error:
            raise DirectoryInUse(str(error)) from error
        except DirectoryUnusable as error:
            raise DirectoryBroken(str(error)) from error
        finally:
            self.running.clear()
            self.helper.shutdown(cancel_futures=True)
            self.loop.close()
            self.stopped.set()

    def stop(self) -> None:
        """Stop in order; returns when that is done."""
        if self._call(self._begin_stop):
            self.stopped.wait()

    def task(self, name: str) -> None:
        """Ask the broker to do what a task is named for; returns at once."""
        if not self._call(self._run_task, name):
            raise BrokerStopped("the broker is not running")

    def statistics(self) -> dict[str, int | str | None]:
        """What the broker counted, and what is now."""
        answer: Future[dict[str, int | str | None]] = Future()
        if not self._call(lambda: answer.set_result(self._statistics())):
            raise BrokerStopped("the broker is not running")
        return answer.result(ANSWER_SECONDS)

    def _call(self, function: Callable[..., object], *arguments: object) -> bool:
        """Have the loop's thread call it; False if there is no loop any more."""
        if not self.running.is_set():
            return False
        try:
            self.loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:  # closed between the two lines
            return False
        return True

    # ---- start and stop

    def _open_disk(self) -> FileDisk:
        thread = SyncThread(self._sync_finished)
        disk = FileDisk(self.directory, thread)
        try:
            disk.helper = KernelSyncs(self.loop, thread, disk.directory_descriptor, self._on_synced)
        except Unavailable as reason:
            logger.info("syncs go through a thread, because the kernel does not do them alone: %s", reason)
        return disk

    def _start_machine(self, listening: list[socket.socket]) -> None:
        ports = [one.getsockname()[1] for one in listening]
        config = replace(
            self.config,
            listeners=tuple(one._replace(port=port) for one, port in zip(self.config.listeners, ports, strict=True)),
            advertised_listeners=tuple(
                one if one.port else one._replace(port=port)
                for one, port in zip(self.config.advertised_listeners, ports, strict=False)
            ),
        )
        self.machine = Broker(self.disk, config, random.SystemRandom())
        try:
            self.machine.start(monotonic_ms(), wall_offset_ms())
        except StorageError as error:
            raise DirectoryBroken(f"The data in {self.directory} cannot be opened: {error}.") from error
        self.perform()

    def _begin_stop(self) -> None:
        if not self.stopping:
            self.stopping = True
            for listener in self.listeners:
                listener.close()
            self._finish_stop(monotonic_ms() + STOP_MS_MAX)

    def _finish_stop(self, latest_ms: int) -> None:
        """Let replies that wait for a sync out first, but not for ever."""
        machine = self.machine
        waiting = machine.durability.syncing or any(link.connection.out.items for link in self.links.values())
        if waiting and monotonic_ms() < latest_ms:
            self.loop.call_later(STOP_POLL_SECONDS, self._finish_stop, latest_ms)
            return
        for link in list(self.links.values()):
            self.drop(link)
        try:
            machine.stop(monotonic_ms())
        except StorageError:
            logger.exception("the logs could not be closed in order: the next start will check them")
        self.loop.stop()

    # ---- what happens

    def _accepted(self, sock: socket.socket, host: str) -> None:
        self.connection_count += 1
        connection = self.machine.on_connected(self.connection_count, host, monotonic_ms())
        link = self.links[self.connection_count] = Link(self, sock, connection)
        self.links_by_host[host] += 1
        link.watch_reading(True)
        self.perform()

    def _refuses(self, host: str) -> bool:
        return self.links_by_host[host] >= self.config.max_connections_per_ip

    def _is_full(self) -> bool:
        return len(self.links) >= self.config.max_connections

    def _sync_finished(self, token: int, error: str | None) -> None:
        """Called by the sync thread."""
        self._call(self._on_synced, token, error)

    def _on_synced(self, token: int, error: str | None) -> None:
        if error is None:
            self.machine.on_synced(token, monotonic_ms())
        else:
            self.machine.on_sync_failed(token, error, monotonic_ms())
        self.perform()

    def _on_work_done(self, token: int, done: "Future[object]") -> None:
        self.machine.on_work_done(token, done.result(), monotonic_ms())
        self.perform()

    def _on_timer(self) -> None:
        self.timer = None
        self.machine.on_deadline(monotonic_ms())
        self.perform()

    def _run_task(self, name: str) -> None:
        self.machine.on_task(name, monotonic_ms())
        self.perform()

    def _sweep(self) -> None:
        """Twice a second: give back buffers, look whether the wall clock leapt."""
        for link in list(self.links.values()):
            before = len(link.buffer)
            link.shrink()
            self.memory.note(link.connection.id, before, len(link.buffer))
        self._feed_starved()
        self._tell_troubles()
        offset_ms = wall_offset_ms()
        if abs(offset_ms - self.machine.wall_offset_ms) >= CLOCK_LEAP_MS:
            self.machine.on_wall_clock(offset_ms, monotonic_ms())
            self.perform()
        self.loop.call_later(SWEEP_SECONDS, self._sweep)

    def _tell_troubles(self) -> None:
        """Log, once, what is wrong with the data."""
        troubles = {
            f"{topic}-{index} cannot be opened: {reason}": None
            for (topic, index), reason in self.machine.replica_manager.unopened.items()
        }
        if self.machine.durability.failed is not None:
            troubles[f"{self.directory} is offline until a restart: {self.machine.durability.failed}"] = None
        elif self.machine.counters.failed_writes != self.failed_writes:
            troubles[f"{self.directory} is full: writes are refused until there is room again"] = None
        self.failed_writes = self.machine.counters.failed_writes
        if unreadable := self.machine.counters.group_records_unreadable:
            troubles[f"{unreadable} batches or records of __consumer_offsets cannot be read: they are passed over"] = (
                None
            )
        for trouble in troubles:
            if trouble not in self.troubles:
                logger.critical(trouble)
        self.troubles = troubles

    # ---- what the machine wants

    def perform(self) -> None:
        """Send, resume, close, start work, keep the timer: what the machine wants, in that order."""
        effects = self.machine.effects
        touched = effects.touched
        while touched:
            link = self.links.get(touched.pop().id)
            if link is not None and not link.writing:
                link.on_writable()
        if effects.resume or effects.close or effects.abort or effects.work or effects.observations:
            self._perform_rare()
        deadline_ms = self.machine.next_deadline_ms
        if deadline_ms is not None and (self.timer is None or deadline_ms < self.timer_ms):
            self._set_timer(deadline_ms)

    def _perform_rare(self) -> None:
        effects = self.machine.effects
        for connection in _taken(effects.resume):
            if (link := self.links.get(connection.id)) is not None:
                link.resume()
        for connection in _taken(effects.close):
            if (link := self.links.get(connection.id)) is not None:
                link.close_when_sent()
        for connection in _taken(effects.abort):
            if (link := self.links.get(connection.id)) is not None:
                self.drop(link)
        work, effects.work = effects.work, []
        for one in work:
            self._start_work(one)
        effects.observations.clear()

    def _start_work(self, work: Work) -> None:
        done = self.helper.submit(WORK[work.name], work.argument)
        done.add_done_callback(lambda future: self._call(self._on_work_done, work.token, future) and None)

    def _set_timer(self, deadline_ms: int) -> None:
        if self.timer is not None:
            self.timer.cancel()
        self.timer_ms = deadline_ms
        self.timer = self.loop.call_later(max(0, deadline_ms - monotonic_ms()) / 1000, self._on_timer)

    # ---- what links ask

    def drop(self, link: Link) -> None:
        """The socket is gone: forget it, tell the machine."""
        if self.links.pop(link.connection.id, None) is None:
            return
        link.close()
        host = link.connection.peer
        self.links_by_host[host] -= 1
        if not self.links_by_host[host]:
            del self.links_by_host[host]
        for listener in self.listeners:
            listener.go_on()
        self.memory.forget(link.connection.id)
        self.machine.on_closed(link.connection, monotonic_ms())
        self._feed_starved()
        self.perform()

    def failed(self, link: Link) -> None:
        """Our bug, met by this connection's bytes: say so, close it, serve the others."""
        self.bugs += 1
        logger.exception("a request of %s met a bug; its connection is closed", link.connection.peer)
        self.drop(link)

    def may_grow(self, link: Link, more_bytes: int) -> bool:
        """Say whether there is memory for a larger buffer."""
        return self.memory.may_grow(link.connection.id, more_bytes)

    def fd_of(self, file: int) -> int:
        """The descriptor of a file of the machine's Disk."""
        return self.disk.fd(file)

    def _feed_starved(self) -> None:
        for connection_id in self.memory.take_waiting():
            link = self.links.get(connection_id)
            if link is not None:
                link.feed()

    def _statistics(self) -> dict[str, int | str | None]:
        machine = self.machine
        return {
            **asdict(machine.counters),
            "connections": len(self.links),
            "connections_accepted": self.connection_count,
            "partitions": sum(1 for _ in machine.replica_manager.all()),
            "fetch_sessions": len(machine.fetch_sessions.sessions),
            "buffered_bytes": sum(len(link.buffer) for link in self.links.values()),
            "queued_bytes": sum(link.connection.out.queued_bytes for link in self.links.values()),
            "bugs": self.bugs,
            "log_dir_failed": machine.durability.failed,
        }


def _taken(wishes: list[Connection]) -> list[Connection]:
    """The wishes, and an empty list in their place."""
    taken = wishes.copy()
    wishes.clear()
    return taken


def _bind(listener: ListenerConfig) -> socket.socket:
    try:
        return bind(listener.host, listener.port)
    except OSError as error:
        where = f"{listener.host or 'every address'}, port {listener.port}"
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(f"Another process already listens at {where}.") from error
        raise AddressUnusable(f"Nothing can listen at {where}: {error.strerror or error}.") from error
