"""A declared consumer: polls, works on each record, commits as it was told to, dies where it was told to.

Its loop is the one of every consumer: poll, work, commit. Each step is an event, so that
a learner can stop between them; a crash happens exactly at a named place between two.

Invariants:
- Records are worked on in the order they were given, and observed as processed when the work is done.
- It polls again only when the work and the commit of the last poll are done.
- It runs as it was declared when it began; what is declared meanwhile is for its next life.
- Who is to end finishes the work it has, polls no more, and leaves its group, all that in endings.CLOSE_US.

Not here: the group, positions, automatic commits (engine/client), when it ends (endings.py).
"""

from collections import deque
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from engine.client.calls import Assign, Call, Commit, GetMetadata, Offset, Poll, Rebalanced, Subscribe, Unsubscribe
from engine.client.client import Client
from engine.client.config import ClientConfig
from engine.simulation.hosted import endings
from engine.simulation.hosted.actor_specs import ConsumerSpec
from engine.simulation.world import Node, World
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.metadata import MetadataResponse

PAUSE_US = 500_000  # after what did not work
POLL_MS = 500
RECORD_BYTES = 300  # assumed, so that a poll gives about as many records as it may
RECEIVED_MAX = 16  # stays in one partition that are remembered


@lru_cache(64)
def poll_of(records_max: int) -> Poll:
    """The poll that may give so many records: the same again and again."""
    return Poll(POLL_MS, records_max * RECORD_BYTES)


class Span(NamedTuple):
    """Records of one partition that were delivered together."""

    topic: str
    partition: int
    first: int
    last: int


