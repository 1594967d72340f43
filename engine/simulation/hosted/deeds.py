"""What an action of the learner asks for, in few plain words: also when it is a request that was sent.

Invariant: every action gives a deed; a request that cannot be read, or that no lesson speaks of, is "send".
Not here: what became of it (the history says that), records that were sent (inside.py reads those that are there).
"""

from collections.abc import Mapping
from typing import Any

from engine.core.metadata.image import TOPIC_RESOURCE
from engine.simulation.hosted import written
from engine.wire import frames
from engine.wire.error_codes import WireError
from engine.wire.messages.create_partitions import CreatePartitionsRequest
from engine.wire.messages.create_topics import CreateTopicsRequest
from engine.wire.messages.delete_topics import DeleteTopicsRequest
from engine.wire.messages.incremental_alter_configs import AlterConfigsResource, IncrementalAlterConfigsRequest
from engine.wire.messages.produce import ProduceRequest
from engine.wire.primitives import DAMAGE, Malformed, Message

Deed = dict[str, Any]


def deed(action: Mapping[str, Any]) -> Deed:
    """The action as {"do": ..., and what it names}."""
    if action["do"] != "send":
        return dict(action)
    try:
        header, message = frames.decode_request(memoryview(written.frame_of(action["frame"]))[4:])
    except (Malformed, WireError, *DAMAGE):
        return {"do": "send"}
    found = {**_of_request(message), "client": header.client_id}
    if not found.get("topic", True) and "topic" in action:
        found["topic"] = action["topic"]
    return found


def topic_by_id(frame: bytes, names: Mapping[bytes, str]) -> str:
    """The topic that a request names by its id alone, for its action: later nobody may know any more; "" if none."""
    try:
        _, message = frames.decode_request(memoryview(frame)[4:])
    except (Malformed, WireError, *DAMAGE):
        return ""
    topics: list[Any] = []
    if isinstance(message, ProduceRequest):
        topics = message.topic_data
    elif isinstance(message, DeleteTopicsRequest):
        topics = message.topics or []
    return names.get(topics[0].topic_id, "") if topics and not topics[0].name else ""


def _of_request(message: Message) -> Deed:
    if isinstance(message, ProduceRequest):
        places = [(topic.name, data.index) for topic in message.topic_data for data in topic.partition_data]
        topic, partition = places[0] if places else ("", -1)
        return {"do": "produce", "topic": topic, "partition": partition, "acks": message.acks}
    if isinstance(message, CreateTopicsRequest) and message.topics:
        first = message.topics[0]
        return {"do": "create topic", "topic": first.name, "partitions": first.num_partitions}
    if isinstance(message, CreatePartitionsRequest) and message.topics:
        return {"do": "add partitions", "topic": message.topics[0].name, "partitions": message.topics[0].count}
    if isinstance(message, DeleteTopicsRequest):
        names = [*(message.topic_names or ()), *(one.name for one in message.topics or () if one.name)]
        return {"do": "delete topic", "topic": names[0] if names else ""}
    if isinstance(message, IncrementalAlterConfigsRequest) and message.resources:
        return _of_configs(message.resources[0])
    return {"do": "send"}


def _of_configs(resource: AlterConfigsResource) -> Deed:
    if resource.resource_type != TOPIC_RESOURCE:
        return {"do": "send"}
    configs = {one.name: one.value or "" for one in resource.configs}
    return {"do": "change topic", "topic": resource.resource_name, "configs": configs}
