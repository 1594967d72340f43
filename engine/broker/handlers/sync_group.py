"""SyncGroup 0 to 5: bring the assignment of a generation, or fetch one's own part of it.

Not here: the rules (core/groups/syncing.py).
Spec: KIP-62, KIP-345, KIP-559.
"""

from typing import TYPE_CHECKING

from engine.broker import group_coordinator
from engine.broker.context import RequestContext
from engine.broker.group_replies import ParkedGroupRequest, give
from engine.core.groups.answers import SyncAnswer
from engine.core.groups.syncing import Sync, sync
from engine.wire.error_codes import ErrorCode, WireError
from engine.wire.messages.sync_group import SyncGroupRequest

if TYPE_CHECKING:
    from engine.broker.broker import Broker

PROTOCOL_TOLD_SINCE = 5


def handle(broker: "Broker", context: RequestContext, request: SyncGroupRequest) -> None:
    """Park the request; it is answered when the generation is stored."""
    slot = ParkedGroupRequest(context=context)
    context.connection.slots.append(slot)
    try:
        _sync(broker, context.api_version, request, slot)
    except WireError as refused:
        give(broker, slot, SyncAnswer(0, refused.code))


def _sync(broker: "Broker", version: int, request: SyncGroupRequest, slot: ParkedGroupRequest) -> None:
    if version >= PROTOCOL_TOLD_SINCE and (request.protocol_type is None or request.protocol_name is None):
        raise WireError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
    if not request.group_id:
        raise WireError(ErrorCode.INVALID_GROUP_ID)
    shard = broker.group_coordinator.shard_of(broker, request.group_id)
    group = shard.groups.get(request.group_id)
    if group is None:
        raise WireError(ErrorCode.UNKNOWN_MEMBER_ID)
    asked = Sync(
        group_coordinator.park(broker, slot), request.member_id, request.group_instance_id, request.generation_id,
        request.protocol_type, request.protocol_name, {one.member_id: one.assignment for one in request.assignments},
    )  # fmt: skip
    sync(group, asked, broker.now_ms)
    group_coordinator.settle(broker, shard, group)
