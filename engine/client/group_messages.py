"""What members of a classic consumer group say to each other, and to the coordinator, as bytes and as requests.

Subscriptions and assignments travel through the coordinator as bytes that it does not
need to understand. The sticky assignor's memory is its user data, as Java's has it.

Invariant: equal subscriptions are equal bytes, so that a member that comes back with
nothing new causes no rebalance.

Not here: when these are sent (group_membership.py), the assignors (core/groups/assignors).
Spec: ConsumerProtocolSubscription and -Assignment, version 3; KIP-54, KIP-341, KIP-429.
"""

from struct import Struct
from struct import error as StructError

from engine.client.calls import Offset, Place
from engine.client.cluster_metadata import error_code
from engine.core.groups.assignors.subscriber import Subscriber
from engine.core.groups.subscription import VERSION, VERSION_MAX, assigned_partitions
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.consumer_protocol import (
    ConsumerProtocolAssignment,
    ConsumerProtocolAssignmentTopicPartition,
    ConsumerProtocolSubscription,
    ConsumerProtocolSubscriptionTopicPartition,
    decode_consumer_protocol_subscription,
    encode_consumer_protocol_assignment,
    encode_consumer_protocol_subscription,
)
from engine.wire.messages.offset_commit import (
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
    OffsetCommitResponse,
)
from engine.wire.messages.offset_fetch import OffsetFetchRequestTopic, OffsetFetchResponse
from engine.wire.primitives import Malformed

COUNT = Struct(">i")
LENGTH = Struct(">h")
COOPERATIVE = "cooperative-sticky"
STICKY = "sticky"


def by_topic(places: list[Place]) -> dict[str, list[int]]:
    """Group places by topic, both in order."""
    topics: dict[str, list[int]] = {}
    for topic, partition in sorted(places):
        topics.setdefault(topic, []).append(partition)
    return topics


# ---- subscriptions


def encode_subscription(assignor: str, topics: tuple[str, ...], owned: list[Place], generation_id: int) -> bytes:
    """What a member says of itself for one assignor; `generation_id` is that of what it owns."""
    data = bytearray(VERSION.pack(VERSION_MAX))
    partitions = [ConsumerProtocolSubscriptionTopicPartition(topic, found) for topic, found in by_topic(owned).items()]
    user_data = None
    if assignor == STICKY:  # an eager member has given up its partitions by now: its memory goes beside them
        user_data, partitions = _encode_memory(owned, generation_id), []
    subscription = ConsumerProtocolSubscription(sorted(topics), user_data, partitions, generation_id)
    encode_consumer_protocol_subscription(subscription, VERSION_MAX, data)
    return bytes(data)


def decode_subscription(assignor: str, member_id: str, instance_id: str | None, data: bytes) -> Subscriber:
    """What another member said of itself. Raises Malformed."""
    if len(data) < VERSION.size:
        raise Malformed("a subscription begins with its version")
    version = min(VERSION.unpack_from(data)[0], VERSION_MAX)
    said, _ = decode_consumer_protocol_subscription(memoryview(data), VERSION.size, version)
    owned = [(part.topic, partition) for part in said.owned_partitions for partition in part.partitions]
    generation_id = said.generation_id
    memory = bytes(said.user_data or b"")
    if assignor == COOPERATIVE and generation_id < 0 and len(memory) == COUNT.size:  # Java before KIP-792
        generation_id = COUNT.unpack(memory)[0]
    elif assignor in (STICKY, COOPERATIVE) and not owned:
        owned, generation_id = _decode_memory(memory)
    return Subscriber(member_id, tuple(dict.fromkeys(said.topics)), instance_id, tuple(owned), generation_id)


def _encode_memory(owned: list[Place], generation_id: int) -> bytes:
    topics = by_topic(owned)
    data = bytearray(COUNT.pack(len(topics)))
    for topic, partitions in topics.items():
        name = topic.encode()
        data += LENGTH.pack(len(name)) + name + COUNT.pack(len(partitions))
        for partition in partitions:
            data += COUNT.pack(partition)
    return bytes(data + COUNT.pack(generation_id))


def _decode_memory(memory: bytes) -> tuple[list[Place], int]:
    """Read a sticky assignor's user data; what does not read as such is no memory."""
    owned: list[Place] = []
    generation_id = -1
    try:
        (count,), at = COUNT.unpack_from(memory), COUNT.size
        for _ in range(count):
            (length,), at = LENGTH.unpack_from(memory, at), at + LENGTH.size
            topic, at = memory[at : at + length].decode(), at + length
            (partitions,), at = COUNT.unpack_from(memory, at), at + COUNT.size
            for _ in range(partitions):
                owned.append((topic, COUNT.unpack_from(memory, at)[0]))
                at += COUNT.size
        if at + COUNT.size <= len(memory):  # version 1
            generation_id = COUNT.unpack_from(memory, at)[0]
    except (ValueError, StructError):
        return [], -1
    return owned, generation_id


# ---- assignments


def encode_assignment(places: list[Place]) -> bytes:
    """What the leader gives one member."""
    data = bytearray(VERSION.pack(VERSION_MAX))
    topics = [ConsumerProtocolAssignmentTopicPartition(topic, found) for topic, found in by_topic(places).items()]
    encode_consumer_protocol_assignment(ConsumerProtocolAssignment(topics), VERSION_MAX, data)
    return bytes(data)


def decode_assignment(data: bytes) -> list[Place]:
    """What the leader gave us. Raises Malformed."""
    return [(topic, partition) for topic, partitions in assigned_partitions(data) for partition in partitions]


# ---- offsets


def commit_topics(offsets: dict[Place, Offset]) -> list[OffsetCommitRequestTopic]:
    """Return the topics of an OffsetCommit."""
    topics: dict[str, OffsetCommitRequestTopic] = {}
    for (name, partition), committed in offsets.items():
        topic = topics.setdefault(name, OffsetCommitRequestTopic(name=name, partitions=[]))
        topic.partitions.append(
            OffsetCommitRequestPartition(partition, committed.offset, committed.leader_epoch, committed.metadata)
        )
    return list(topics.values())


def commit_codes(answer: OffsetCommitResponse) -> dict[Place, ErrorCode]:
    """Return what became of each partition of an OffsetCommit."""
    return {
        (topic.name, part.partition_index): error_code(part.error_code)
        for topic in answer.topics
        for part in topic.partitions
    }


def fetch_topics(places: list[Place]) -> list[OffsetFetchRequestTopic]:
    """Return the topics of an OffsetFetch."""
    return [OffsetFetchRequestTopic(topic, partitions) for topic, partitions in by_topic(places).items()]


def fetched_offsets(answer: OffsetFetchResponse) -> dict[Place, tuple[ErrorCode, Offset]]:
    """Return what an OffsetFetch found; an offset of -1 means that nothing is committed."""
    return {
        (topic.name, part.partition_index): (
            error_code(part.error_code),
            Offset(part.committed_offset, part.metadata or "", part.committed_leader_epoch),
        )
        for topic in answer.topics
        for part in topic.partitions
    }
