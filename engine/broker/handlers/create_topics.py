"""CreateTopics: each topic is decided by itself, all that can be created are written together.

Spec: KIP-4, KIP-464 (defaults), KIP-525 (configs in the answer), KIP-516 (topic ids).
"""

from typing import TYPE_CHECKING

from engine.broker import controller
from engine.broker.context import RequestContext
from engine.core.metadata import controller as decisions
from engine.core.metadata.configs import describe_topic
from engine.core.metadata.controller import CreatedTopic, NewTopic
from engine.core.metadata.topic_names import METADATA_TOPIC
from engine.wire.error_codes import ErrorCode, WireError
from engine.wire.messages.create_topics import (
    CreatableTopic,
    CreatableTopicConfigs,
    CreatableTopicResult,
    CreateTopicsRequest,
    CreateTopicsResponse,
    encode_response,
)
from engine.wire.primitives import Message

if TYPE_CHECKING:
    from engine.broker.broker import Broker


def handle(broker: "Broker", context: RequestContext, request: CreateTopicsRequest) -> Message | None:
    """Create what can be created."""
    duplicates = _duplicates(request.topics)
    wanted = [topic for topic in request.topics if topic.name not in duplicates and topic.name != METADATA_TOPIC]
    refused = [_refused(name, WireError(ErrorCode.INVALID_REQUEST, "Duplicate topic name.")) for name in duplicates]
    if any(topic.name == METADATA_TOPIC for topic in request.topics):
        message = f"Creation of internal topic {METADATA_TOPIC} is prohibited."
        refused = [result for result in refused if result.name != METADATA_TOPIC]
        refused.append(_refused(METADATA_TOPIC, WireError(ErrorCode.INVALID_REQUEST, message)))
    records, results = _decide(broker, [_read(topic) for topic in wanted])
    if request.validate_only:
        records = []
    response = CreateTopicsResponse(topics=results + refused)
    return controller.commit(broker, context, encode_response, records, response, results)


def _decide(broker: "Broker", topics: list[NewTopic]) -> tuple[list[Message], list[CreatableTopicResult]]:
    image, server, defaults = broker.quorum.latest, broker.config.server, controller.defaults(broker)
    try:
        decisions.check_number_of_partitions(topics, defaults)
    except WireError as refusal:
        return [], [_refused(topic.name, refusal) for topic in topics]
    records: list[Message] = []
    results = []
    for topic in topics:
        try:
            created = decisions.create_topic(image, topic, defaults, server, broker.new_uuid())
        except WireError as refusal:
            results.append(_refused(topic.name, refusal))
        else:
            records += created.records
            results.append(_created(broker, created))
    return records, results


def _duplicates(topics: list[CreatableTopic]) -> dict[str, None]:
    seen: dict[str, None] = {}
    duplicates: dict[str, None] = {}
    for topic in topics:
        (duplicates if topic.name in seen else seen)[topic.name] = None
    return duplicates


def _read(topic: CreatableTopic) -> NewTopic:
    return NewTopic(
        topic.name,
        topic.num_partitions,
        topic.replication_factor,
        [(assignment.partition_index, assignment.broker_ids) for assignment in topic.assignments],
        [(config.name, config.value) for config in topic.configs],
    )


def _created(broker: "Broker", created: CreatedTopic) -> CreatableTopicResult:
    configs = [
        CreatableTopicConfigs(config.key.name, config.value, False, config.source, False)
        for config in describe_topic(created.configs, broker.config.server)
    ]
    return CreatableTopicResult(
        name=created.name,
        topic_id=created.topic_id,
        error_message=None,
        num_partitions=created.partitions,
        replication_factor=created.replication_factor,
        configs=configs,
    )


def _refused(name: str, refusal: WireError) -> CreatableTopicResult:
    return CreatableTopicResult(name=name, error_code=refusal.code, error_message=refusal.message)
