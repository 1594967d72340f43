"""DescribeGroups 0 to 6: members of groups, with what they subscribe to and were assigned.

While a group rebalances nobody's subscription or assignment is shown, as in Kafka.
Spec: KIP-345, KIP-430 (authorized operations: not asked for before there are ACLs), KIP-1043 (error messages).
"""

from typing import TYPE_CHECKING

from engine.broker.context import RequestContext
from engine.broker.group_coordinator import Shard
from engine.core.groups.group import GroupState
from engine.wire.error_codes import ErrorCode, WireError
from engine.wire.messages.describe_groups import (
    DescribedGroup,
    DescribedGroupMember,
    DescribeGroupsRequest,
    DescribeGroupsResponse,
)

if TYPE_CHECKING:
    from engine.broker.broker import Broker

NOT_FOUND_SINCE = 6  # before it a group that is not there was described as Dead
OPERATIONS_NOT_ASKED = -(1 << 31)
# READ, DELETE, DESCRIBE, DESCRIBE_CONFIGS, ALTER_CONFIGS: without ACLs everybody may
OPERATIONS_OF_GROUPS = 1 << 3 | 1 << 6 | 1 << 8 | 1 << 10 | 1 << 11


def handle(broker: "Broker", context: RequestContext, request: DescribeGroupsRequest) -> DescribeGroupsResponse:
    """Describe each group that was named."""
    operations = OPERATIONS_OF_GROUPS if request.include_authorized_operations else OPERATIONS_NOT_ASKED
    return DescribeGroupsResponse(groups=[_describe(broker, context, name, operations) for name in request.groups])


def _describe(broker: "Broker", context: RequestContext, group_id: str, operations: int) -> DescribedGroup:
    try:
        shard = broker.group_coordinator.shard_of(broker, group_id)
    except WireError as refused:
        return DescribedGroup(refused.code, group_id=group_id)
    group = shard.groups.get(group_id)
    if group is None:
        return _without_group(context, shard, group_id, operations)
    shown = group.is_in(GroupState.STABLE)
    protocol_name = group.protocol_name or ""
    members = [
        DescribedGroupMember(
            one.member_id, one.instance_id, one.client_id, one.client_host,
            one.metadata(protocol_name) if shown else b"", one.assignment if shown else b"",
        )
        for one in group.members.values()
    ]  # fmt: skip
    return DescribedGroup(
        0, None, group_id, group.state, group.protocol_type or "", protocol_name if shown else "", members, operations
    )


def _without_group(context: RequestContext, shard: Shard, group_id: str, operations: int) -> DescribedGroup:
    if shard.offsets.of(group_id):
        return DescribedGroup(0, None, group_id, GroupState.EMPTY, "", "", [], operations)
    code, message = ErrorCode.NONE, None
    if context.api_version >= NOT_FOUND_SINCE:
        code, message = ErrorCode.GROUP_ID_NOT_FOUND, f"Group {group_id} not found."
        operations = OPERATIONS_NOT_ASKED  # nothing can be done with it
    return DescribedGroup(code, message, group_id, GroupState.DEAD, "", "", [], operations)
