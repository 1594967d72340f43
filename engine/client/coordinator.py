"""The way to a group's coordinator: finding it, sending to it, noticing that it is another by now.

Everything for the group goes through a connection of its own (a lane): a JoinGroup is
answered when the others have come, and no Fetch should wait behind it.

Invariants:
- At most one FindCoordinator is on its way, and none before its backoff is over.
- While `peer` is None nothing is sent.
- That a lane ended which we gave up ourselves says nothing about the coordinator.

Not here: what is sent (group_membership.py, commits.py, committed.py).
Spec: KIP-580 (backoff).
"""

from dataclasses import dataclass
from typing import Any

from engine.client.cluster import Cluster
from engine.client.cluster_metadata import error_code, peer_name
from engine.client.errors import RETRIABLE, ClientError, Disconnected, Refused, TimedOut, Unreachable
from engine.client.requests import ANY, Request
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.find_coordinator import FindCoordinatorRequest, FindCoordinatorResponse
from engine.wire.primitives import Message

OWNER = "coordinator"
LANE = "group"
BY_KEY_MAX = 3  # later versions ask for several groups at once
MOVED = (ErrorCode.COORDINATOR_NOT_AVAILABLE, ErrorCode.NOT_COORDINATOR)


@dataclass(slots=True, eq=False)
class Identity:
    """Who this client is in its group, as the coordinator knows it."""

    group_id: str
    instance_id: str | None
    member_id: str = ""
    generation_id: int = -1
    subscribed: bool = False  # else it commits without being a member
    may_commit: bool = False  # it is a member with a generation that is not over
    line_busy: bool = False  # a JoinGroup or SyncGroup is on its way: what is sent now is answered after it
    trouble: ErrorCode = ErrorCode.NONE  # what the answer to a commit said about our membership
    failure: ClientError | None = None  # the group will not have us: said to every poll until somebody subscribes anew


@dataclass(slots=True, eq=False)
class Coordinator:
    """Where the coordinator of our group is."""

    identity: Identity
    cluster: Cluster
    peer: str | None = None
    lane: int = 0  # the number of the one in use: another after each that was given up
    wanted: bool = False  # somebody waits for it, and it was too early to ask: `find` again at retry_at_ms
    asking: bool = False
    attempts: int = 0
    retry_at_ms: int = 0
    failure: ClientError | None = None  # the cluster will not say, whoever asks

    def find(self, now_ms: int) -> None:
        """Ask for the coordinator, if it is not known and nobody has just asked; else a moment later."""
        if self.peer is not None or self.asking or self.failure is not None:
            self.wanted = False
        elif now_ms < self.retry_at_ms:
            self.wanted = True
        else:
            self.asking, self.wanted = True, False
            message = FindCoordinatorRequest(self.identity.group_id)
            request = Request(message, ANY, now_ms + self.cluster.config.request_timeout_ms, OWNER)
            request.version_max = BY_KEY_MAX
            self.cluster.send(request, now_ms)

    def send(self, owner: str, message: Message, part: Any, timeout_ms: int, now_ms: int, version_max: int) -> None:
        """Send a request to the coordinator, which is known."""
        assert self.peer is not None, "find it first"
        request = Request(message, ("peer", self.peer), now_ms + timeout_ms, owner, part=part, once=True)
        request.lane = self._lane_name()
        request.answer_ms = timeout_ms
        request.version_max = version_max
        self.cluster.send(request, now_ms)

    def lost(self, reason: str, now_ms: int) -> None:
        """It is gone, silent, or no coordinator any more: look for it again."""
        if self.peer is None:
            return
        self.give_up_lane(reason)
        self.peer = None
        self.retry_at_ms = now_ms + self.cluster.backoff_ms(0)

    def give_up_lane(self, reason: str) -> None:
        """Break off the connection: a broker reads nothing on it while a JoinGroup waits."""
        if self.peer is not None:
            name = self._lane_name()
            self.lane += 1
            self.cluster.connections.give_up_lane(self.peer, name, reason)

    def _lane_name(self) -> str:
        return f"{LANE} {self.lane}"

    def on_trouble(self, request: Request, error: ClientError, now_ms: int) -> bool:
        """Say whether to send a request again, to a coordinator that may have to be found anew."""
        moved = isinstance(error, Refused) and error.code in MOVED
        if not moved and not isinstance(error, Disconnected | Unreachable | TimedOut):
            return False
        if request.lane == self._lane_name():
            self.lost(error.reason, now_ms)
        return True

    def on_ended(self, answer: Message | ClientError | None, now_ms: int) -> None:
        """Take what came of FindCoordinator."""
        self.asking = False
        error: ClientError | None = answer if isinstance(answer, ClientError) else None
        if isinstance(answer, FindCoordinatorResponse):
            code = error_code(answer.error_code)
            if code == ErrorCode.NONE:
                self.peer, self.attempts = peer_name(answer.host, answer.port), 0
                return
            error = Refused(code, answer.error_message or f"the coordinator of group {self.identity.group_id}")
        if isinstance(error, Refused) and error.code not in RETRIABLE:
            self.failure = error
        self.retry_at_ms = now_ms + self.cluster.backoff_ms(self.attempts)
        self.attempts += 1
