"""DeleteGroups 0 to 2: forget groups without members, and all that they have committed.

Spec: KIP-229.
"""

from typing import TYPE_CHECKING

from engine.broker import group_coordinator
from engine.broker.context import RequestContext, encode_reply
from engine.broker.group_coordinator import PendingWrite
from engine.broker.group_replies import ParkedGroupRequest
from engine.wire.error_codes import ErrorCode, WireError
from engine.wire.messages.delete_groups import (
    DeletableGroupResult,
    DeleteGroupsRequest,
    DeleteGroupsResponse,
    encode_response,
)

if TYPE_CHECKING:
    from engine.broker.broker import Broker


def handle(broker: "Broker", context: RequestContext, request: DeleteGroupsRequest) -> DeleteGroupsResponse | None:
    """Delete each group that was named; answer when all tombstones count."""
    slot = ParkedGroupRequest(context=context, writes_left=0)
    results = []
    for group_id in dict.fromkeys(request.groups_names):
        code = ErrorCode.NONE
        try:
            shard = broker.group_coordinator.shard_of(broker, group_id)
            group_coordinator.delete_group(broker, shard, group_id, PendingWrite(0, group_id, slot=slot))
            slot.writes_left += 1
        except WireError as refused:
            code = refused.code
        results.append(DeletableGroupResult(group_id, code))
    response = DeleteGroupsResponse(results=results)
    if not slot.writes_left:
        return response
    slot.reply = encode_reply(context, encode_response, response)
    context.connection.slots.append(slot)
    return None
