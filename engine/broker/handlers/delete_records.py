"""DeleteRecords 0 to 2: move a log's start forward, never beyond the high watermark.

Invariants:
- The log start only grows; an offset below it changes nothing and is no error.
- It is durable before it is told: deleted records never come back.

Not here: which segments become empty by it, and when their files go (reconcile.py).
Spec: KIP-107; what Apache Kafka 4.3.1 answers (44 for a topic that is only compacted).
"""

from typing import TYPE_CHECKING

from engine.broker import durability
from engine.broker.context import RequestContext
from engine.broker.partition_access import led_partition
from engine.storage.disk import StorageError
from engine.wire.error_codes import ErrorCode, WireError
from engine.wire.messages.delete_records import (
    DeleteRecordsPartitionResult,
    DeleteRecordsRequest,
    DeleteRecordsResponse,
    DeleteRecordsTopicResult,
)

if TYPE_CHECKING:
    from engine.broker.broker import Broker

HIGH_WATERMARK = -1


def handle(broker: "Broker", context: RequestContext, request: DeleteRecordsRequest) -> DeleteRecordsResponse:
    """Answer each partition by itself."""
    answers: dict[str, dict[int, DeleteRecordsPartitionResult]] = {}
    for topic in request.topics:
        for wanted in topic.partitions:
            result = DeleteRecordsPartitionResult(partition_index=wanted.partition_index, low_watermark=-1)
            try:
                result.low_watermark = delete_before(broker, topic.name, wanted.partition_index, wanted.offset)
            except WireError as error:
                result.error_code = error.code
            except StorageError as error:
                durability.note_disk_error(broker, error)
                result.error_code = ErrorCode.KAFKA_STORAGE_ERROR
            answers.setdefault(topic.name, {})[wanted.partition_index] = result
    topics = [DeleteRecordsTopicResult(name, list(results.values())) for name, results in answers.items()]
    return DeleteRecordsResponse(topics=topics)


def delete_before(broker: "Broker", topic: str, index: int, offset: int) -> int:
    """Delete what lies before the offset; return where the log starts now."""
    partition = led_partition(broker, topic, index)
    log = partition.log
    if not log.config.delete:
        raise WireError(ErrorCode.POLICY_VIOLATION)
    if offset == HIGH_WATERMARK:
        offset = partition.high_watermark
    if not 0 <= offset <= partition.high_watermark:
        raise WireError(ErrorCode.OFFSET_OUT_OF_RANGE)
    if offset > log.log_start_offset:
        broker.replica_manager.save_log_start(broker, partition, offset)
        log.delete_records(offset)
        broker.effects.observe("log_start", topic, index, log.log_start_offset)
    return log.log_start_offset
