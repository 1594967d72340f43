"""A group's coordinator that answers as a test says, and the steps that most tests begin with."""

from dataclasses import dataclass, field
from typing import Any

from engine.client.calls import Change, Poll, Rebalanced, Subscribe
from engine.client.config import ConsumerConfig
from engine.client.group_messages import (
    decode_assignment,
    decode_subscription,
    encode_assignment,
    encode_subscription,
)
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.fetch import FetchRequest
from engine.wire.messages.find_coordinator import FindCoordinatorRequest, FindCoordinatorResponse
from engine.wire.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from engine.wire.messages.join_group import JoinGroupRequest, JoinGroupResponse, JoinGroupResponseMember
from engine.wire.messages.leave_group import LeaveGroupRequest, LeaveGroupResponse
from engine.wire.messages.list_offsets import ListOffsetsRequest
from engine.wire.messages.metadata import MetadataRequest
from engine.wire.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitResponse,
    OffsetCommitResponsePartition,
    OffsetCommitResponseTopic,
)
from engine.wire.messages.offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchResponse,
    OffsetFetchResponsePartition,
    OffsetFetchResponseTopic,
)
from engine.wire.messages.sync_group import SyncGroupRequest, SyncGroupResponse
from engine.wire.primitives import Message

from .scripted import Asked, Driver, connected, metadata
from .test_consumer import batch, fetched, offsets

GROUP = "readers"
SESSION_MS, HEARTBEAT_MS, POLL_MS = 10_000, 3_000, 60_000
LIVE_STEP_MS = 500
FAST = {"session_timeout_ms": SESSION_MS, "heartbeat_interval_ms": HEARTBEAT_MS, "max_poll_interval_ms": POLL_MS}


