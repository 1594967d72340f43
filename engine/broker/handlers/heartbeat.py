"""Heartbeat 0 to 4: a member says that it lives, and hears whether it must join again.

Not here: the rules (core/groups/syncing.py).
Spec: KIP-62, KIP-345.
"""

from typing import TYPE_CHECKING

from engine.broker import group_coordinator
from engine.broker.context import RequestContext
from engine.core.groups.syncing import heartbeat
from engine.wire.error_codes import ErrorCode, WireError
from engine.wire.messages.heartbeat import HeartbeatRequest, HeartbeatResponse

if TYPE_CHECKING:
    from engine.broker.broker import Broker


def handle(broker: "Broker", context: RequestContext, request: HeartbeatRequest) -> HeartbeatResponse:
    """Keep the member alive."""
    try:
        if not request.group_id:
            raise WireError(ErrorCode.INVALID_GROUP_ID)
        shard = broker.group_coordinator.shard_of(broker, request.group_id)
        group = shard.groups.get(request.group_id)
        if group is None:
            raise WireError(ErrorCode.UNKNOWN_MEMBER_ID)
        heartbeat(group, request.member_id, request.group_instance_id, request.generation_id, broker.now_ms)
        group_coordinator.schedule(broker, group)
    except WireError as refused:
        return HeartbeatResponse(error_code=refused.code)
    return HeartbeatResponse()
