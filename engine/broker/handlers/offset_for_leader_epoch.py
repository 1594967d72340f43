"""OffsetForLeaderEpoch 2 to 4: where an older leader epoch ended, so that clients and followers see divergence.

Not here: the epochs (core/log/leader_epochs.py).
Spec: KIP-101, KIP-279, KIP-320.
"""

from typing import TYPE_CHECKING

from engine.broker.context import RequestContext
from engine.broker.partition import end_offset_for_epoch
from engine.broker.partition_access import led_partition
from engine.wire.error_codes import WireError
from engine.wire.messages.offset_for_leader_epoch import (
    EpochEndOffset,
    OffsetForLeaderEpochRequest,
    OffsetForLeaderEpochResponse,
    OffsetForLeaderTopicResult,
)

if TYPE_CHECKING:
    from engine.broker.broker import Broker


def handle(
    broker: "Broker", context: RequestContext, request: OffsetForLeaderEpochRequest
) -> OffsetForLeaderEpochResponse:
    """Answer each partition by itself; what is not known is -1."""
    response = OffsetForLeaderEpochResponse()
    for topic in request.topics:
        results = []
        for wanted in topic.partitions:
            result = EpochEndOffset(partition=wanted.partition, leader_epoch=-1, end_offset=-1)
            try:
                partition = led_partition(broker, topic.topic, wanted.partition, wanted.current_leader_epoch)
                epoch, end_offset = end_offset_for_epoch(partition, wanted.leader_epoch)
                result.leader_epoch, result.end_offset = epoch, end_offset
            except WireError as error:
                result.error_code = error.code
            results.append(result)
        response.topics.append(OffsetForLeaderTopicResult(topic.topic, results))
    return response
