"""One connection of a program outside to a sandbox's broker: frames in, answers out, in their order.

Reads are answered by a view beside the world; writes enter it as actions and are answered when the world has. A read
that the broker would let wait is asked again when something has happened, and answered at its time by the wall clock:
a paused world keeps nobody longer than it was asked to.

*Invariants*: answers leave in the order of their requests; nothing is read while too much waits; what is no request
closes the connection.
*Not here*: sockets (server.py), which request goes where (engine/simulation/hosted/doors.py).
"""

import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from engine.simulation.hosted import doors
from engine.simulation.hosted.doors import Asked, Door
from engine.simulation.hosted.refused import Refused
from engine.simulation.hosted.shape import broker_of
from engine.simulation.hosted.views import HungUp
from engine.wire import frames
from engine.wire.messages.fetch import FetchRequest
from engine.wire.messages.produce import ProduceResponse
from engine.wire.primitives import DAMAGE, Malformed
from sandbox.runner.hosted import Hosted
from sandbox.runner.rates import Rate

WAITING_MAX = 64
OUT_BYTES_MAX = 8 << 20
FRAME_BYTES_MAX = 9 << 20
WRITE_WAIT_S = 30.0  # for the world's answer to a write
LOOK_AGAIN_S = 0.05


@dataclass(slots=True)
class Waiting:
    """A request without its answer yet."""

    asked: Asked
    door: Door
    until_s: float  # when it is answered with what there is
    call: int = 0
    events: int = -1  # of the world, when a view was asked last
    answer: bytes | None = None
    not_before_s: float = 0.0  # it was too fast
    again_s: float = 0.0


@dataclass(slots=True, eq=False)
class Doorkeeper:
    """What is known of one outer connection."""

    broker: str
    line: int
    rate: Rate
    unread: bytearray = field(default_factory=bytearray)
    out: bytearray = field(default_factory=bytearray)
    waiting: deque[Waiting] = field(default_factory=deque)
    closes: bool = False  # once `out` is sent

    @property
    def reads(self) -> bool:
        """Whether more may be read from its socket."""
        return not self.closes and len(self.waiting) < WAITING_MAX and len(self.out) < OUT_BYTES_MAX

    def take(self, hosted: Hosted, data: bytes) -> None:
        """Bytes came."""
        self.unread += data
        try:
            while not self.closes and len(self.waiting) < WAITING_MAX:
                with memoryview(self.unread) as view:
                    end = frames.frame_end(view, 0, len(self.unread), FRAME_BYTES_MAX)
                if end > len(self.unread):
                    break
                frame = bytes(self.unread[:end])
                del self.unread[:end]
                self._begin(hosted, doors.read(frame))
        except (Malformed, *DAMAGE):
            self.closes = True
        self.go_on(hosted)

    def _begin(self, hosted: Hosted, asked: Asked) -> None:
        now_s = time.monotonic()
        broker = broker_of(hosted.timeline.world.nodes[self.broker])
        waiting = Waiting(asked, doors.door_of(asked, broker), now_s)
        if waiting.door is Door.READ:
            waiting.until_s = now_s + _wait_s(asked)
            if asked.api_key == doors.FETCH:
                self._may_read(hosted, waiting)
        elif waiting.door is Door.REFUSED:
            self._refuse(waiting, doors.MEMBERS)
        else:
            try:
                doors.check(asked, broker, hosted.timeline.limits)
                answered = doors.is_answered(asked)
                if asked.api_key == doors.PRODUCE:
                    hosted.traffic.must_take(len(asked.frame))
                waiting.call = len(hosted.keeper.actions) + 1
                waiting.until_s = now_s + WRITE_WAIT_S
                waiting.not_before_s = self.rate.draw(asked, now_s)
                hosted.write(self.line, waiting.call, asked.frame, answered)
                if asked.api_key == doors.PRODUCE:
                    hosted.count(taken=len(asked.frame))
                if not answered:
                    return
            except Refused as refused:
                self._refuse(waiting, refused.reason)
        if not self.closes:
            self.waiting.append(waiting)

    def _may_read(self, hosted: Hosted, waiting: Waiting) -> None:
        try:
            hosted.traffic.must_give()
        except Refused as refused:
            self._refuse(waiting, refused.reason)

    def _refuse(self, waiting: Waiting, words: str) -> None:
        waiting.answer = doors.refuse(waiting.asked, words)
        waiting.door = Door.REFUSED
        self.closes = self.closes or waiting.answer is None

    def go_on(self, hosted: Hosted, answers: dict[int, bytes | None] | None = None) -> None:
        """Answer what can be answered now."""
        if answers:
            for waiting in self.waiting:
                if waiting.call in answers and waiting.door is Door.WRITE:
                    waiting.answer = answers[waiting.call]
                    self.closes = self.closes or waiting.answer is None
        now_s = time.monotonic()
        while self.waiting and not self.closes:
            first = self.waiting[0]
            if first.door is Door.READ and first.answer is None:
                self._look(hosted, first, now_s)
            elif first.answer is None and now_s >= first.until_s:
                self.closes = True
            if first.answer is None or now_s < first.not_before_s:
                break
            self.waiting.popleft()
            self.out += throttled(first) if first.not_before_s else first.answer
            if first.asked.api_key == doors.FETCH:
                hosted.count(given=len(first.answer))

    def _look(self, hosted: Hosted, waiting: Waiting, now_s: float) -> None:
        late = now_s >= waiting.until_s
        if not late and (waiting.events == hosted.timeline.world.events or now_s < waiting.again_s):
            return
        try:
            view = hosted.look(self.broker)
            waiting.answer = view.answer(waiting.asked, at_once=late)
            waiting.events, waiting.again_s = view.events, now_s + LOOK_AGAIN_S
            if waiting.answer is None and late:
                self.closes = True
        except HungUp:
            self.closes = True

    def next_look_s(self) -> float | None:
        """When `go_on` has something to do although nothing came."""
        if not self.waiting:
            return None
        first = self.waiting[0]
        return first.not_before_s if first.answer is not None else min(first.until_s, time.monotonic() + LOOK_AGAIN_S)


def _wait_s(asked: Asked) -> float:
    """How long a read may wait: what a Fetch says, nothing else."""
    if asked.api_key != doors.FETCH:
        return 0.0
    _, message = frames.decode_request(memoryview(asked.frame)[4:])
    assert isinstance(message, FetchRequest), "its key is Fetch's"
    return max(0, min(message.max_wait_ms, 60_000)) / 1000


def throttled(waiting: Waiting) -> bytes:
    """The answer of a Produce that was too fast says for how long it was held back, as Kafka's does."""
    assert waiting.answer is not None, "it is answered"
    asked = waiting.asked
    if asked.api_key != doors.PRODUCE:
        return waiting.answer
    response: Any = frames.decode_response(asked.api_key, asked.version, memoryview(waiting.answer)[4:])[1]
    assert isinstance(response, ProduceResponse), "its key is Produce's"
    held_s = waiting.not_before_s - (waiting.until_s - WRITE_WAIT_S)
    response.throttle_time_ms = max(1, int(held_s * 1000))
    return frames.encode_response(asked.api_key, asked.version, asked.correlation_id, response)
