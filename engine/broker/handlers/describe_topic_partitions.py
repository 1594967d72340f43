"""DescribeTopicPartitions: topics in order of their names, so many partitions at a time, and where to go on.

Spec: KIP-966; kafka.server.handlers.DescribeTopicPartitionsRequestHandler.
"""

from typing import TYPE_CHECKING

from engine.broker.context import RequestContext
from engine.core.metadata import topic_names
from engine.core.metadata.image import MetadataImage, PartitionImage, TopicImage
from engine.core.security import operations
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.describe_topic_partitions import (
    DescribeTopicPartitionsRequest,
    DescribeTopicPartitionsResponse,
    DescribeTopicPartitionsResponsePartition,
    DescribeTopicPartitionsResponseTopic,
    ResponseCursor,
)

if TYPE_CHECKING:
    from engine.broker.broker import Broker


def handle(
    broker: "Broker", context: RequestContext, request: DescribeTopicPartitionsRequest
) -> DescribeTopicPartitionsResponse:
    """Answer with as many partitions as are asked for and allowed."""
    image, cursor = broker.image, request.cursor
    asked = dict.fromkeys(topic.name for topic in request.topics)
    if cursor is not None and ((asked and cursor.topic_name not in asked) or cursor.partition_index < 0):
        return _refuse_all(asked)
    names = sorted(asked or image.topics)
    if cursor is not None:
        names = [name for name in names if name >= cursor.topic_name]
    left = max(min(request.response_partition_limit, broker.config.max_request_partition_size_limit), 1)
    response = DescribeTopicPartitionsResponse(next_cursor=None)
    unknown = []
    for name in names:
        if not left:
            response.next_cursor = ResponseCursor(name, 0)
            break
        topic = image.topics.get(name)
        if topic is None:
            unknown.append(_unknown(name))
            continue
        first = cursor.partition_index if cursor is not None and cursor.topic_name == name else 0
        partitions = topic.partitions[first : first + left]
        response.topics.append(_topic(image, topic, partitions))
        left -= len(partitions)
        if first + len(partitions) < len(topic.partitions):
            response.next_cursor = ResponseCursor(name, first + len(partitions))
            break
    response.topics += unknown
    return response


def _topic(
    image: MetadataImage, topic: TopicImage, partitions: list[PartitionImage]
) -> DescribeTopicPartitionsResponseTopic:
    return DescribeTopicPartitionsResponseTopic(
        name=topic.name,
        topic_id=topic.topic_id,
        is_internal=topic_names.is_internal(topic.name),
        partitions=[_partition(image, partition) for partition in partitions],
        topic_authorized_operations=operations.TOPIC_OPERATIONS,
    )


def _partition(image: MetadataImage, partition: PartitionImage) -> DescribeTopicPartitionsResponsePartition:
    return DescribeTopicPartitionsResponsePartition(
        error_code=ErrorCode.NONE if partition.leader >= 0 else ErrorCode.LEADER_NOT_AVAILABLE,
        partition_index=partition.index,
        leader_id=partition.leader,
        leader_epoch=partition.leader_epoch,
        replica_nodes=partition.replicas,
        isr_nodes=partition.isr,
        eligible_leader_replicas=partition.eligible_leader_replicas,
        last_known_elr=partition.last_known_elr,
        offline_replicas=image.offline_replicas(partition),
    )


def _unknown(name: str) -> DescribeTopicPartitionsResponseTopic:
    code = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    if topic_names.refusal(name) is not None:
        code = ErrorCode.INVALID_TOPIC_EXCEPTION
    return DescribeTopicPartitionsResponseTopic(code, name, topic_authorized_operations=operations.TOPIC_OPERATIONS)


def _refuse_all(asked: dict[str, None]) -> DescribeTopicPartitionsResponse:
    """A cursor that points nowhere: the whole request is refused."""
    return DescribeTopicPartitionsResponse(
        topics=[DescribeTopicPartitionsResponseTopic(ErrorCode.INVALID_REQUEST, name) for name in asked],
        next_cursor=None,
    )
