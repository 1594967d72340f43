"""Heartbeats of a member: often enough for its session, and what their answers ask of it.

Invariants:
- At most one is on its way; the next is due one interval after the last was sent.
- An answer for a generation that is over says nothing.

Not here: what an answer leads to (group_membership.py).
Spec: Kafka's group protocol, Heartbeat.
"""

from dataclasses import dataclass

from engine.client.cluster_metadata import error_code
from engine.client.config import ConsumerConfig
from engine.client.coordinator import Coordinator
from engine.client.errors import ClientError
from engine.client.requests import NEVER, Request
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from engine.wire.primitives import Message

OWNER = "heartbeats"
ANY_VERSION = 0x7FFF


@dataclass(slots=True, eq=False)
class Heartbeats:
    """When the next is due, and whether one is on its way."""

    config: ConsumerConfig
    coordinator: Coordinator
    due_ms: int | None = None  # None: we are in no generation
    asking: bool = False

    def begin(self, now_ms: int) -> None:
        """A generation begins."""
        self.due_ms = now_ms + self.config.heartbeat_interval_ms

    def stop(self) -> None:
        """The generation is over."""
        self.due_ms = None

    def next_deadline_ms(self) -> int:
        """When one is to be sent; an unknown coordinator is waited for."""
        waits = self.asking or self.coordinator.peer is None or self.coordinator.identity.line_busy
        return NEVER if waits or self.due_ms is None else self.due_ms

    def advance(self, now_ms: int) -> None:
        """Send one if it is due."""
        if self.due_ms is None:
            return
        if self.coordinator.peer is None:
            self.coordinator.find(now_ms)
        elif not self.asking and now_ms >= self.due_ms and not self.coordinator.identity.line_busy:
            identity = self.coordinator.identity
            message = HeartbeatRequest(
                identity.group_id, identity.generation_id, identity.member_id, identity.instance_id
            )
            self.asking = True
            self.due_ms = now_ms + self.config.heartbeat_interval_ms
            sender = (identity.member_id, identity.generation_id)
            # Who hears nothing for a session is out of the group, or its coordinator is gone.
            self.coordinator.send(OWNER, message, sender, self.config.session_timeout_ms, now_ms, ANY_VERSION)

    def on_ended(self, request: Request, answer: Message | ClientError | None, now_ms: int) -> ErrorCode | ClientError:
        """Give what the answer asks of the member; NONE if nothing."""
        self.asking = False
        identity = self.coordinator.identity
        if isinstance(answer, ClientError):
            if self.coordinator.on_trouble(request, answer, now_ms):
                self.due_ms = now_ms if self.due_ms is not None else None  # as soon as it is found again
                return ErrorCode.NONE
            return answer
        assert isinstance(answer, HeartbeatResponse), "an answer to what was asked"
        if request.part != (identity.member_id, identity.generation_id):
            return ErrorCode.NONE
        return error_code(answer.error_code)
