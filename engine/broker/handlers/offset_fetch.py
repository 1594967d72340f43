"""OffsetFetch 1 to 10: how far groups have come.

Invariant: only commits that count are shown, so `require_stable` changes nothing before
there are transactions.

Not here: commits (offset_commit.py).
Spec: KIP-447 (require_stable), KIP-709 (several groups from version 8 on).
"""

from typing import TYPE_CHECKING

from engine.broker.context import RequestContext
from engine.core.groups.committed_offsets import CommittedOffset, Place
from engine.wire.error_codes import ErrorCode, WireError
from engine.wire.messages.offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchRequestTopics,
    OffsetFetchResponse,
    OffsetFetchResponseGroup,
    OffsetFetchResponsePartition,
    OffsetFetchResponsePartitions,
    OffsetFetchResponseTopic,
    OffsetFetchResponseTopics,
)

if TYPE_CHECKING:
    from engine.broker.broker import Broker

GROUPS_SINCE = 8
ERROR_SINCE = 2  # version 1 says an error in each partition
TOPIC_IDS_SINCE = 10
NOTHING = CommittedOffset(-1, -1, "", -1)


def handle(broker: "Broker", context: RequestContext, request: OffsetFetchRequest) -> OffsetFetchResponse:
    """Show the committed offsets that were asked for, or all of a group."""
    if context.api_version >= GROUPS_SINCE:
        return OffsetFetchResponse(groups=[_group(broker, context, group) for group in request.groups])
    asked = None
    if request.topics is not None:
        asked = [OffsetFetchRequestTopics(topic.name, bytes(16), topic.partition_indexes) for topic in request.topics]
    found = _group(broker, context, OffsetFetchRequestGroup(request.group_id, topics=asked))
    code = found.error_code
    if code and context.api_version < ERROR_SINCE:
        found.topics = [_refused_topic(topic, code) for topic in asked or []]
    topics = [
        OffsetFetchResponseTopic(
            topic.name,
            [
                OffsetFetchResponsePartition(
                    one.partition_index, one.committed_offset, one.committed_leader_epoch, one.metadata, one.error_code
                )
                for one in topic.partitions
            ],
        )
        for topic in found.topics
    ]
    return OffsetFetchResponse(topics=topics, error_code=code)


def _group(broker: "Broker", context: RequestContext, asked: OffsetFetchRequestGroup) -> OffsetFetchResponseGroup:
    try:
        offsets = broker.group_coordinator.shard_of(broker, asked.group_id).offsets.of(asked.group_id)
    except WireError as refused:
        return OffsetFetchResponseGroup(asked.group_id, [], refused.code)
    by_id = context.api_version >= TOPIC_IDS_SINCE
    wanted = asked.topics
    if wanted is None:
        wanted = _all(broker, offsets)
    return OffsetFetchResponseGroup(
        asked.group_id, [_topic(broker, offsets, topic, by_id=by_id) for topic in wanted], ErrorCode.NONE
    )


def _all(broker: "Broker", offsets: dict[Place, CommittedOffset]) -> list[OffsetFetchRequestTopics]:
    topics: dict[str, list[int]] = {}
    for topic, index in offsets:
        topics.setdefault(topic, []).append(index)
    found = []
    for name, indexes in topics.items():
        image = broker.image.topics.get(name)
        found.append(OffsetFetchRequestTopics(name, image.topic_id if image else bytes(16), indexes))
    return found


def _topic(
    broker: "Broker", offsets: dict[Place, CommittedOffset], asked: OffsetFetchRequestTopics, *, by_id: bool
) -> OffsetFetchResponseTopics:
    name: str | None = asked.name
    if by_id:
        name = broker.image.topic_names.get(asked.topic_id)
        if name is None:
            return _refused_topic(asked, ErrorCode.UNKNOWN_TOPIC_ID)
    assert name is not None
    partitions = []
    for index in asked.partition_indexes:
        committed = offsets.get((name, index), NOTHING)
        partitions.append(
            OffsetFetchResponsePartitions(index, committed.offset, committed.leader_epoch, committed.metadata, 0)
        )
    return OffsetFetchResponseTopics(asked.name, asked.topic_id, partitions)


def _refused_topic(asked: OffsetFetchRequestTopics, code: int) -> OffsetFetchResponseTopics:
    partitions = [OffsetFetchResponsePartitions(index, -1, -1, "", code) for index in asked.partition_indexes]
    return OffsetFetchResponseTopics(asked.name, asked.topic_id, partitions)
