"""CreatePartitions: a topic grows; it never shrinks.

Spec: KIP-195; org.apache.kafka.controller.ReplicationControlManager.createPartitions.
"""

from typing import TYPE_CHECKING

from engine.broker import controller
from engine.broker.context import RequestContext
from engine.core.metadata import controller as decisions
from engine.wire.error_codes import ErrorCode, WireError
from engine.wire.messages.create_partitions import (
    CreatePartitionsRequest,
    CreatePartitionsResponse,
    CreatePartitionsTopic,
    CreatePartitionsTopicResult,
    encode_response,
)
from engine.wire.primitives import Message

if TYPE_CHECKING:
    from engine.broker.broker import Broker


def handle(broker: "Broker", context: RequestContext, request: CreatePartitionsRequest) -> Message | None:
    """Let those topics grow that can."""
    counts: dict[str, int] = {}
    for topic in request.topics:
        counts[topic.name] = counts.get(topic.name, 0) + 1
    results = [
        CreatePartitionsTopicResult(name, ErrorCode.INVALID_REQUEST, "Duplicate topic name.")
        for name, count in counts.items()
        if count > 1
    ]
    records: list[Message] = []
    for topic in request.topics:
        if counts[topic.name] == 1:
            try:
                records += _decide(broker, topic, decisions.PARTITIONS_PER_REQUEST_MAX - len(records))
                results.append(CreatePartitionsTopicResult(topic.name, ErrorCode.NONE, None))
            except WireError as refusal:
                results.append(CreatePartitionsTopicResult(topic.name, refusal.code, refusal.message))
    if request.validate_only:
        records = []
    response = CreatePartitionsResponse(results=results)
    return controller.commit(broker, context, encode_response, records, response, results)


def _decide(broker: "Broker", wanted: CreatePartitionsTopic, partitions_left: int) -> list[Message]:
    image = broker.quorum.latest
    topic = image.topics.get(wanted.name)
    if topic is None:
        raise WireError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    assignments = None if wanted.assignments is None else [one.broker_ids for one in wanted.assignments]
    return decisions.create_partitions(
        image, topic, wanted.count, assignments, controller.defaults(broker), partitions_left
    )
