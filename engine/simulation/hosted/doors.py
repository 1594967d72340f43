"""Which requests of outside programs enter a world, which are answered beside it, and which are refused.

A write becomes an action of the learner; a read is answered by a copy (views.py), so that
looking never changes a history; what would tie a program to the world's time is refused.

Invariants:
- Every API that the broker advertises is in DOORS; what it does not know goes to the
  copy, which closes the connection as the broker would.
- A refusal is a Kafka answer: POLICY_VIOLATION, with words where the protocol has room.

Not here: sockets (the runner's), what a write does (the broker).
"""

from collections.abc import Callable
from enum import Enum
from typing import Any, NamedTuple

from engine.broker.broker import Broker
from engine.simulation.hosted.limits import WorldLimits
from engine.simulation.hosted.refused import Refused
from engine.simulation.hosted.shape import groups_of
from engine.wire import frames
from engine.wire.error_codes import ErrorCode
from engine.wire.messages import (
    alter_configs,
    create_partitions,
    create_topics,
    delete_groups,
    delete_records,
    delete_topics,
    fetch,
    heartbeat,
    incremental_alter_configs,
    init_producer_id,
    join_group,
    leave_group,
    offset_commit,
    offset_delete,
    produce,
    sync_group,
)
from engine.wire.primitives import Malformed, Message

CODE = ErrorCode.POLICY_VIOLATION
PRODUCE, FETCH, OFFSET_COMMIT, FIND_COORDINATOR, CREATE_TOPICS, CREATE_PARTITIONS = 0, 1, 8, 10, 19, 37
OFFSETS_TOPIC = "__consumer_offsets"
MEMBERS = "a group's members live by the world's time: add a consumer in the sandbox instead"


class Door(Enum):
    """Where a request goes."""

    READ = "answered beside the world"
    WRITE = "an action of the learner"
    REFUSED = "refused"


DOORS: dict[int, Door] = {
    0: Door.WRITE,  # Produce
    1: Door.READ,  # Fetch
    2: Door.READ,  # ListOffsets
    3: Door.READ,  # Metadata; sandboxes create no topic by being asked for it
    8: Door.WRITE,  # OffsetCommit
    9: Door.READ,  # OffsetFetch
    10: Door.READ,  # FindCoordinator; a write when __consumer_offsets is to be made
    11: Door.REFUSED,  # JoinGroup
    12: Door.REFUSED,  # Heartbeat
    13: Door.REFUSED,  # LeaveGroup
    14: Door.REFUSED,  # SyncGroup
    15: Door.READ,  # DescribeGroups
    16: Door.READ,  # ListGroups
    18: Door.READ,  # ApiVersions
    19: Door.WRITE,  # CreateTopics
    20: Door.WRITE,  # DeleteTopics
    21: Door.WRITE,  # DeleteRecords
    22: Door.WRITE,  # InitProducerId
    23: Door.READ,  # OffsetForLeaderEpoch
    32: Door.READ,  # DescribeConfigs
    33: Door.WRITE,  # AlterConfigs
    35: Door.READ,  # DescribeLogDirs
    37: Door.WRITE,  # CreatePartitions
    42: Door.WRITE,  # DeleteGroups
    44: Door.WRITE,  # IncrementalAlterConfigs
    47: Door.WRITE,  # OffsetDelete
    60: Door.READ,  # DescribeCluster
    61: Door.READ,  # DescribeProducers
    74: Door.READ,  # ListConfigResources
    75: Door.READ,  # DescribeTopicPartitions
}


class Asked(NamedTuple):
    """One request from outside."""

    frame: bytes  # whole, with its size
    api_key: int
    version: int
    correlation_id: int
    client_id: str | None


def read(frame: bytes) -> Asked:
    """Read the header of a request; Malformed if there is none."""
    header, _ = frames.decode_header(memoryview(frame)[4:])
    return Asked(frame, header.request_api_key, header.request_api_version, header.correlation_id, header.client_id)


def door_of(asked: Asked, broker: Broker | None) -> Door:
    """Where a request goes now."""
    if asked.api_key == FIND_COORDINATOR and broker is not None and OFFSETS_TOPIC not in broker.image.topics:
        return Door.WRITE
    return DOORS.get(asked.api_key, Door.READ)


def is_answered(asked: Asked) -> bool:
    """Say whether a write expects an answer: Produce with acks=0 does not."""
    if asked.api_key != PRODUCE:
        return True
    _, message = frames.decode_request(memoryview(asked.frame)[4:])
    assert isinstance(message, produce.ProduceRequest), "its key is Produce's"
    return message.acks != 0


