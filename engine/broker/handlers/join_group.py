"""JoinGroup 0 to 9: come into a group, or come back for its next generation.

Not here: the rules (core/groups/joining.py).
Spec: KIP-62, KIP-345, KIP-394, KIP-800, KIP-814.
"""

from typing import TYPE_CHECKING

from engine.broker import group_coordinator, told_members
from engine.broker.context import RequestContext
from engine.broker.group_replies import ParkedGroupRequest, give
from engine.core.groups.answers import JoinAnswer
from engine.core.groups.group import Group
from engine.core.groups.joining import Join, join
from engine.wire.error_codes import ErrorCode, WireError
from engine.wire.messages.join_group import JoinGroupRequest

if TYPE_CHECKING:
    from engine.broker.broker import Broker

REBALANCE_TIMEOUT_SINCE = 1  # before it the session timeout is meant
KNOWN_MEMBER_ID_SINCE = 4
SKIPS_ASSIGNMENT_SINCE = 9


def handle(broker: "Broker", context: RequestContext, request: JoinGroupRequest) -> None:
    """Park the request; the group answers it, mostly when all others have joined too."""
    slot = ParkedGroupRequest(context=context)
    context.connection.slots.append(slot)
    try:
        _join(broker, context, request, slot)
    except WireError as refused:
        give(broker, slot, JoinAnswer(0, refused.code, request.member_id))


def _join(broker: "Broker", context: RequestContext, request: JoinGroupRequest, slot: ParkedGroupRequest) -> None:
    if not request.group_id:
        raise WireError(ErrorCode.INVALID_GROUP_ID)
    coordinator = broker.group_coordinator
    limits = coordinator.limits
    shard = coordinator.shard_of(broker, request.group_id)
    timeouts = range(limits.group_min_session_timeout_ms, limits.group_max_session_timeout_ms + 1)
    if request.session_timeout_ms not in timeouts:
        raise WireError(ErrorCode.INVALID_SESSION_TIMEOUT)
    group = shard.groups.get(request.group_id)
    if group is None:
        if request.member_id:
            raise WireError(ErrorCode.UNKNOWN_MEMBER_ID)
        group = Group(request.group_id, state_since_wall_ms=broker.wall_ms)
    waiter = group_coordinator.park(broker, slot)
    asked = _asked(broker, context, request, waiter)
    join(group, limits, asked, broker.now_ms)
    if group.members or group.pending_members:
        shard.groups[request.group_id] = group  # who was refused leaves no group behind
    group_coordinator.settle(broker, shard, group)
    if asked.new_member_id in group.pending_members:
        told_members.note(broker, shard, group, asked.new_member_id)


def _asked(broker: "Broker", context: RequestContext, request: JoinGroupRequest, waiter: int) -> Join:
    version = context.api_version
    client_id = context.client_id or ""
    prefix = client_id if request.group_instance_id is None else request.group_instance_id
    has_rebalance_timeout = version >= REBALANCE_TIMEOUT_SINCE
    return Join(
        waiter=waiter,
        member_id=request.member_id,
        new_member_id=f"{prefix}-{uuid_text(broker.new_uuid())}",
        instance_id=request.group_instance_id,
        client_id=client_id,
        client_host=f"/{context.connection.peer}",
        protocol_type=request.protocol_type,
        protocols=[(protocol.name, protocol.metadata) for protocol in request.protocols],
        session_timeout_ms=request.session_timeout_ms,
        rebalance_timeout_ms=request.rebalance_timeout_ms if has_rebalance_timeout else request.session_timeout_ms,
        needs_known_member_id=version >= KNOWN_MEMBER_ID_SINCE,
        skips_assignment=version >= SKIPS_ASSIGNMENT_SINCE,
    )


def uuid_text(uuid: bytes) -> str:
    """Write 16 bytes as Java writes a UUID."""
    text = uuid.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
