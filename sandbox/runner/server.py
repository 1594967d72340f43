"""The runner: one loop over sockets and worlds.

Each round it reads and answers what has come, then gives turns to the worlds that are due (rounds.py), for ROUND_S.

Commands and frames go through a Unix socket of the runner's own, not through Redis: a learner's picture then lives and
stops with the process that makes it, and a frozen Redis is nobody's concern here. What must outlive everything (which
runner hosts what, what was done) is in the database and in files.

*Invariants*: nothing here blocks for long but the disk and the database; a world whose code fails is put to sleep as it
was last kept, and the others go on; a runner that lost a lease hosts no more.
*Not here*: Celery (worker.py), what worlds are (engine/simulation/hosted).
"""

import logging
import selectors
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from uuid import UUID

from django.db import Error as DatabaseError
from django.db import close_old_connections

from engine.simulation.hosted.refused import Refused
from sandbox import places
from sandbox.lease import LEASE_S, RENEW_S, must_let_go
from sandbox.lifecycle import State
from sandbox.limits import limits_of
from sandbox.models import Sandbox
from sandbox.runner import rounds
from sandbox.runner.build import build_of
from sandbox.runner.collector import Calm
from sandbox.runner.doorkeeper import Doorkeeper
from sandbox.runner.file_keeper import FileKeeper
from sandbox.runner.hosted import Hosted, shape_of, wake
from sandbox.runner.links import ControlLink, KafkaLink, LinkGone
from sandbox.runner.rates import Bucket, Rate
from sandbox.runner.rounds import ROUND_S, SWEEP_S
from sandbox.runner.sockets import accept, listen, remove_dead
from sandbox.runner.turns import NEVER_S, Turns
from sandbox.runner.waking import NotYet
from sandbox.services import leases, sandboxes

logger = logging.getLogger("sandbox.runner")

AWAKE_MAX = 200
LINKS_MAX = 2_000
WAKE_AGAIN_S = 5.0  # what failed while it woke is not tried sooner


