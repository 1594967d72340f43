"""Connections of a runner: of web processes (commands and frames as JSON lines) and of Kafka clients.

A web process that watches a sandbox gets frames, each with its `seq`, and acknowledges them; at most WINDOW are
unacknowledged, what it cannot take is left out, never queued.

*Invariants*: a socket never blocks; what waits to be sent has a limit, and whoever goes beyond it is cut off.
*Not here*: the loop (server.py), what commands do (commands.py), Kafka's requests (doorkeeper.py).
"""

import json
import socket
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from engine.simulation.hosted.refused import Refused
from sandbox.runner import commands
from sandbox.runner.doorkeeper import Doorkeeper
from sandbox.runner.hosted import Hosted
from sandbox.runner.turns import NEVER_S
from sandbox.runner.waking import NotYet

if TYPE_CHECKING:
    from sandbox.runner.server import Runner

READ_BYTES = 64 << 10
LINE_BYTES_MAX = 1 << 20
OUT_BYTES_MAX = 16 << 20
WINDOW = 3
FRAME_EVERY_S = 0.08
ASLEEP = -2
JUMPS = ("jump", "seek")
INSTEAD = (*JUMPS, "pause")  # of going on to where a jump was to
COMMANDS_S = 0.01  # of one connection in a round, and one command at least


class LinkGone(Exception):
    """The other side closed, or is to be cut off."""


@dataclass(slots=True)
class Watch:
    """A sandbox that a web process shows."""

    sandbox_id: UUID
    seq: int = 0
    acknowledged: int = 0
    changes: int = -1  # of the world, when it was last shown
    sent_s: float = 0.0


