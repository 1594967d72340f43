"""A member of a classic consumer group: joins, syncs, heartbeats, commits, fetches what was committed, leaves.

After each rebalance it commits once as if it had not heard of it: in its former generation,
which must be refused. It consumes nothing. What it commits is the world's time, so that any later commit of
anybody is a larger number, and an older one that comes back is seen.

Invariants:
- One request at a time. After any answer that says so it joins again.
- It commits only partitions that its generation gave it.

Not here: what coordinators must do (checkers/groups.py).
Spec: Kafka's group protocol (JoinGroup, SyncGroup, Heartbeat); KIP-394 (member id required).
"""

from dataclasses import dataclass

from engine.simulation.workloads.wire_actor import WireActor
from engine.simulation.world import Node, World
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.find_coordinator import FindCoordinatorRequest, FindCoordinatorResponse
from engine.wire.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from engine.wire.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol, JoinGroupResponse
from engine.wire.messages.leave_group import LeaveGroupRequest, LeaveGroupResponse, MemberIdentity
from engine.wire.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
    OffsetCommitResponse,
)
from engine.wire.messages.offset_fetch import OffsetFetchRequest, OffsetFetchRequestTopic, OffsetFetchResponse
from engine.wire.messages.sync_group import SyncGroupRequest, SyncGroupRequestAssignment, SyncGroupResponse
from engine.wire.primitives import Message

GROUP = "readers"
PROTOCOL_TYPE = "simulated"  # assignments are lists of partition numbers in ASCII
SESSION_MS, REBALANCE_MS = 120, 100
COORDINATOR_GONE = (
    ErrorCode.COORDINATOR_NOT_AVAILABLE,
    ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
    ErrorCode.NOT_COORDINATOR,
)