class Runner:
    """One process that hosts worlds."""

    def __init__(self, name: str) -> None:
        """Make its sockets; `run` serves."""
        self.name = name
        self.key, self.build = places.keyframe_key(), build_of()
        self.selector = selectors.DefaultSelector()
        self.hosted: dict[UUID, Hosted] = {}
        self.rates: dict[UUID, Rate] = {}
        self.listeners: dict[UUID, socket.socket] = {}
        self.links: dict[ControlLink | KafkaLink, int] = {}
        self.leased_until_s: dict[UUID, float] = {}
        self.not_before_s: dict[UUID, float] = {}  # of those that failed while they woke
        self.renewed_s = 0.0
        self.to_keep: list[UUID] = []  # whose files are still to be counted
        self.house_kept_s = 0.0
        self.turns, self.calm = Turns(), Calm()
        self.asking: dict[ControlLink, None] = {}  # who has said something
        self.watching: dict[UUID, list[ControlLink]] = {}  # as the last sweep saw it
        self.clients: dict[UUID, list[KafkaLink]] = {}
        self.swept_s = 0.0  # set to 0 when there is something to see
        self.now_s = time.monotonic()
        self.stopping = False
        remove_dead(places.make_sockets())
        self.control = listen(places.control_path(name))
        self.selector.register(self.control, selectors.EVENT_READ, None)

    # ---- the loop

    def run(self) -> None:
        """Serve until it is told to stop; then every world falls asleep."""
        busy = False
        while not self.stopping:
            busy = self.serve_once(0.0 if busy else self._pause_s())
        for sandbox_id in list(self.hosted):
            with self.forgotten_if_it_fails(sandbox_id):
                self.put_to_sleep(sandbox_id)
        for link in list(self.links):
            self._drop(link)
        for sandbox_id in list(self.listeners):
            self._unlisten(sandbox_id)
        self.selector.unregister(self.control)
        self.control.close()
        places.control_path(self.name).unlink(missing_ok=True)
        self.selector.close()

    def stop(self) -> None:
        """End `run` after this round; from any thread."""
        self.stopping = True

    def _pause_s(self) -> float:
        now_s = time.monotonic()
        return max(0.0, min(self.turns.pause_s(now_s), self.swept_s + SWEEP_S - now_s))

    def serve_once(self, wait_s: float) -> bool:
        """One round; say whether somebody has asked for more that may go on at once."""
        ready = self.selector.select(wait_s)
        self.now_s = time.monotonic()
        if must_let_go(min(self.leased_until_s.values(), default=NEVER_S), self.now_s):
            self._renew()  # this process stood still: whoever is another's by now must not be touched
        for key, _ in ready:
            if key.fileobj is self.control:
                self._accept_control()
            elif isinstance(key.data, UUID):
                self._accept_kafka(key.data)
            elif key.data in self.links:
                self._serve(key.data)
        busy = self._carry_out()
        if self.now_s >= self.swept_s + SWEEP_S:
            self.swept_s = self.now_s
            rounds.sweep(self)
            self.keep_house()
        rounds.give_turns(self)
        if self.now_s - self.renewed_s >= RENEW_S:
            self._renew()
            self.calm.look(quiet=not self.asking and self.turns.pause_s(self.now_s) > SWEEP_S)
        return busy

    def _carry_out(self) -> bool:
        """Commands that have come, for a round's time; say whether some wait that may go on at once."""
        ends_s, more = time.monotonic() + ROUND_S, False
        for link in list(self.asking):
            if not link.waits:
                if not link.asks:
                    del self.asking[link]
                continue
            if time.monotonic() > ends_s:
                return True
            del self.asking[link]
            self.asking[link] = None  # the others come first in the next round
            with self.dropped_if_it_fails(link):
                more = link.carry_out(self) or more
                self.settle(link)
        return more

    @contextmanager
    def forgotten_if_it_fails(self, sandbox_id: UUID) -> Iterator[None]:
        """A bug of ours in one world must not take the others down; what it had is kept."""
        try:
            yield
        except Exception:
            logger.exception("sandbox %s failed and is put to sleep", sandbox_id)
            if sandbox_id in self.hosted and self.hosted[sandbox_id].waking is not None:
                self.not_before_s[sandbox_id] = self.now_s + WAKE_AGAIN_S
            self.forget(sandbox_id)

    def _serve(self, link: ControlLink | KafkaLink) -> None:
        hosted = self.hosted.get(link.sandbox_id) if isinstance(link, KafkaLink) else None
        if hosted is not None and hosted.going_to is not None:
            return  # clients see moments that were asked for, not those on the way
        with self.dropped_if_it_fails(link):
            if link.reads:
                link.on_readable(self)
            if isinstance(link, ControlLink):
                self.asking[link] = None
            else:
                rounds.go_on(self, link)
            self.settle(link)
        if isinstance(link, KafkaLink):
            rounds.answer(self, link.sandbox_id)

    @contextmanager
    def dropped_if_it_fails(self, link: ControlLink | KafkaLink) -> Iterator[None]:
        """Nor must one in what a connection brings."""
        try:
            yield
        except LinkGone:
            self._drop(link)
        except Exception:
            logger.exception("a connection failed and is closed")
            self._drop(link)
            if isinstance(link, KafkaLink):
                self.forget(link.sandbox_id)

    def settle(self, link: ControlLink | KafkaLink) -> None:
        """Send what can be sent, and see what it waits for."""
        link.flush()
        wanted = (selectors.EVENT_READ if link.reads else 0) | (selectors.EVENT_WRITE if link.out else 0)
        if self.links[link] != wanted:
            if self.links[link]:
                self.selector.unregister(link.socket)
            if wanted:
                self.selector.register(link.socket, wanted, link)
            self.links[link] = wanted

    def _accept_control(self) -> None:
        taken = accept(self.control)
        if taken is not None:
            self._add(ControlLink(taken))

    def _accept_kafka(self, sandbox_id: UUID) -> None:
        taken = accept(self.listeners[sandbox_id])
        if taken is None:
            return
        with self.forgotten_if_it_fails(sandbox_id), suppress(Refused, NotYet):
            self.awake(sandbox_id)
        hosted = self.hosted.get(sandbox_id)
        there = len(self.clients.get(sandbox_id, ()))
        is_up = hosted is not None and (hosted.waking is not None or hosted.is_up(places.BROKER_SOCKET))
        if hosted is None or not is_up or there >= hosted.limits.connections:
            taken.close()
            return
        self._add(KafkaLink(taken, sandbox_id, Doorkeeper(places.BROKER_SOCKET, 1, self.rates[sandbox_id])))

    def _add(self, link: ControlLink | KafkaLink) -> None:
        if len(self.links) >= LINKS_MAX:
            link.socket.close()
            return
        if isinstance(link, KafkaLink):
            self.clients.setdefault(link.sandbox_id, []).append(link)
        self.links[link] = selectors.EVENT_READ
        self.selector.register(link.socket, selectors.EVENT_READ, link)

    def _drop(self, link: ControlLink | KafkaLink) -> None:
        if isinstance(link, ControlLink):
            self.asking.pop(link, None)
        elif link in self.links:
            self.clients[link.sandbox_id].remove(link)
        if self.links.pop(link, 0):
            self.selector.unregister(link.socket)
        link.socket.close()

    # ---- worlds

    def awake(self, sandbox_id: UUID) -> Hosted:
        """The world of a sandbox, woken or begun if it must be; Refused if it cannot be had, NotYet if it wakes."""
        hosted = self.hosted.get(sandbox_id)
        if hosted is None:
            self.not_before_s = {one: at_s for one, at_s in self.not_before_s.items() if at_s > self.now_s}
            if sandbox_id in self.not_before_s:
                raise Refused("it could not be woken, and that is noted: try again in a moment")
            try:
                hosted = self._wake(sandbox_id)
            except DatabaseError:
                logger.warning("sandbox %s cannot be woken: the database does not answer", sandbox_id)
                raise Refused("the database does not answer now: try again in a moment") from None
        hosted.used_s = self.now_s
        if hosted.waking is not None:
            raise NotYet
        return hosted

    def _wake(self, sandbox_id: UUID) -> Hosted:
        close_old_connections()
        if len(self.hosted) >= AWAKE_MAX:
            raise Refused("too many sandboxes are awake here: try again in a minute")
        row = Sandbox.objects.filter(id=sandbox_id).first()
        if row is None or row.state == State.EXPIRED:
            raise Refused("this sandbox is over", "sandbox")
        try:
            if not leases.wake(row, self.name):
                raise Refused("another runner hosts this sandbox", "sandbox")
        except sandboxes.SandboxRefused as refused:
            raise Refused(str(refused), "running") from None
        self.leased_until_s[sandbox_id] = time.monotonic() + LEASE_S
        limits = limits_of(row.limits)
        keeper = FileKeeper(places.directory(sandbox_id), self.key, self.build)
        hosted = wake(sandbox_id, row.seed, shape_of(row.shape, limits), keeper, limits)
        if row.state == State.REQUESTED and not keeper.actions and not hosted.timeline.head:
            hosted.play(1.0)
        self._host(hosted)
        sandboxes.used(sandbox_id)
        return hosted

    def _host(self, hosted: Hosted) -> None:
        limits = hosted.limits
        self.hosted[hosted.id] = hosted
        self.rates[hosted.id] = Rate(Bucket(limits.records_a_s), Bucket(limits.bytes_a_s))
        if hosted.id not in self.listeners:
            path = places.socket_path(hosted.id)
            path.parent.mkdir(mode=0o700, exist_ok=True)
            self.listeners[hosted.id] = listen(path)
            self.selector.register(self.listeners[hosted.id], selectors.EVENT_READ, hosted.id)

    def fork(self, hosted: Hosted, events: int, name: str) -> Hosted:
        """A branch of a sandbox, awake and paused, or on its way to where it begins."""
        hosted.timeline.must_have(events)
        row = Sandbox.objects.get(id=hosted.id)
        try:
            made = sandboxes.make_fork(row, events, name)
        except sandboxes.SandboxRefused as refused:
            raise Refused(str(refused)) from None
        timeline = hosted.timeline.fork(events, arrives=False)
        keeper = timeline.keeper
        assert isinstance(keeper, FileKeeper), "a hosted timeline is kept in files"
        keeper.move(places.directory(made.id))
        keeper.keep_moment(events, events)
        leases.take(made.id, self.name)
        self.leased_until_s[made.id] = time.monotonic() + LEASE_S
        branch = Hosted(made.id, timeline, keeper, hosted.limits, replace(hosted.traffic), used_s=self.now_s)
        branch.keep_traffic()
        self._host(branch)
        if not branch.timeline.at_present:
            branch.jump(events)
        return branch

    def put_to_sleep(self, sandbox_id: UUID) -> None:
        """Keep a world on disk and forget it."""
        hosted = self.hosted.get(sandbox_id)
        if hosted is not None:
            hosted.fall_asleep()
        self.forget(sandbox_id)

    def put_to_sleep_as_asked(self, sandbox_id: UUID) -> None:
        """Its owner wants it asleep: pages that show it are told, so that none wakes it again at once."""
        self.put_to_sleep(sandbox_id)
        for link in self.links:
            if isinstance(link, ControlLink):
                link.end_watch(sandbox_id)

    def forget(self, sandbox_id: UUID) -> None:
        """Host a world no more; what is on disk stays as it is."""
        hosted = self.hosted.pop(sandbox_id, None)
        if hosted is not None:
            hosted.keeper.let_go()
        self.turns.forget(sandbox_id)
        self.rates.pop(sandbox_id, None)
        if self.leased_until_s.pop(sandbox_id, None) is not None:
            with suppress(DatabaseError):  # then the lease ends by itself
                leases.let_go(sandbox_id, self.name)
        for link in list(self.clients.get(sandbox_id, ())):
            self._drop(link)
        self.clients.pop(sandbox_id, None)

    def _unlisten(self, sandbox_id: UUID) -> None:
        """Take no more connections; the name goes too, unless it is another runner's socket by now."""
        listener = self.listeners.pop(sandbox_id, None)
        if listener is not None:
            self.selector.unregister(listener)
            listener.close()
            path = places.socket_path(sandbox_id)
            with suppress(DatabaseError, OSError):  # then it stays, and whoever listens there next replaces it
                if leases.holder(sandbox_id) in ("", self.name):
                    path.unlink(missing_ok=True)
                    path.parent.rmdir()

    def keep_house(self) -> None:
        """One world a sweep, and none that writes: to count the files of all of them at once would be seen."""
        if not self.to_keep:
            if self.now_s < self.house_kept_s + RENEW_S:
                return
            self.to_keep, self.house_kept_s = list(self.hosted), self.now_s
        hosted = self.hosted.get(self.to_keep[-1]) if self.to_keep else None
        if hosted is not None and hosted.keeper.writes:
            return
        del self.to_keep[-1:]
        if hosted is not None:
            with self.forgotten_if_it_fails(hosted.id):
                hosted.keep_house()

    def _renew(self) -> None:
        """Prolong the leases, put idle worlds to sleep, let go of what is over or lost."""
        self.renewed_s = self.now_s
        watched = {watch for link in self.links if isinstance(link, ControlLink) for watch in link.watches}
        for sandbox_id, hosted in list(self.hosted.items()):
            idle_s = hosted.limits.idle_s
            if sandbox_id not in watched and idle_s is not None and self.now_s - hosted.used_s > idle_s:
                with self.forgotten_if_it_fails(sandbox_id):
                    self.put_to_sleep(sandbox_id)
        try:
            close_old_connections()
            held = leases.renew(list(self.hosted), self.name)
        except DatabaseError:
            logger.warning("leases cannot be renewed now: the database does not answer")
            held = [one for one, until_s in self.leased_until_s.items() if not must_let_go(until_s, self.now_s)]
        else:
            for sandbox_id in held:
                self.leased_until_s[sandbox_id] = self.now_s + LEASE_S
        for sandbox_id in [one for one in self.hosted if one not in held]:
            self.forget(sandbox_id)  # expired, deleted, or another runner's: what is on disk is not ours to write
            self._unlisten(sandbox_id)
