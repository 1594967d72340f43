"""OffsetCommit 2 to 10: how far a group has come, per partition.

The reply waits until the records count, so a commit that was answered is never
forgotten. From version 10 on topics are named by their id.

Not here: who may commit (core/groups/committed_offsets.py).
Spec: KIP-211 (retention_time is obeyed to version 4), KIP-848 (ids).
"""

from typing import TYPE_CHECKING

from engine.broker import group_coordinator
from engine.broker.context import RequestContext, encode_reply
from engine.broker.group_coordinator import PendingWrite
from engine.broker.group_replies import ParkedGroupRequest
from engine.core.groups.committed_offsets import CommittedOffset, check_commit
from engine.core.groups.group import Group
from engine.core.groups.group_records import KeyValue, offset_record
from engine.core.groups.rebalance import keep_alive
from engine.wire.error_codes import ErrorCode, WireError
from engine.wire.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitResponse,
    OffsetCommitResponsePartition,
    OffsetCommitResponseTopic,
    encode_response,
)

if TYPE_CHECKING:
    from engine.broker.broker import Broker

NOT_FOUND_SINCE = 9  # KIP-848; before it a group that is not there had an old generation
TOPIC_IDS_SINCE = 10
WALL_MS_MAX = (1 << 63) - 1


def handle(broker: "Broker", context: RequestContext, request: OffsetCommitRequest) -> OffsetCommitResponse | None:
    """Append the commits, and answer when they count; or answer at once that they are refused."""
    group, refused_code = None, ErrorCode.NONE
    try:
        group = _checked_group(broker, context, request)
    except WireError as refused:
        refused_code = refused.code
    response, records, write = _decide(broker, context, request, refused_code)
    if not records:
        return response
    slot = write.slot = ParkedGroupRequest(context=context, reply=encode_reply(context, encode_response, response))
    shard = broker.group_coordinator.shard_of(broker, request.group_id)
    try:
        group_coordinator.append(broker, shard, records, write)
    except WireError as refused:
        return _refuse(request, refused.code)
    context.connection.slots.append(slot)
    if group is not None and request.member_id in group.members:
        keep_alive(group.members[request.member_id], broker.now_ms)
        group_coordinator.schedule(broker, group)
    return None


def _checked_group(broker: "Broker", context: RequestContext, request: OffsetCommitRequest) -> Group | None:
    shard = broker.group_coordinator.shard_of(broker, request.group_id)
    group = shard.groups.get(request.group_id)
    if group is None and request.generation_id_or_member_epoch >= 0:
        if shard.offsets.of(request.group_id):
            raise WireError(ErrorCode.UNKNOWN_MEMBER_ID)
        if context.api_version >= NOT_FOUND_SINCE:
            raise WireError(ErrorCode.GROUP_ID_NOT_FOUND)
    check_commit(group, request.member_id, request.group_instance_id, request.generation_id_or_member_epoch)
    return group


def _refuse(request: OffsetCommitRequest, code: ErrorCode) -> OffsetCommitResponse:
    topics = []
    for topic in request.topics:
        results = [OffsetCommitResponsePartition(one.partition_index, code) for one in topic.partitions]
        topics.append(OffsetCommitResponseTopic(topic.name, topic.topic_id, results))
    return OffsetCommitResponse(0, topics)


def _decide(
    broker: "Broker", context: RequestContext, request: OffsetCommitRequest, refused_code: ErrorCode
) -> tuple[OffsetCommitResponse, list[KeyValue], PendingWrite]:
    """Judge each partition: what is said of it, and the records of those that are taken.

    A partition that does not exist is told before what the group says of the rest.
    """
    topics: list[OffsetCommitResponseTopic] = []
    records: list[KeyValue] = []
    write = PendingWrite(0, request.group_id)
    for topic in request.topics:
        name: str | None = topic.name
        missing = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        if context.api_version >= TOPIC_IDS_SINCE:
            name, missing = broker.image.topic_names.get(topic.topic_id), ErrorCode.UNKNOWN_TOPIC_ID
        results = []
        for one in topic.partitions:
            code = missing if name is None else _judge(broker, name, one, refused_code)
            results.append(OffsetCommitResponsePartition(one.partition_index, code))
            if code is ErrorCode.NONE and name is not None:
                place, committed = (name, one.partition_index), _committed(broker, request, one)
                records.append(offset_record(request.group_id, place, committed, broker.image.topics[name].topic_id))
                write.commits.append((place, committed))
        if results or name not in broker.image.topics:
            topics.append(OffsetCommitResponseTopic(topic.name, topic.topic_id, results))
    return OffsetCommitResponse(0, topics), records, write


def _judge(broker: "Broker", topic: str, one: OffsetCommitRequestPartition, refused_code: ErrorCode) -> ErrorCode:
    if broker.image.partition(topic, one.partition_index) is None:
        return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    if refused_code:
        return refused_code
    # Kafka calls the limit bytes, and counts Java's characters: halves of UTF-16.
    units = len((one.committed_metadata or "").encode("utf-16-be", "surrogatepass")) // 2
    if units > broker.group_coordinator.limits.offset_metadata_max_bytes:
        return ErrorCode.OFFSET_METADATA_TOO_LARGE
    return ErrorCode.NONE


def _committed(broker: "Broker", request: OffsetCommitRequest, one: OffsetCommitRequestPartition) -> CommittedOffset:
    expire_wall_ms = -1
    if request.retention_time_ms >= 0:
        expire_wall_ms = min(broker.wall_ms + request.retention_time_ms, WALL_MS_MAX)
    return CommittedOffset(
        one.committed_offset, one.committed_leader_epoch, one.committed_metadata or "", broker.wall_ms, expire_wall_ms
    )
