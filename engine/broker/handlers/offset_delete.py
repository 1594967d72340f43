"""OffsetDelete 0: forget what a group has committed for some partitions.

Refused for topics that members of the group read at this moment.
Spec: KIP-496.
"""

from typing import TYPE_CHECKING

from engine.broker import group_coordinator
from engine.broker.context import RequestContext, encode_reply
from engine.broker.group_coordinator import PendingWrite
from engine.broker.group_replies import ParkedGroupRequest
from engine.core.groups.group import Group, GroupState
from engine.core.groups.group_records import KeyValue, offset_tombstone
from engine.wire.error_codes import ErrorCode, WireError
from engine.wire.messages.offset_delete import (
    OffsetDeleteRequest,
    OffsetDeleteResponse,
    OffsetDeleteResponsePartition,
    OffsetDeleteResponseTopic,
    encode_response,
)

if TYPE_CHECKING:
    from engine.broker.broker import Broker

CONSUMER = "consumer"


def handle(broker: "Broker", context: RequestContext, request: OffsetDeleteRequest) -> OffsetDeleteResponse | None:
    """Append the tombstones, and answer when they count."""
    try:
        if not request.group_id:
            raise WireError(ErrorCode.INVALID_GROUP_ID)
        shard = broker.group_coordinator.shard_of(broker, request.group_id)
        group = shard.groups.get(request.group_id)
        _check(group, known=bool(shard.offsets.of(request.group_id)))
    except WireError as refused:
        return OffsetDeleteResponse(error_code=refused.code)
    write, records, topics = PendingWrite(0, request.group_id), list[KeyValue](), []
    for topic in request.topics:
        results = []
        for one in topic.partitions:
            place = (topic.name, one.partition_index)
            code = _judge(broker, group, place)
            if code is ErrorCode.NONE and place in shard.offsets.of(request.group_id):
                records.append(offset_tombstone(request.group_id, place))
                write.commits.append((place, None))
            results.append(OffsetDeleteResponsePartition(one.partition_index, code))
        if results:
            topics.append(OffsetDeleteResponseTopic(topic.name, results))
    response = OffsetDeleteResponse(topics=topics)
    if not records:
        return response
    slot = write.slot = ParkedGroupRequest(context=context, reply=encode_reply(context, encode_response, response))
    try:
        group_coordinator.append(broker, shard, records, write)
    except WireError as refused:
        return OffsetDeleteResponse(error_code=refused.code)
    context.connection.slots.append(slot)
    return None


def _check(group: Group | None, *, known: bool) -> None:
    if group is None:
        if not known:
            raise WireError(ErrorCode.GROUP_ID_NOT_FOUND)
        return
    if group.is_in(GroupState.DEAD):
        raise WireError(ErrorCode.GROUP_ID_NOT_FOUND)
    if not group.is_in(GroupState.EMPTY) and group.protocol_type != CONSUMER:
        # What members of another protocol read cannot be known: nothing of it may be forgotten under them.
        raise WireError(ErrorCode.NON_EMPTY_GROUP)


def _judge(broker: "Broker", group: Group | None, place: tuple[str, int]) -> ErrorCode:
    if broker.image.partition(*place) is None:
        return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    reads = group is not None and not group.is_in(GroupState.EMPTY)
    if reads and group is not None and group.subscribed_topics is not None:
        reads = place[0] in group.subscribed_topics  # of consumers whose subscription cannot be read: any topic
    return ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC if reads else ErrorCode.NONE
