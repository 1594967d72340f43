"""What the coordinator tells those who wait: plain values, written as responses by the handlers.

`waiter` is the number under which the broker parked the request.
"""

from dataclasses import dataclass

from engine.wire.error_codes import ErrorCode


@dataclass(frozen=True, slots=True)
class JoinAnswer:
    """To JoinGroup. The leader gets all members with their subscriptions, the others none."""

    waiter: int
    error: ErrorCode
    member_id: str = ""
    generation_id: int = -1
    protocol_type: str | None = None
    protocol_name: str | None = None
    leader_id: str = ""
    members: tuple[tuple[str, str | None, bytes], ...] = ()  # (member id, instance id, subscription)
    skip_assignment: bool = False  # KIP-814: the leader need not assign anew


@dataclass(frozen=True, slots=True)
class SyncAnswer:
    """To SyncGroup: the member's own assignment."""

    waiter: int
    error: ErrorCode
    protocol_type: str | None = None
    protocol_name: str | None = None
    assignment: bytes = b""


Answer = JoinAnswer | SyncAnswer
