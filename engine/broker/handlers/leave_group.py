"""LeaveGroup 0 to 5: one member goes (to version 2), or several are removed (from 3 on).

Not here: the rules (core/groups/leaving.py).
Spec: KIP-345 (removing by instance id), KIP-800 (a reason, which is read and not kept).
"""

from typing import TYPE_CHECKING

from engine.broker import group_coordinator
from engine.broker.context import RequestContext
from engine.core.groups.leaving import leave
from engine.wire.error_codes import ErrorCode, WireError
from engine.wire.messages.leave_group import LeaveGroupRequest, LeaveGroupResponse, MemberIdentity, MemberResponse

if TYPE_CHECKING:
    from engine.broker.broker import Broker

BATCH_SINCE = 3


def handle(broker: "Broker", context: RequestContext, request: LeaveGroupRequest) -> LeaveGroupResponse:
    """Let the members go, each with an answer of its own."""
    members = request.members if context.api_version >= BATCH_SINCE else [MemberIdentity(request.member_id)]
    try:
        results = _leave(broker, request.group_id, members)
    except WireError as refused:
        return LeaveGroupResponse(error_code=refused.code)
    if context.api_version < BATCH_SINCE:
        return LeaveGroupResponse(error_code=results[0].error_code)
    return LeaveGroupResponse(members=results)


def _leave(broker: "Broker", group_id: str, members: list[MemberIdentity]) -> list[MemberResponse]:
    if not group_id:
        raise WireError(ErrorCode.INVALID_GROUP_ID)
    coordinator = broker.group_coordinator
    shard = coordinator.shard_of(broker, group_id)
    group = shard.groups.get(group_id)
    results = []
    for one in members:
        code = ErrorCode.NONE
        try:
            if group is None:
                raise WireError(ErrorCode.UNKNOWN_MEMBER_ID)
            leave(group, coordinator.limits, one.member_id, one.group_instance_id, broker.now_ms)
        except WireError as refused:
            code = refused.code
        results.append(MemberResponse(one.member_id, one.group_instance_id, code))
    if group is not None:
        group_coordinator.settle(broker, shard, group)
    return results
