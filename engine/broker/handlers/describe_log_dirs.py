"""DescribeLogDirs 1 to 5: the one log directory, how large each partition is in it, how much room is left.

Not here: moving replicas between directories (there is one).
Spec: KIP-113, KIP-827 (total and usable bytes).
"""

from typing import TYPE_CHECKING

from engine.broker.context import RequestContext
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.describe_log_dirs import (
    DescribeLogDirsPartition,
    DescribeLogDirsRequest,
    DescribeLogDirsResponse,
    DescribeLogDirsResult,
    DescribeLogDirsTopic,
)

if TYPE_CHECKING:
    from engine.broker.broker import Broker


def handle(broker: "Broker", context: RequestContext, request: DescribeLogDirsRequest) -> DescribeLogDirsResponse:
    """Describe the partitions asked for, or all; what is not here is left out, as Kafka does."""
    topics = broker.replica_manager.topics
    if request.topics is None:
        wanted = {name: list(partitions) for name, partitions in topics.items()}
    else:
        wanted = {topic.topic: topic.partitions for topic in request.topics}
    result = DescribeLogDirsResult(log_dir=broker.config.log_dirs[0] if broker.config.log_dirs else "")
    if broker.durability.failed is not None:
        result.error_code = ErrorCode.KAFKA_STORAGE_ERROR
        return DescribeLogDirsResponse(results=[result])
    for name, indexes in wanted.items():
        here = topics.get(name, {})
        partitions = [
            DescribeLogDirsPartition(partition_index=index, partition_size=here[index].log.size_bytes(), offset_lag=0)
            for index in dict.fromkeys(indexes)
            if index in here
        ]
        if partitions:
            result.topics.append(DescribeLogDirsTopic(name, partitions))
    result.total_bytes, result.usable_bytes = broker.disk.space()
    return DescribeLogDirsResponse(results=[result])
