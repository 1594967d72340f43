"""ListOffsets 1 to 11: where a partition begins and ends, and which record is the first at or after a time.

Invariants:
- Nothing at or above the high watermark is told.
- A partition named twice is refused (42) both times, as Kafka does.

Not here: how a time is found (storage/log.py).
Spec: KIP-79, KIP-734 (-3), KIP-405 (-4), KIP-1005 (-5), KIP-1023 (-6); what Apache Kafka 4.3.1 answers.
"""

from typing import TYPE_CHECKING

from engine.broker.context import RequestContext
from engine.broker.partition import Partition
from engine.broker.partition_access import led_partition
from engine.storage.disk import StorageError
from engine.wire.error_codes import ErrorCode, WireError
from engine.wire.messages.list_offsets import (
    ListOffsetsPartition,
    ListOffsetsPartitionResponse,
    ListOffsetsRequest,
    ListOffsetsResponse,
    ListOffsetsTopicResponse,
)

if TYPE_CHECKING:
    from engine.broker.broker import Broker

LATEST, EARLIEST, MAX_TIMESTAMP, EARLIEST_LOCAL, LATEST_TIERED, EARLIEST_PENDING_UPLOAD = -1, -2, -3, -4, -5, -6
FIRST_VERSION = {MAX_TIMESTAMP: 7, EARLIEST_LOCAL: 8, LATEST_TIERED: 9, EARLIEST_PENDING_UPLOAD: 11}
WITH_LEADER_EPOCH = 4


def handle(broker: "Broker", context: RequestContext, request: ListOffsetsRequest) -> ListOffsetsResponse:
    """Answer each partition by itself."""
    asked: dict[tuple[str, int], int] = {}
    for topic in request.topics:
        for wanted in topic.partitions:
            key = (topic.name, wanted.partition_index)
            asked[key] = asked.get(key, 0) + 1
    answers: dict[str, dict[int, ListOffsetsPartitionResponse]] = {}
    for topic in request.topics:
        for wanted in topic.partitions:
            result = ListOffsetsPartitionResponse(partition_index=wanted.partition_index)
            try:
                if asked[topic.name, wanted.partition_index] > 1:
                    raise WireError(ErrorCode.INVALID_REQUEST)
                find(broker, context.api_version, topic.name, wanted, result)
            except WireError as error:
                result.error_code = error.code
            except StorageError:
                result.error_code = ErrorCode.KAFKA_STORAGE_ERROR
            answers.setdefault(topic.name, {})[wanted.partition_index] = result
    topics = [ListOffsetsTopicResponse(name, list(results.values())) for name, results in answers.items()]
    return ListOffsetsResponse(topics=topics)


def find(
    broker: "Broker", version: int, topic: str, wanted: ListOffsetsPartition, result: ListOffsetsPartitionResponse
) -> None:
    """Fill in the offset that is asked for; -1 where there is none."""
    timestamp = wanted.timestamp
    if timestamp < EARLIEST_PENDING_UPLOAD or version < FIRST_VERSION.get(timestamp, 0):
        raise WireError(ErrorCode.UNSUPPORTED_VERSION)
    partition = led_partition(broker, topic, wanted.partition_index, wanted.current_leader_epoch)
    found = find_offset(partition, timestamp)
    if found is None:
        return
    result.timestamp, result.offset, leader_epoch = found
    if version >= WITH_LEADER_EPOCH:
        result.leader_epoch = leader_epoch


def find_offset(partition: Partition, timestamp: int) -> tuple[int, int, int] | None:
    """Timestamp, offset and leader epoch of what is asked for."""
    log = partition.log
    if timestamp == LATEST:
        return -1, partition.high_watermark, partition.leader_epoch
    if timestamp in (EARLIEST, EARLIEST_LOCAL):
        epoch = log.leader_epochs.epoch_at(log.log_start_offset)
        return -1, log.log_start_offset, partition.leader_epoch if epoch < 0 else epoch
    if timestamp in (LATEST_TIERED, EARLIEST_PENDING_UPLOAD):
        return None  # nothing is ever tiered
    if timestamp == MAX_TIMESTAMP:
        return log.offset_of_max_timestamp(partition.high_watermark_position)
    return log.offset_for_timestamp(timestamp, partition.high_watermark_position)
