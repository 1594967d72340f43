"""DeleteTopics by name or by id. The directories go with the next step of housekeeping.

Spec: KIP-4, KIP-516 (by id, version 6); kafka.server.ControllerApis.deleteTopics.
"""

from typing import TYPE_CHECKING

from engine.broker import controller
from engine.broker.context import RequestContext
from engine.core.metadata import controller as decisions
from engine.core.metadata.image import MetadataImage
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.delete_topics import (
    DeletableTopicResult,
    DeleteTopicsRequest,
    DeleteTopicsResponse,
    DeleteTopicState,
    encode_response,
)
from engine.wire.primitives import Message

if TYPE_CHECKING:
    from engine.broker.broker import Broker

NO_ID = bytes(16)
IDS_SINCE = 6
MESSAGES = {
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION: "This server does not host this topic-partition.",
    ErrorCode.UNKNOWN_TOPIC_ID: "This server does not host this topic ID.",
    ErrorCode.TOPIC_DELETION_DISABLED: "Topic deletion is disabled.",
}


def handle(broker: "Broker", context: RequestContext, request: DeleteTopicsRequest) -> Message | None:
    """Delete what is there."""
    states = request.topics
    if context.api_version < IDS_SINCE:
        states = [DeleteTopicState(name, NO_ID) for name in request.topic_names]
    records: list[Message] = []
    results = []
    for name, topic_id, code, message in _named_once(broker.quorum.latest, states):
        if code is ErrorCode.NONE and not broker.config.delete_topic_enable:
            code, message = ErrorCode.TOPIC_DELETION_DISABLED, MESSAGES[ErrorCode.TOPIC_DELETION_DISABLED]
        if code is ErrorCode.NONE:
            topic = broker.quorum.latest.topic_by_id(topic_id)
            assert topic is not None
            records += decisions.delete_topic(topic)
        results.append(DeletableTopicResult(name, topic_id, code, message))
    response = DeleteTopicsResponse(responses=results)
    return controller.commit(broker, context, encode_response, records, response, results)


Found = tuple[str | None, bytes, ErrorCode, str | None]


def _named_once(image: MetadataImage, states: list[DeleteTopicState]) -> list[Found]:
    """Each topic that was named, once: name, id, what is wrong with it. Twice named is refused."""
    names: dict[str, int] = {}
    ids: dict[bytes, int] = {}
    found: list[Found] = []
    for state in states:
        if state.name is not None and state.topic_id == NO_ID:
            names[state.name] = names.get(state.name, 0) + 1
        elif state.name is None and state.topic_id != NO_ID:
            ids[state.topic_id] = ids.get(state.topic_id, 0) + 1
        else:
            message = (
                "Neither topic name nor id were specified."
                if state.name is None
                else "You may not specify both topic name and topic id."
            )
            found.append((state.name, state.topic_id, ErrorCode.INVALID_REQUEST, message))
    for name, count in names.items():
        found.append(_by_name(image, name, count, ids))
    for topic_id, count in ids.items():
        topic = image.topic_by_id(topic_id)
        if count > 1:
            found.append((None, topic_id, ErrorCode.INVALID_REQUEST, "Duplicate topic id."))
        elif topic is None:
            found.append((None, topic_id, ErrorCode.UNKNOWN_TOPIC_ID, MESSAGES[ErrorCode.UNKNOWN_TOPIC_ID]))
        elif topic.name not in names:  # else it was answered above, with the name
            found.append((topic.name, topic_id, ErrorCode.NONE, None))
    return found


def _by_name(image: MetadataImage, name: str, count: int, ids: dict[bytes, int]) -> Found:
    if count > 1:
        return name, NO_ID, ErrorCode.INVALID_REQUEST, "Duplicate topic name."
    topic = image.topics.get(name)
    if topic is None:
        code = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        return name, NO_ID, code, MESSAGES[code]
    if topic.topic_id in ids:
        message = "The provided topic name maps to an ID that was already supplied."
        return name, topic.topic_id, ErrorCode.INVALID_REQUEST, message
    return name, topic.topic_id, ErrorCode.NONE, None