@dataclass(slots=True, eq=False)
class ControlLink:
    """A web process."""

    socket: socket.socket
    unread: bytearray = field(default_factory=bytearray)
    out: bytearray = field(default_factory=bytearray)
    watches: dict[UUID, Watch] = field(default_factory=dict)
    arriving: tuple[Any, Hosted, dict[str, Any]] | None = None  # the id of a jump or fork that goes on, and its answer
    rests_until_s: float = 0.0  # by the counter that times what commands cost

    def on_readable(self, runner: "Runner") -> None:
        """Take in commands; they are carried out when it is their turn."""
        self.unread += receive(self.socket)

    @property
    def asks(self) -> bool:
        """Whether a command has come that is not answered yet."""
        return self.arriving is not None or b"\n" in self.unread or len(self.unread) > LINE_BYTES_MAX

    @property
    def waits(self) -> bool:
        """Whether one may be: not while answers pile up."""
        return self.arriving is not None or (self.asks and self._has_room)

    @property
    def _has_room(self) -> bool:
        return len(self.out) < OUT_BYTES_MAX // 2

    def carry_out(self, runner: "Runner") -> bool:
        """Carry out commands for a slice of time; say whether it should have another at once.

        Whoever asks for what is costly then waits for as long, when there are others.
        """
        began_s = time.perf_counter()
        if self.arriving is not None:
            number, hosted, _ = self.arriving
            if runner.hosted.get(hosted.id) is not hosted:
                self.arriving = None
                self.answer({"id": number, "refused": "the sandbox fell asleep on the way", "field": ""})
            elif hosted.going_to is None:
                self._answer_jump()
        if began_s < self.rests_until_s:
            return False
        now_s = began_s
        while now_s < began_s + COMMANDS_S and self._has_room and (end := self.unread.find(b"\n")) >= 0:
            line = bytes(self.unread[:end])
            if self.arriving is not None and not self._may_go_first(line):
                break
            try:
                answer = self._carry_out(runner, line)
            except NotYet:
                return False  # its line stays, and is asked again when the world has had its slice
            del self.unread[: end + 1]
            self.answer(answer)
            now_s = time.perf_counter()
        if now_s >= began_s + COMMANDS_S and len(runner.hosted) > 1:
            self.rests_until_s = now_s + (now_s - began_s)
        if len(self.unread) > LINE_BYTES_MAX and b"\n" not in self.unread:
            raise LinkGone
        return self.waits and self.arriving is None and now_s >= self.rests_until_s

    def _may_go_first(self, line: bytes) -> bool:
        """What need not wait for the end of a jump: acknowledgements, and going somewhere else instead."""
        with suppress(ValueError, AttributeError):  # what is no command is refused when it is its turn
            do = json.loads(line).get("do")
            if do in INSTEAD:
                self._answer_jump()
            return do in INSTEAD or do == "ack"
        return False

    def _answer_jump(self) -> None:
        assert self.arriving is not None, "a jump waits for its answer"
        (number, hosted, told), self.arriving = self.arriving, None
        self.answer({"id": number, "ok": {**told, **commands.where(hosted)}})

    def _carry_out(self, runner: "Runner", line: bytes) -> dict[str, Any] | None:
        try:
            given = json.loads(line)
        except ValueError:
            return {"id": None, "refused": "a command is one line of JSON", "field": ""}
        if not isinstance(given, dict):
            return {"id": None, "refused": "a command is a JSON object", "field": ""}
        if given.get("do") == "ack":
            self._acknowledge(given)
            return None
        runner.swept_s = 0.0  # what it comes to is seen at once
        if given.get("do") in ("watch", "unwatch"):
            return {"id": given.get("id"), **self._watch(runner, given)}
        answer = {"id": given.get("id"), **commands.carry_out(runner, given)}
        if given.get("do") in (*JUMPS, "fork") and "ok" in answer:
            hosted = runner.hosted[UUID(answer["ok"].get("sandbox") or str(given["sandbox"]))]
            if hosted.going_to is not None:
                self.arriving = (given.get("id"), hosted, answer["ok"])
                return None
        return answer

    def _watch(self, runner: "Runner", given: dict[str, Any]) -> dict[str, Any]:
        try:
            sandbox_id = commands.sandbox_of(given)
            if given["do"] == "unwatch":
                self.watches.pop(sandbox_id, None)
            else:
                runner.awake(sandbox_id)
                self.watches[sandbox_id] = Watch(sandbox_id)
        except Refused as refused:
            return {"refused": refused.reason, "field": refused.field}
        return {"ok": {}}

    def _acknowledge(self, given: dict[str, Any]) -> None:
        with suppress(Refused):
            watch = self.watches.get(commands.sandbox_of(given))
            seq = given.get("seq")
            if watch is not None and isinstance(seq, int):
                watch.acknowledged = max(watch.acknowledged, min(seq, watch.seq))

    def frame_due_s(self, hosted: Hosted) -> float:
        """When a frame of a world is to be sent: as soon as something has changed, but not too often."""
        watch = self.watches[hosted.id]
        if hosted.changes == watch.changes or watch.seq - watch.acknowledged >= WINDOW or not hosted.is_shown:
            return NEVER_S
        return watch.sent_s + FRAME_EVERY_S

    def send_frame(self, hosted: Hosted, now_s: float) -> None:
        """Send it as it is now."""
        watch = self.watches[hosted.id]
        watch.seq, watch.changes, watch.sent_s = watch.seq + 1, hosted.changes, now_s
        self.answer({"sandbox": hosted.id.hex, "seq": watch.seq, "frame": hosted.frame()})

    def tell_asleep(self, sandbox_id: UUID) -> None:
        """One that it watches sleeps: once."""
        watch = self.watches[sandbox_id]
        if watch.changes != ASLEEP:
            watch.changes = ASLEEP
            self.answer({"sandbox": sandbox_id.hex, "asleep": True})

    def end_watch(self, sandbox_id: UUID) -> None:
        """Somebody put a sandbox to sleep: watch it no more."""
        if self.watches.pop(sandbox_id, None) is not None:
            self.answer({"sandbox": sandbox_id.hex, "asleep": True, "asked": True})

    def answer(self, message: dict[str, Any] | None) -> None:
        """Queue one line."""
        if message is not None:
            self.out += json.dumps(message, separators=(",", ":")).encode() + b"\n"
        if len(self.out) > OUT_BYTES_MAX:
            raise LinkGone

    def flush(self) -> None:
        """Send what can be sent."""
        send(self.socket, self.out)

    @property
    def reads(self) -> bool:
        """Whether it may send more commands."""
        return self._has_room and len(self.unread) <= LINE_BYTES_MAX


@dataclass(slots=True, eq=False)
class KafkaLink:
    """A Kafka client, the console's among them."""

    socket: socket.socket
    sandbox_id: UUID
    keeper: Doorkeeper

    def on_readable(self, runner: "Runner") -> None:
        """Take requests."""
        data = receive(self.socket)
        try:
            hosted = runner.awake(self.sandbox_id)
        except (Refused, NotYet):
            raise LinkGone from None
        if not hosted.is_up(self.keeper.broker):
            raise LinkGone
        hosted.used_s = runner.now_s
        self.keeper.take(hosted, data)

    def flush(self) -> None:
        """Send what can be sent, and close when that was asked for."""
        send(self.socket, self.keeper.out)
        if self.keeper.closes and not self.keeper.out:
            raise LinkGone

    @property
    def out(self) -> bytearray:
        """What waits to be sent."""
        return self.keeper.out

    @property
    def reads(self) -> bool:
        """Whether more requests may come."""
        return self.keeper.reads


def receive(link: socket.socket) -> bytes:
    """What has come; LinkGone at the end."""
    try:
        data = link.recv(READ_BYTES)
    except BlockingIOError:
        return b""
    except OSError:
        raise LinkGone from None
    if not data:
        raise LinkGone
    return data


def send(link: socket.socket, out: bytearray) -> None:
    """Send as much as the socket takes."""
    try:
        while out:
            del out[: link.send(out)]
    except BlockingIOError:
        return
    except OSError:
        raise LinkGone from None