@dataclass
class Play:
    """One consumer in a group, whose coordinator is the test."""

    driver: Driver
    inbox: list[Asked] = field(default_factory=list)  # what was asked and nobody took
    last_poll: int = 0

    # ---- the user
    def call(self, call: Any) -> int:
        return self.driver.call(call)

    def result(self, call: Any) -> Any:
        """Make a call that is answered at once."""
        return self.driver.results[self.driver.call(call)]

    def poll(self, wait_ms: int = 1_000_000) -> int:
        self.last_poll = self.call(Poll(wait_ms=wait_ms))
        return self.last_poll

    def events(self) -> list[tuple[Change, list[int]]]:
        """Take the events so far: what changed, and the numbers of the partitions."""
        found = [(one.change, [place[1] for place in one.places]) for one in self.driver.events]
        self.driver.events.clear()
        return found

    def last_event(self) -> Rebalanced:
        return self.driver.events[-1]

    # ---- the brokers
    def look(self) -> None:
        while self.driver.asked_to_connect:
            self.driver.accept()
        self.inbox += self.driver.take()

    def expect(self, kind: type[Message]) -> Asked:
        """Take the one request of a kind; others wait to be taken."""
        self.look()
        found = [one for one in self.inbox if isinstance(one.message, kind)]
        assert len(found) == 1, f"{len(found)} of {kind.__name__}; there are {[one.message for one in self.inbox]}"
        self.inbox.remove(found[0])
        return found[0]

    def expect_none(self, kind: type[Message]) -> None:
        self.look()
        assert not [one for one in self.inbox if isinstance(one.message, kind)]

    def answer(self, asked: Asked, message: Message) -> None:
        self.driver.answer(asked, message)

    def advance(self, ms: int) -> None:
        self.look()
        self.driver.advance(ms)

    # ---- steps
    def find(self, code: ErrorCode = ErrorCode.NONE) -> None:
        asked = self.expect(FindCoordinatorRequest)
        assert asked.message.key == GROUP
        self.answer(asked, FindCoordinatorResponse(0, code, None, 1, "one", 9092))

    def refuse_join(self, code: ErrorCode, member_id: str = "") -> None:
        self.answer(self.expect(JoinGroupRequest), JoinGroupResponse(error_code=code, member_id=member_id))

    def join(self, generation: int = 1, member_id: str = "me", assignor: str = "range") -> JoinGroupRequest:
        """Let it join as a follower; return what it asked."""
        asked = self.expect(JoinGroupRequest)
        answer = JoinGroupResponse(0, 0, generation, "consumer", assignor, "boss", False, member_id)
        self.answer(asked, answer)
        return asked.message

    def lead(self, *others: tuple[str, tuple[str, ...]], generation: int = 1, **counts: int) -> dict[str, list[Any]]:
        """Let it join as the leader beside others; return what it assigns."""
        asked = self.expect(JoinGroupRequest)
        name, mine = asked.message.protocols[0].name, bytes(asked.message.protocols[0].metadata)
        members = [JoinGroupResponseMember("me", None, mine)]
        members += [
            JoinGroupResponseMember(who, None, encode_subscription(name, topics, [], -1)) for who, topics in others
        ]
        self.answer(asked, JoinGroupResponse(0, 0, generation, "consumer", name, "me", False, "me", members))
        self.look()
        if any(isinstance(one.message, FetchRequest) for one in self.inbox):
            self.deliver()  # answers come in order
        self.answer(self.expect(MetadataRequest), metadata(*counts.items()))
        self.look()
        (sync,) = [one for one in self.inbox if isinstance(one.message, SyncGroupRequest)]
        return {one.member_id: decode_assignment(bytes(one.assignment)) for one in sync.message.assignments}

    def sync(self, *partitions: int, code: ErrorCode = ErrorCode.NONE, topic: str = "orders") -> SyncGroupRequest:
        asked = self.expect(SyncGroupRequest)
        data = encode_assignment([(topic, index) for index in partitions]) if not code else b""
        self.answer(asked, SyncGroupResponse(0, code, "consumer", asked.message.protocol_name, data))
        return asked.message

    def tell_committed(self, **found: int) -> list[int]:
        """Answer OffsetFetch: by partition as p0=5; what is not named is not committed."""
        asked = self.expect(OffsetFetchRequest)
        partitions = [index for topic in asked.message.topics for index in topic.partition_indexes]
        parts = [OffsetFetchResponsePartition(index, found.get(f"p{index}", -1), -1, "", 0) for index in partitions]
        self.answer(asked, OffsetFetchResponse(0, [OffsetFetchResponseTopic("orders", parts)]))
        return partitions

    def heartbeat(self, code: ErrorCode = ErrorCode.NONE) -> HeartbeatRequest:
        asked = self.expect(HeartbeatRequest)
        self.answer(asked, HeartbeatResponse(0, code))
        return asked.message

    def beat(self, code: ErrorCode = ErrorCode.NONE) -> HeartbeatRequest:
        """Wait for the next heartbeat, and answer it after what was asked before it."""
        self.advance(HEARTBEAT_MS)
        self.look()
        if any(isinstance(one.message, OffsetCommitRequest) for one in self.inbox):
            self.committed()
        return self.heartbeat(code)

    def live(self, ms: int) -> None:
        """Let time pass with brokers that answer heartbeats, commits and fetches, and have nothing new."""
        for _ in range(ms // LIVE_STEP_MS):
            self.advance(LIVE_STEP_MS)
            self.look()
            for asked in list(self.inbox):
                if isinstance(asked.message, HeartbeatRequest):
                    self.heartbeat()
                elif isinstance(asked.message, OffsetCommitRequest):
                    self.committed()
                elif isinstance(asked.message, FetchRequest):
                    self.inbox.remove(asked)
                    self.answer(asked, fetched())

    def committed(self, code: ErrorCode = ErrorCode.NONE) -> dict[int, int]:
        """Answer OffsetCommit; return what was to be committed."""
        asked = self.expect(OffsetCommitRequest)
        found = {part.partition_index: part.committed_offset for part in asked.message.topics[0].partitions}
        parts = [OffsetCommitResponsePartition(index, code) for index in found]
        self.answer(asked, OffsetCommitResponse(0, [OffsetCommitResponseTopic("orders", partitions=parts)]))
        return found

    def deliver(self, **values: list[bytes]) -> None:
        """Answer the Fetch on its way: by partition as p0=[b"a"], from where each is read."""
        asked = self.expect(FetchRequest)
        positions = {part.partition: part.fetch_offset for topic in asked.message.topics for part in topic.partitions}
        parts = [
            (index, 0, at + len(found), batch(at, *found))
            for index, at in positions.items()
            if (found := values.get(f"p{index}"))
        ]
        self.answer(asked, fetched(*parts))

    def fetched_partitions(self) -> list[int]:
        """Take the Fetch on its way, which is never answered; say what it asks for."""
        asked = self.expect(FetchRequest)
        return [part.partition for topic in asked.message.topics for part in topic.partitions]

    def learn(self, partitions: int) -> None:
        """Let the client ask for the topic, and tell it how many partitions it has."""
        self.driver.client.cluster.want_metadata("orders", self.driver.now_ms)
        self.advance(0)
        self.driver.client.on_deadline(self.driver.now_ms)
        self.driver.perform()
        self.deliver()  # answers come in order
        self.answer(self.expect(MetadataRequest), metadata(("orders", partitions)))

    def left(self) -> LeaveGroupRequest:
        asked = self.expect(LeaveGroupRequest)
        self.answer(asked, LeaveGroupResponse())
        return asked.message

    def reset_to(self, offset: int) -> None:
        asked = self.expect(ListOffsetsRequest)
        partitions = [part.partition_index for topic in asked.message.topics for part in topic.partitions]
        self.answer(asked, offsets(*[(index, 0, offset) for index in partitions]))


def play(partitions: int = 4, **settings: Any) -> Play:
    """A consumer that has subscribed to "orders" and polls."""
    settings = {"group_id": GROUP, "offset_reset": "earliest", "sessions": False, **FAST, **settings}
    listens = settings.pop("listens", False)
    driver, _ = connected(("orders", partitions), consumer=ConsumerConfig(**settings))
    one = Play(driver)
    assert one.result(Subscribe(("orders",), listens)) is None
    one.poll()
    return one


def stable(*partitions: int, assignor: str = "range", committed: int = 5, **settings: Any) -> Play:
    """A member of generation 1 that has these partitions, reads on from their committed offsets, and polls."""
    one = play(assignors=(assignor,), **settings)
    one.find()
    one.join(assignor=assignor)
    one.sync(*partitions)
    if partitions:
        one.tell_committed(**{f"p{index}": committed for index in partitions})
    return one


def stable_and_read(*partitions: int, **settings: Any) -> Play:
    """The same, with one record of each partition polled, and the next poll begun."""
    one = stable(*partitions, **settings)
    one.deliver(**{f"p{index}": [b"x"] for index in partitions})
    assert one.driver.results[one.last_poll]
    one.poll()
    return one


def owned_in(asked: JoinGroupRequest) -> list[tuple[str, int]]:
    return list(decode_subscription(asked.protocols[0].name, "me", None, bytes(asked.protocols[0].metadata)).owned)
