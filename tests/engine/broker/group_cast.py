"""A broker and clients that talk about one group: joins, syncs, commits as requests."""

from dataclasses import dataclass, field
from typing import Any

from engine.wire.messages.find_coordinator import FindCoordinatorRequest
from engine.wire.messages.heartbeat import HeartbeatRequest
from engine.wire.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol
from engine.wire.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
)
from engine.wire.messages.offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchRequestTopics,
)
from engine.wire.messages.sync_group import SyncGroupRequest, SyncGroupRequestAssignment
from tests.engine.broker.harness import Peer, World
from tests.engine.core.groups.cast import SUBSCRIPTION

GROUP = "readers"


def group_world(**configs: str) -> World:
    """A broker with the topic `orders`, and `__consumer_offsets` of two partitions."""
    world = World(**{"group_initial_rebalance_delay_ms": "0", "offsets_topic_num_partitions": "2", **configs})
    world.create_topic("orders", 3)
    reply = world.connect().call(FindCoordinatorRequest(GROUP), 1)
    assert reply.error_code == 15, "the first question makes the topic"
    world.settle()
    return world


@dataclass
class Reader:
    """One client of a group."""

    world: World
    member_id: str = ""
    generation_id: int = -1
    peer: Peer = field(init=False)

    def __post_init__(self) -> None:
        self.peer = self.world.connect()

    def ask_to_join(self, version: int = 5, **settings: Any) -> None:
        protocols = [JoinGroupRequestProtocol("range", SUBSCRIPTION)]
        timeouts = settings.get("session_timeout_ms", 10_000), settings.get("rebalance_timeout_ms", 60_000)
        instance_id = settings.get("instance_id")
        request = JoinGroupRequest(GROUP, *timeouts, self.member_id, instance_id, "consumer", protocols)
        self.peer.send(request, version)
        self.world.settle()

    def joined(self) -> Any:
        (reply,) = self.peer.replies()
        self.member_id, self.generation_id = reply.member_id, reply.generation_id
        return reply

    def join(self, version: int = 3) -> Any:
        self.ask_to_join(version)
        return self.joined()

    def sync(self, assignments: dict[str, bytes] | None = None) -> Any:
        sent = [SyncGroupRequestAssignment(*one) for one in (assignments or {}).items()]
        return self.peer.call(SyncGroupRequest(GROUP, self.generation_id, self.member_id, assignments=sent), 3)

    def heartbeat(self) -> int:
        code: int = self.peer.call(HeartbeatRequest(GROUP, self.generation_id, self.member_id), 3).error_code
        return code

    def commit_request(self, offset: int, topic: str = "orders", index: int = 0, metadata: str = "") -> Any:
        one = OffsetCommitRequestPartition(index, offset, -1, metadata)
        return OffsetCommitRequest(
            GROUP, self.generation_id, self.member_id, topics=[OffsetCommitRequestTopic(topic, partitions=[one])]
        )

    def commit(self, offset: int, **settings: Any) -> int:
        reply = self.peer.call(self.commit_request(offset, **settings), 8)
        code: int = reply.topics[0].partitions[0].error_code
        return code

    def fetch(self, index: int = 0) -> int:
        group = OffsetFetchRequestGroup(GROUP, topics=[OffsetFetchRequestTopics("orders", partition_indexes=[index])])
        reply = self.peer.call(OffsetFetchRequest(groups=[group]), 8)
        assert reply.groups[0].error_code == 0
        offset: int = reply.groups[0].topics[0].partitions[0].committed_offset
        return offset


def stable_reader(world: World) -> Reader:
    """One member that leads a Stable group of one."""
    reader = Reader(world)
    assert reader.join().error_code == 0
    assert reader.sync({reader.member_id: b"all"}).assignment == b"all"
    return reader