def check(asked: Asked, broker: Broker | None, limits: WorldLimits) -> None:
    """Refuse a write that would go over what the sandbox may hold."""
    if limits.request_bytes is not None and len(asked.frame) > limits.request_bytes:
        raise Refused(f"a request of {len(asked.frame)} bytes: this sandbox takes {limits.request_bytes} at once")
    if broker is None or asked.api_key not in (OFFSET_COMMIT, CREATE_TOPICS, CREATE_PARTITIONS):
        return
    _, message = frames.decode_request(memoryview(asked.frame)[4:])
    topics = {name: len(topic.partitions) for name, topic in broker.image.topics.items() if name != OFFSETS_TOPIC}
    if isinstance(message, offset_commit.OffsetCommitRequest):
        limits.check_groups(groups_of(broker), message.group_id)
    elif isinstance(message, create_topics.CreateTopicsRequest):
        limits.check_topics(len(topics), len(message.topics))
        usual = broker.config.num_partitions
        more = sum(max(len(one.assignments), one.num_partitions, usual if one.num_partitions < 0 else 0)
                   for one in message.topics)  # fmt: skip
        limits.check_partitions(sum(topics.values()), more)
    elif isinstance(message, create_partitions.CreatePartitionsRequest):
        more = sum(max(0, one.count - topics.get(one.name, 0)) for one in message.topics)
        limits.check_partitions(sum(topics.values()), more)


def refuse(asked: Asked, words: str) -> bytes | None:
    """The answer to a request that is refused; None where the protocol has no answer (the connection is closed)."""
    try:
        _, message = frames.decode_request(memoryview(asked.frame)[4:])
    except Malformed:
        return None
    build = REFUSALS.get(asked.api_key)
    if build is None or not is_answered(asked):
        return None
    return frames.encode_response(asked.api_key, asked.version, asked.correlation_id, build(message, words))


def _create_topics(message: Any, words: str) -> Message:
    topics = [create_topics.CreatableTopicResult(one.name, error_code=CODE, error_message=words, configs=[])
              for one in message.topics]  # fmt: skip
    return create_topics.CreateTopicsResponse(topics=topics)


def _delete_topics(message: Any, words: str) -> Message:
    asked = [(one.name, one.topic_id) for one in message.topics] + [(name, bytes(16)) for name in message.topic_names]
    responses = [delete_topics.DeletableTopicResult(name, topic_id, CODE, words) for name, topic_id in asked]
    return delete_topics.DeleteTopicsResponse(responses=responses)


def _create_partitions(message: Any, words: str) -> Message:
    results = [create_partitions.CreatePartitionsTopicResult(one.name, CODE, words) for one in message.topics]
    return create_partitions.CreatePartitionsResponse(results=results)


def _incremental_alter_configs(message: Any, words: str) -> Message:
    kind = incremental_alter_configs.AlterConfigsResourceResponse
    responses = [kind(CODE, words, one.resource_type, one.resource_name) for one in message.resources]
    return incremental_alter_configs.IncrementalAlterConfigsResponse(responses=responses)


def _alter_configs(message: Any, words: str) -> Message:
    kind = alter_configs.AlterConfigsResourceResponse
    responses = [kind(CODE, words, one.resource_type, one.resource_name) for one in message.resources]
    return alter_configs.AlterConfigsResponse(responses=responses)


def _produce(message: Any, words: str) -> Message:
    responses = []
    for topic in message.topic_data:
        refused = [produce.PartitionProduceResponse(one.index, CODE, -1, error_message=words)
                   for one in topic.partition_data]  # fmt: skip
        responses.append(produce.TopicProduceResponse(topic.name, topic.topic_id, refused))
    return produce.ProduceResponse(responses=responses)


def _fetch(message: Any, words: str) -> Message:
    responses = []
    for topic in message.topics:
        refused = [fetch.PartitionData(one.partition, CODE, -1) for one in topic.partitions]
        responses.append(fetch.FetchableTopicResponse(topic.topic, topic.topic_id, refused))
    return fetch.FetchResponse(error_code=CODE, responses=responses)


def _offset_commit(message: Any, words: str) -> Message:
    topics = []
    for topic in message.topics:
        refused = [offset_commit.OffsetCommitResponsePartition(one.partition_index, CODE) for one in topic.partitions]
        topics.append(offset_commit.OffsetCommitResponseTopic(topic.name, topic.topic_id, refused))
    return offset_commit.OffsetCommitResponse(topics=topics)


def _delete_records(message: Any, words: str) -> Message:
    topics = []
    for topic in message.topics:
        refused = [delete_records.DeleteRecordsPartitionResult(one.partition_index, -1, CODE)
                   for one in topic.partitions]  # fmt: skip
        topics.append(delete_records.DeleteRecordsTopicResult(topic.name, refused))
    return delete_records.DeleteRecordsResponse(topics=topics)


def _delete_groups(message: Any, words: str) -> Message:
    results = [delete_groups.DeletableGroupResult(name, CODE) for name in message.groups_names]
    return delete_groups.DeleteGroupsResponse(results=results)


REFUSALS: dict[int, Callable[[Any, str], Message]] = {
    0: _produce,
    1: _fetch,
    8: _offset_commit,
    11: lambda message, words: join_group.JoinGroupResponse(error_code=CODE),
    12: lambda message, words: heartbeat.HeartbeatResponse(error_code=CODE),
    13: lambda message, words: leave_group.LeaveGroupResponse(error_code=CODE),
    14: lambda message, words: sync_group.SyncGroupResponse(error_code=CODE),
    19: _create_topics,
    20: _delete_topics,
    21: _delete_records,
    22: lambda message, words: init_producer_id.InitProducerIdResponse(error_code=CODE),
    33: _alter_configs,
    37: _create_partitions,
    42: _delete_groups,
    44: _incremental_alter_configs,
    47: lambda message, words: offset_delete.OffsetDeleteResponse(error_code=CODE),
}
