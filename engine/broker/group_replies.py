"""Requests of groups that wait, and the replies they get: slots as plain data.

Invariants:
- A slot is answered once; one whose connection is closed is answered with nothing.
- A request that reads or changes what a parked one of its connection is writing is not looked at before that is
  answered: Apache Kafka serves one request of a connection at a time, and so its clients see what they wrote.
Not here: when they are answered (group_coordinator.py).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.broker.context import RequestContext, encode_reply
from engine.core.connection.reply_order import Slot
from engine.core.groups.answers import Answer, JoinAnswer, SyncAnswer
from engine.wire.error_codes import ErrorCode
from engine.wire.messages import join_group, sync_group
from engine.wire.messages.join_group import JoinGroupResponse, JoinGroupResponseMember
from engine.wire.messages.sync_group import SyncGroupResponse

if TYPE_CHECKING:
    from engine.broker.broker import Broker
    from engine.broker.connections import ClientConnection

JOIN_GROUP = 11
PROTOCOL_NAME_NULLABLE = 7  # the first version of JoinGroup that may leave the protocol out
OFFSET_COMMIT, OFFSET_FETCH, DESCRIBE_GROUPS, LIST_GROUPS, DELETE_GROUPS, OFFSET_DELETE = 8, 9, 15, 16, 42, 47
READERS = (
    OFFSET_COMMIT,
    OFFSET_FETCH,
    DESCRIBE_GROUPS,
    LIST_GROUPS,
    DELETE_GROUPS,
    OFFSET_DELETE,
)  # of what is written


@dataclass(slots=True, eq=False)
class ParkedGroupRequest(Slot):
    """A request that waits for other members, or for its records to count."""

    context: RequestContext | None = None
    waiter: int = 0
    writes_left: int = 1
    reply: bytes = b""  # what is said when the last write counts; JoinGroup and SyncGroup are told otherwise

    @property
    def connection(self) -> "ClientConnection":
        """Whom it belongs to."""
        assert self.context is not None
        return self.context.connection


def must_wait(slots: Iterable[Slot], api_key: int) -> bool:
    """Say whether a request of READERS has to wait for those before it, the last of which comes first in `slots`.

    Commits do not wait for commits: the log keeps their order. JoinGroup is no write; it may wait for minutes.
    """
    for slot in slots:
        if slot.items is None and isinstance(slot, ParkedGroupRequest) and slot.context is not None:
            before = slot.context.api_key
            if before != JOIN_GROUP:
                return before != OFFSET_COMMIT or api_key != OFFSET_COMMIT
    return False


def give(broker: "Broker", slot: ParkedGroupRequest, answer: Answer | None) -> None:
    """Answer the slot: with what a group says, or with the reply that it holds."""
    if slot.items is not None:
        return  # its connection is closed
    assert slot.context is not None
    slot.items = [slot.reply if answer is None else _encode(slot.context, answer)]
    if slot.connection.slots and slot.connection.slots[0] is slot:
        broker.unblocked.append(slot.connection)


def refuse(broker: "Broker", slot: ParkedGroupRequest, code: ErrorCode) -> None:
    """Answer a JoinGroup or SyncGroup with an error."""
    assert slot.context is not None
    joins = slot.context.api_key == JOIN_GROUP
    give(broker, slot, JoinAnswer(slot.waiter, code) if joins else SyncAnswer(slot.waiter, code))


def _encode(context: RequestContext, answer: Answer) -> bytes:
    if not isinstance(answer, JoinAnswer):
        response = SyncGroupResponse(
            0, answer.error, answer.protocol_type, answer.protocol_name, answer.assignment
        )  # fmt: skip
        return encode_reply(context, sync_group.encode_response, response)
    protocol_name = answer.protocol_name
    if protocol_name is None and context.api_version < PROTOCOL_NAME_NULLABLE:
        protocol_name = ""
    members = [JoinGroupResponseMember(*member) for member in answer.members]
    joined = JoinGroupResponse(
        0, answer.error, answer.generation_id, answer.protocol_type, protocol_name, answer.leader_id,
        answer.skip_assignment, answer.member_id, members,
    )  # fmt: skip
    return encode_reply(context, join_group.encode_response, joined)
