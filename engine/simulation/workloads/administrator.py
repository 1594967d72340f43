"""Who creates, changes and deletes topics, and remembers what was answered.

A life: create the lasting topics; then, again and again, create a passing topic, give
it a config, add partitions, describe it, delete it, sometimes create it anew.

Invariants:
- One request at a time; what was not answered (connection lost) is asked again.
- Only what was answered without error is observed as done; of what had to be asked
  again, "it is so already" is such an answer.

Not here: who produces to these topics.
"""

from dataclasses import dataclass
from typing import Any

from engine.simulation.wire_client import CONNECTED, WireClient
from engine.simulation.world import Node, World
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.create_partitions import (
    CreatePartitionsRequest,
    CreatePartitionsResponse,
    CreatePartitionsTopic,
)
from engine.wire.messages.create_topics import (
    CreatableTopic,
    CreatableTopicConfig,
    CreateTopicsRequest,
    CreateTopicsResponse,
)
from engine.wire.messages.delete_records import (
    DeleteRecordsPartition,
    DeleteRecordsRequest,
    DeleteRecordsResponse,
    DeleteRecordsTopic,
)
from engine.wire.messages.delete_topics import DeleteTopicsRequest, DeleteTopicsResponse, DeleteTopicState
from engine.wire.messages.incremental_alter_configs import (
    AlterableConfig,
    AlterConfigsResource,
    IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsResponse,
)
from engine.wire.messages.metadata import MetadataRequest, MetadataRequestTopic, MetadataResponse
from engine.wire.primitives import Message

PAUSE_US = 15_000
ATTEMPTS_MAX = 60  # then a step is given up
TOPIC, SET = 2, 0  # resource type, operation
ALREADY = {
    "create": ErrorCode.TOPIC_ALREADY_EXISTS,
    "delete": ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    "grow": ErrorCode.INVALID_PARTITIONS,
}

Step = tuple[Any, ...]  # ("create", topic, partitions, configs) | ("configure", topic, name, value) | ...


@dataclass(slots=True, eq=False)
class Administrator:
    """Does its steps one after another; a step that failed is tried again."""

    steps: list[Step]
    pause_us: int = PAUSE_US
    connected: bool = False
    done: bool = False
    at: int = 0  # the step at hand
    attempts: int = 0
    asked: int = 0  # the call that is on its way
    unknown: bool = False  # an attempt of the step at hand was never answered
    last_call: int = 0

    def on_start(self, world: World, node: Node) -> None:
        """The world begins."""

    def on_result(self, world: World, node: Node, call: int, result: object) -> None:
        """A connection came or went, or a reply arrived."""
        if isinstance(result, str):
            self.connected = result == CONNECTED
            self.unknown = self.unknown or self.asked != 0
            self.asked = 0
            if self.connected:
                self._next(world, node)
        elif isinstance(result, Message) and call == self.asked:
            self.asked = 0
            self._answered(world, node, result)

    def on_wake(self, world: World, node: Node, detail: Any) -> None:
        """Go on after a pause."""
        if self.connected and not self.asked:
            self._next(world, node)

    def _next(self, world: World, node: Node) -> None:
        if self.at >= len(self.steps):
            self.done = True
            return
        self.attempts += 1
        message, version = _message(self.steps[self.at], self.attempts)
        world.observe(node.name, "asked", *self.steps[self.at])
        self._send(node, message, version)

    def _send(self, node: Node, message: Message, version: int) -> None:
        assert isinstance(node.machine, WireClient), "it sits on a wire client"
        self.last_call += 1
        self.asked = self.last_call
        node.machine.send(self.last_call, message, version)

    def _answered(self, world: World, node: Node, reply: Message) -> None:
        kind, topic, *rest = self.steps[self.at]
        code = _code(reply)
        # An earlier attempt whose answer was lost may have been carried out: "it is so already" is a success then.
        repeated = self.unknown and code == ALREADY.get(kind)
        if code == ErrorCode.NONE or repeated:
            details = rest
            if isinstance(reply, MetadataResponse):
                found = reply.topics[0]
                details = [found.topic_id, len(found.partitions)]
            elif isinstance(reply, DeleteRecordsResponse):
                details = [*rest, reply.topics[0].partitions[0].low_watermark]
            world.observe(node.name, "answered", kind, topic, bool(repeated), *details)
            self._step_on()
        else:
            world.observe(node.name, "step failed", kind, topic, code)
            if self.attempts > ATTEMPTS_MAX:
                self._step_on()
        world.push(world.now_us + self.pause_us, "wake", node.name)

    def _step_on(self) -> None:
        self.at += 1
        self.attempts = 0
        self.unknown = False


def _message(step: Step, attempt: int) -> tuple[Message, int]:
    kind, topic, *rest = step
    if kind == "create":
        partitions, configs = rest
        wanted = [CreatableTopicConfig(name, value) for name, value in configs]
        return CreateTopicsRequest([CreatableTopic(topic, partitions, 1, [], wanted)], 30_000), 7 - attempt % 3
    if kind == "configure":
        name, value = rest
        resource = AlterConfigsResource(TOPIC, topic, [AlterableConfig(name, SET, value)])
        return IncrementalAlterConfigsRequest([resource]), 1
    if kind == "grow":
        return CreatePartitionsRequest([CreatePartitionsTopic(topic, rest[0], None)], 30_000), 3
    if kind == "describe":
        return MetadataRequest([MetadataRequestTopic(name=topic)], False), 12
    if kind == "delete records":
        partition, offset = rest
        topics = [DeleteRecordsTopic(topic, [DeleteRecordsPartition(partition, offset)])]
        return DeleteRecordsRequest(topics, 30_000), 2
    assert kind == "delete", f"{kind!r} is not a step"
    return DeleteTopicsRequest([DeleteTopicState(topic)], timeout_ms=30_000), 6


def _code(reply: Message) -> int:
    if isinstance(reply, CreateTopicsResponse | MetadataResponse):
        return reply.topics[0].error_code
    if isinstance(reply, DeleteTopicsResponse | IncrementalAlterConfigsResponse):
        return reply.responses[0].error_code
    if isinstance(reply, CreatePartitionsResponse):
        return reply.results[0].error_code
    assert isinstance(reply, DeleteRecordsResponse), "it asks for nothing else"
    return reply.topics[0].partitions[0].error_code