@dataclass(slots=True, eq=False)
class Member(WireActor):
    """One member, for so many rounds of heartbeat, commit and fetch."""

    rounds_left: int = 10
    pause_us: int = 15_000
    member_id: str = ""
    generation: int = -1
    assigned: tuple[int, ...] = ()
    found: bool = False  # the coordinator
    stable: bool = False  # it has its assignment
    asked: bool = False
    asked_us: int = 0
    heard_us: int = 0  # when it asked what was answered well last: the coordinator heard of it then
    committing: int = 0  # the number that is on its way
    committing_in: int = -1  # in this generation
    former: int = -1  # the generation before, until it has committed in that

    def begin(self, world: World, node: Node) -> None:
        """Connected: find the coordinator first."""
        self.found = self.stable = False
        self.go_on(world, node)

    def lost(self, world: World, node: Node) -> None:
        """The answer will not come."""
        self.asked = self.stable = False

    def go_on(self, world: World, node: Node) -> None:
        """Ask for what is due."""
        if self.asked or self.done:
            return
        self.asked, self.asked_us = True, world.now_us
        if not self.found:
            self.send(node, FindCoordinatorRequest(GROUP), 2)
        elif not self.stable:
            protocol = JoinGroupRequestProtocol("by hand", b"anything")
            self.send(
                node,
                JoinGroupRequest(GROUP, SESSION_MS, REBALANCE_MS, self.member_id, None, PROTOCOL_TYPE, [protocol]),
                5,
            )
        elif not self.rounds_left:
            self.send(node, LeaveGroupRequest(GROUP, "", [MemberIdentity(self.member_id)]), 3)
        else:
            self._next_of_round(world, node)

    def _next_of_round(self, world: World, node: Node) -> None:
        self.rounds_left -= 1
        kind = self.rounds_left % 3
        if kind == 0:
            self.send(node, HeartbeatRequest(GROUP, self.generation, self.member_id, None), 3)
        elif kind == 1 and self.assigned:
            self.committing, self.committing_in = world.now_us, self.generation if self.former < 0 else self.former
            self.former = -1
            partitions = [OffsetCommitRequestPartition(index, world.now_us, -1, "") for index in self.assigned]
            topics = [OffsetCommitRequestTopic(name=self.topic, partitions=partitions)]
            self.send(node, OffsetCommitRequest(GROUP, self.committing_in, self.member_id, None, -1, topics), 7)
        else:
            topic = OffsetFetchRequestTopic(self.topic, list(range(self.partitions)))
            self.send(node, OffsetFetchRequest(GROUP, [topic], require_stable=True), 7)

    def answered(self, world: World, node: Node, call: int, reply: Message) -> None:
        """Note what was said, and what is next."""
        self.asked = False
        if isinstance(reply, JoinGroupResponse):
            self._joined(world, node, reply)
            return
        if isinstance(reply, FindCoordinatorResponse):
            self.found = reply.error_code == ErrorCode.NONE
        elif isinstance(reply, SyncGroupResponse):
            self._obey(world, node, reply.error_code)
            if reply.error_code == ErrorCode.NONE:
                self.stable = True
                self.assigned = tuple(int(number) for number in bytes(reply.assignment).split())
                world.observe(node.name, "assigned", self.generation, self.member_id, self.assigned)
        elif isinstance(reply, HeartbeatResponse):
            self._obey(world, node, reply.error_code)
        elif isinstance(reply, OffsetCommitResponse):
            for partition in reply.topics[0].partitions:
                self._committed(world, node, partition.partition_index, partition.error_code)
        elif isinstance(reply, OffsetFetchResponse):
            for fetched in reply.topics[0].partitions if reply.topics and not reply.error_code else ():
                if fetched.error_code == ErrorCode.NONE:
                    world.observe(
                        node.name, "commit fetched", self.asked_us, fetched.partition_index, fetched.committed_offset
                    )
        elif isinstance(reply, LeaveGroupResponse):
            self.done = reply.error_code == ErrorCode.NONE
        self.pause(world, node, self.pause_us)

    def _committed(self, world: World, node: Node, index: int, code: int) -> None:
        if code == ErrorCode.NONE:
            world.observe(node.name, "committed", self.committing_in, index, self.committing)
        elif self.committing_in == self.generation:
            self._obey(world, node, code)
        else:
            world.observe(node.name, "commit refused", self.committing_in, index, code)

    def _joined(self, world: World, node: Node, reply: JoinGroupResponse) -> None:
        if reply.error_code == ErrorCode.MEMBER_ID_REQUIRED:
            self.member_id = reply.member_id
            self.go_on(world, node)
            return
        if reply.error_code != ErrorCode.NONE:
            self._obey(world, node, reply.error_code)
            self.pause(world, node, self.pause_us)
            return
        if self.generation not in (-1, reply.generation_id):
            self.former = self.generation
        self.member_id, self.generation = reply.member_id, reply.generation_id
        self.heard_us = self.asked_us = world.now_us  # it was waited for
        world.observe(node.name, "joined", self.generation, self.member_id, reply.leader)
        assignments = []
        if reply.leader == self.member_id:
            members = sorted(member.member_id for member in reply.members)
            for place, member_id in enumerate(members):
                mine = range(place, self.partitions, len(members))
                assignments.append(SyncGroupRequestAssignment(member_id, b" ".join(b"%d" % index for index in mine)))
        self.asked = True
        self.send(node, SyncGroupRequest(GROUP, self.generation, self.member_id, None, assignments=assignments), 3)

    def _obey(self, world: World, node: Node, code: int) -> None:
        """What an error asks of a member."""
        if code in COORDINATOR_GONE:
            self.found = self.stable = False
        elif code == ErrorCode.UNKNOWN_MEMBER_ID:
            world.observe(node.name, "forgotten", self.member_id, self.heard_us)
            self.member_id, self.stable = "", False
        elif code != ErrorCode.NONE:
            self.stable = False
        else:
            self.heard_us = self.asked_us
