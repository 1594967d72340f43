"""DescribeProducers 0: which idempotent producers wrote to a partition, and their last sequence.

Not here: when they are forgotten (housekeeping.py).
Spec: KIP-664.
"""

from typing import TYPE_CHECKING

from engine.broker.context import RequestContext
from engine.broker.partition_access import led_partition
from engine.core.metadata import topic_names
from engine.wire.error_codes import ErrorCode, WireError
from engine.wire.messages.describe_producers import (
    DescribeProducersRequest,
    DescribeProducersResponse,
    PartitionResponse,
    ProducerState,
    TopicResponse,
)

if TYPE_CHECKING:
    from engine.broker.broker import Broker


def handle(broker: "Broker", context: RequestContext, request: DescribeProducersRequest) -> DescribeProducersResponse:
    """Answer each partition by itself."""
    response = DescribeProducersResponse()
    for topic in request.topics:
        results = []
        for index in topic.partition_indexes:
            result = PartitionResponse(partition_index=index)
            try:
                refusal = topic_names.refusal(topic.name)
                if refusal is not None:
                    raise WireError(ErrorCode.INVALID_TOPIC_EXCEPTION, refusal)
                entries = led_partition(broker, topic.name, index).log.producers.entries
            except WireError as error:
                said = topic.name not in broker.image.topics  # of a known topic's partitions Kafka gives the code alone
                result.error_code, result.error_message = error.code, error.message if said else None
            else:
                result.active_producers = [
                    ProducerState(
                        producer_id=producer_id,
                        producer_epoch=entry.epoch,
                        last_sequence=entry.last_sequence,
                        last_timestamp=entry.last_timestamp,
                        coordinator_epoch=-1,
                        current_txn_start_offset=entry.transaction_start,
                    )
                    for producer_id, entry in entries.items()
                ]
            results.append(result)
        response.topics.append(TopicResponse(topic.name, results))
    return response