@dataclass(slots=True, eq=False)
class ConsumeActor:
    """Who reads."""

    spec: ConsumerSpec
    lives_by: ConsumerSpec = field(init=False)  # how it was declared when its process began
    start: int = 0  # counts starts of its process: what an earlier one wanted does nothing
    calls: int = 0
    asked: dict[int, str] = field(default_factory=dict)
    work: deque[Span] = field(default_factory=deque)  # delivered and not processed
    had: int = 0  # records delivered in all lives
    received: deque[Span] = field(default_factory=lambda: deque(maxlen=RECEIVED_MAX))  # in which order, the last ones
    crashed: bool = False
    leaving: str = ""  # what it ends for (endings.py)
    asked_in: int = 0  # the event in which that was asked for
    unheard: bool = False  # it is frozen, and does not know yet
    closes: bool = False  # it has finished its work, and leaves its group

    def __post_init__(self) -> None:
        self.lives_by = self.spec

    @property
    def reader(self) -> str:
        """Who has what was delivered: the group, or this one alone."""
        return self.lives_by.group or f"({self.lives_by.name})"

    def on_start(self, world: World, node: Node) -> None:
        """A process begins: nothing of what the last one had is known."""
        self.start += 1
        self.crashed = self.crashed and self.lives_by is self.spec  # who is declared anew may die there anew
        self.lives_by, self.closes = self.spec, False
        self.asked.clear()
        self.work.clear()
        self._begin(node)

    def _begin(self, node: Node) -> None:
        if self.lives_by.group is not None:
            self._call(node, Subscribe((self.lives_by.topic,)), "subscribe")
        else:
            self._call(node, GetMetadata((self.lives_by.topic,)), "topic")

    def leave(self, world: World, node: Node) -> None:
        """Stop in order, as the loop of a consumer does: finish the work there is, then close, but not for ever."""
        endings.close_at(world, node, self, world.now_us + endings.CLOSE_US)
        if not self.work and not any(step.startswith("commit") for step in self.asked.values()):
            self._close(world, node)

    def _close(self, world: World, node: Node) -> None:
        """Commit (if that is automatic) and leave the group, unless as a static member: its client does that."""
        if self.closes:
            return
        self.closes = True
        self.asked.clear()  # a poll that waits is broken off
        if self.lives_by.group is None:
            endings.close_at(world, node, self, world.now_us)
        else:
            self._call(node, Unsubscribe(endings.CLOSE_US // 1000), "leave")
            world.acted.append(node)

    def end_now(self, world: World, node: Node) -> None:
        """Whether it has left or not: its group finds out."""
        endings.end(world, node, self)

    def on_killed(self, world: World, node: Node) -> ClientConfig | None:
        """What it had is read again by who comes after it, from what is committed."""
        return endings.killed(world, node, self)

    def on_result(self, world: World, node: Node, call: int, result: object) -> None:
        """Go from one call to the next."""
        if isinstance(result, Rebalanced):
            return  # the client observes it
        step = self.asked.pop(call, None)
        if step is None:
            return
        if step == "topic":
            self._assign(world, node, result)
        elif step == "poll":
            self._polled(world, node, result)
        elif step == "commit first":
            self._note_commit(world, node, result)
            self._dies_or(world, node, "after commit", "work")
        elif step == "commit":
            self._note_commit(world, node, result)
            self._dies_or(world, node, "after commit", "poll")
        elif step == "commit one":
            self._note_commit(world, node, result)
            self._dies_or(world, node, "after commit", "work" if self.work else "poll")
        elif step == "leave":
            endings.close_at(world, node, self, world.now_us)
        else:
            self._poll(world, node)

    def on_wake(self, world: World, node: Node, detail: Any) -> None:
        """Do what was put off."""
        if self.leaving and detail == endings.closing(self):
            endings.go_on(world, node, self)
            return
        start, step = detail
        if start != self.start or self.closes:
            return
        if step == "topic":
            self._begin(node)
        elif step == "processed":
            self._processed(world, node)
        elif step == "work":
            self._work(world, node)
        else:
            self._poll(world, node)

    # ---- poll, work, commit

    def _assign(self, world: World, node: Node, result: object) -> None:
        if isinstance(result, MetadataResponse) and result.topics[0].error_code == ErrorCode.NONE:
            places = range(len(result.topics[0].partitions))
            self._call(node, Assign(tuple((self.lives_by.topic, index, None) for index in places)), "assign")
        else:
            self._later(world, node, PAUSE_US, "topic")

    def _poll(self, world: World, node: Node) -> None:
        if self.leaving:
            self._close(world, node)
        elif not self._dies(world, node, "before poll"):
            self._call(node, poll_of(self.lives_by.poll_records_max), "poll")

    def _polled(self, world: World, node: Node, result: object) -> None:
        if not isinstance(result, tuple):
            world.observe(node.name, "poll failed", str(result)[:200])
            self._later(world, node, PAUSE_US, "topic")
            return
        failed = False
        for fetched in result:
            if fetched.error is not None:
                world.observe(node.name, "poll failed", str(fetched.error)[:200])
                failed = True
                continue
            if fetched.records:  # whole batches without a gap: no world compacts, none has transactions
                topic, partition, first, last = (
                    fetched.topic,
                    fetched.partition,
                    fetched.position,
                    fetched.next_offset - 1,
                )
                span = Span(topic, partition, first, last)
                self.work.append(span)
                self.had += last - first + 1
                self._remember(span)
                world.observe(node.name, "delivered", self.reader, topic, partition, first, last)
        if failed and not self.work:
            self._later(world, node, PAUSE_US, "poll")
        elif not self.work:
            self._poll(world, node)
        elif not self._dies(world, node, "after poll"):
            if self.lives_by.commit == "before":
                self._call(node, Commit(), "commit first")
            else:
                self._work(world, node)

    def _remember(self, span: Span) -> None:
        """One stay in a partition is one span, however many polls it took."""
        last = self.received[-1] if self.received else None
        if last is not None and last[:2] == span[:2] and last.last + 1 == span.first:
            self.received[-1] = last._replace(last=span.last)
        else:
            self.received.append(span)

    def _work(self, world: World, node: Node) -> None:
        work_us = int(self.lives_by.work_ms * 1000)
        if self.work and (work_us or self.lives_by.commit == "each"):
            self._later(world, node, work_us, "processed")
            return
        while self.work:  # no time at all: all of it at once
            topic, partition, first, last = self.work.popleft()
            world.observe(node.name, "processed", self.reader, topic, partition, first, last)
        self._worked(world, node)

    def _processed(self, world: World, node: Node) -> None:
        """The work on one record is done."""
        span = self.work.popleft()
        world.observe(node.name, "processed", self.reader, span.topic, span.partition, span.first, span.first)
        if span.first < span.last:
            self.work.appendleft(span._replace(first=span.first + 1))
        if self.lives_by.commit == "each":
            if not self._dies(world, node, "after work"):
                offsets = ((span.topic, span.partition, Offset(span.first + 1)),)
                self._call(node, Commit(offsets), "commit one")
        elif self.work:
            self._work(world, node)
        else:
            self._worked(world, node)

    def _worked(self, world: World, node: Node) -> None:
        if self._dies(world, node, "after work"):
            return
        if self.lives_by.commit == "after":
            self._call(node, Commit(), "commit")
        else:
            self._poll(world, node)

    def _note_commit(self, world: World, node: Node, result: object) -> None:
        if result is not None:
            world.observe(node.name, "commit failed", str(result)[:200])

    # ---- how

    def _dies(self, world: World, node: Node, at: str) -> bool:
        """Say whether its process ends here; it comes back later."""
        crash = self.lives_by.crash
        if self.crashed or crash is None or crash.at != at or self.had < crash.after:
            return False
        self.crashed = True
        world.observe(node.name, "dies", at)
        world.push(world.now_us, "client crash", node.name, crash.down_ms * 1000)
        self.start += 1
        return True

    def _dies_or(self, world: World, node: Node, at: str, step: str) -> None:
        if not self._dies(world, node, at):
            self._later(world, node, 0, step)

    def _later(self, world: World, node: Node, after_us: int, step: str) -> None:
        world.push(world.now_us + after_us, "wake", node.name, (self.start, step))

    def _call(self, node: Node, call: Call, step: str) -> None:
        self.calls += 1
        self.asked[self.calls] = step
        assert isinstance(node.machine, Client), "whoever calls is up"
        node.machine.on_call(self.calls, call, node.clock.now_ms())
