"""A member of a group that uses our own client (engine/client): it subscribes, polls, works, commits, leaves, returns.

The client itself observes what it was assigned, where partitions begin and what was
committed; this actor observes what it was given. It dawdles now and then for longer than
max.poll.interval.ms, and may be killed at any moment (cluster.crash_client).

Invariants:
- It reports each record it is given before it polls again, and commits only after that.
- In its last life it stays, so that the group reads to the end.

Not here: what groups must do (checkers/client_groups.py), members by hand (member.py).
"""

from dataclasses import dataclass, field
from typing import Any, cast

from engine.client.calls import Call, Commit, GetMetadata, Poll, Rebalanced, Subscribe, Unsubscribe
from engine.client.client import Client
from engine.simulation.workloads.client_consumer import delivered
from engine.simulation.world import Node, World
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.metadata import MetadataResponse

PAUSE_US = 30_000
IDLE_US = 10_000  # after a poll that gave nothing
DAWDLE_US = 260_000  # longer than the poll interval of these members
LEAVE_MS = 300


@dataclass(slots=True, eq=False)
class ClientMember:
    """Reads one topic in a group, in several lives."""

    topic: str
    lives_left: int = 0  # after this one
    polls_a_life: int = 20
    commits: str = "auto"  # or "sync", "async"
    poll_ms: int = 60
    work_us: int = 2_000
    dawdles: int = 0  # how often it takes too long
    topic_id: bytes = bytes(16)
    start: int = 0  # counts starts of the process: what an earlier one wanted does nothing
    polls: int = 0
    last_call: int = 0
    asked: dict[int, str] = field(default_factory=dict)  # what is on its way

    @property
    def done(self) -> bool:
        """It is in its last life; whether all is read the group knows."""
        return not self.lives_left and not self.dawdles

    def on_start(self, world: World, node: Node) -> None:
        """A process begins: look for the topic."""
        self.start += 1
        self.polls, self.last_call = 0, 0
        self.asked.clear()
        self._call(node, GetMetadata((self.topic,)), "topic")

    def on_result(self, world: World, node: Node, call: int, result: object) -> None:
        """Go from one call to the next."""
        if isinstance(result, Rebalanced):
            return  # the client observes it
        kind = self.asked.pop(call)
        if kind == "topic":
            if isinstance(result, MetadataResponse) and result.topics[0].error_code == ErrorCode.NONE:
                self.topic_id = result.topics[0].topic_id
                self._call(node, Subscribe((self.topic,)), "subscribe")
            else:
                self._wake(world, node, PAUSE_US, "topic")
        elif kind == "subscribe":
            self._call(node, Poll(self.poll_ms), "poll")
        elif kind == "poll":
            self._polled(world, node, result)
        elif kind == "commit":
            if result is not None:
                world.observe(node.name, "commit failed", str(result))
            self._go_on(node)
        else:
            world.observe(node.name, "left its group", self.topic)
            self.lives_left -= 1
            self.polls = 0
            self._wake(world, node, PAUSE_US, "subscribe")

    def on_wake(self, world: World, node: Node, detail: Any) -> None:
        """Do what was put off."""
        start, kind = detail
        if start != self.start:
            return
        if kind == "topic":
            self._call(node, GetMetadata((self.topic,)), "topic")
        elif kind == "subscribe":
            self._call(node, Subscribe((self.topic,)), "subscribe")
        elif kind == "commit" and self.commits != "auto":
            self._call(node, Commit(repeated=self.commits == "sync", timeout_ms=2_000), "commit")
        else:
            self._go_on(node)

    def _polled(self, world: World, node: Node, result: object) -> None:
        self.polls += 1
        work_us = self.work_us if result else max(self.work_us, IDLE_US)
        if not isinstance(result, tuple):
            world.observe(node.name, "poll refused", str(result))
            self._wake(world, node, PAUSE_US, "subscribe")
            return
        for fetched in result:
            if fetched.error is None:
                world.observe(
                    node.name, "consumed", self.topic, fetched.partition, fetched.position, fetched.next_offset
                )
                delivered(world, node, self.topic_id, fetched)
            else:
                work_us = PAUSE_US
        if self.dawdles and self.polls % 7 == 0:
            self.dawdles -= 1
            work_us = DAWDLE_US
        self._wake(world, node, work_us, "commit" if result else "go on")

    def _go_on(self, node: Node) -> None:
        if self.lives_left and self.polls >= self.polls_a_life:
            self._call(node, Unsubscribe(LEAVE_MS), "leave")
        else:
            self._call(node, Poll(self.poll_ms), "poll")

    def _wake(self, world: World, node: Node, after_us: int, kind: str) -> None:
        world.push(world.now_us + after_us, "wake", node.name, (self.start, kind))

    def _call(self, node: Node, call: Call, kind: str) -> None:
        self.last_call += 1
        self.asked[self.last_call] = kind
        cast("Client", node.machine).on_call(self.last_call, call, node.clock.now_ms())
