"""ListGroups 0 to 5: the groups of this coordinator, by state and type if asked so.

Spec: KIP-518 (states), KIP-848 (types; all groups here are classic ones).
"""

from typing import TYPE_CHECKING

from engine.broker.context import RequestContext
from engine.core.groups.group import GroupState
from engine.wire.messages.list_groups import ListedGroup, ListGroupsRequest, ListGroupsResponse

if TYPE_CHECKING:
    from engine.broker.broker import Broker

CLASSIC = "classic"


def handle(broker: "Broker", context: RequestContext, request: ListGroupsRequest) -> ListGroupsResponse:
    """List them. Filters are not case-sensitive, as in Kafka."""
    states = {state.lower(): None for state in request.states_filter}
    types = {kind.lower(): None for kind in request.types_filter}
    groups: list[ListedGroup] = []
    if types and CLASSIC.lower() not in types:
        return ListGroupsResponse()
    for shard in broker.group_coordinator.shards.values():
        groups += [
            ListedGroup(group.group_id, group.protocol_type or "", group.state, CLASSIC)
            for group in shard.groups.values()
            if not states or group.state.lower() in states
        ]
        if not states or GroupState.EMPTY.lower() in states:
            # Whoever commits without membership has offsets and no group record.
            groups += [
                ListedGroup(group_id, "", GroupState.EMPTY, CLASSIC)
                for group_id in shard.offsets.by_group
                if group_id not in shard.groups
            ]
    return ListGroupsResponse(groups=groups)
