"""What a Fetch asks for, whatever its version.

The common request (topics by id, nothing forgotten, no tagged fields) is read in place;
everything else goes through the generated codec.

Invariants:
- A request that is read in place says what the generated codec finds in it.
- Nothing is taken for a part of the request that lies behind its end.

Not here: what becomes of it (handlers/fetch.py).
Spec: wire/messages/fetch.py, which is generated from Kafka's definition.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from struct import Struct

from engine.core.replication.fetch_sessions import FetchState, TopicKey
from engine.wire.messages import fetch as messages

BY_TOPIC_ID, WITH_REPLICA_STATE = 13, 15  # first versions
SEVERAL_BYTES = 0x80  # a count from here on is longer than the byte it begins with

# Counts are one more than what follows; the last byte of a partition counts its tagged fields.
HEAD = Struct(">iiibiiB")  # max wait, bytes min, bytes max, isolation, session, its epoch, count of topics
TOPIC = Struct(">16sB")
PARTITION = Struct(">iiqiqiB")  # index, leader epoch, offset, last fetched epoch, log start, bytes max
REST = b"\1\1\0"  # nothing forgotten, no rack, no tagged fields
unpack_head, unpack_topic, unpack_partition = HEAD.unpack_from, TOPIC.unpack_from, PARTITION.unpack_from


@dataclass(slots=True, eq=False)
class Asked:
    """One request."""

    states: list[FetchState]
    max_wait_ms: int
    bytes_min: int
    bytes_max: int
    isolation_level: int
    session_id: int
    session_epoch: int
    forgotten: Sequence[tuple[TopicKey, list[int]]] = ()  # by topic
    from_replica: int = -1


def read(buffer: bytearray, view: memoryview, position: int, end: int, version: int) -> Asked:
    """Read the request whose body is `position..end`."""
    if version >= WITH_REPLICA_STATE and (common := read_common(buffer, position, end)) is not None:
        return common
    request, _ = messages.decode_request(view[position:end], 0, version)  # as in Kafka bytes after it are ignored
    by_topic_id = version >= BY_TOPIC_ID
    states = [
        FetchState(
            topic.topic_id if by_topic_id else topic.topic,
            wanted.partition,
            wanted.fetch_offset,
            wanted.partition_max_bytes,
            wanted.current_leader_epoch,
            wanted.last_fetched_epoch,
        )
        for topic in request.topics
        for wanted in topic.partitions
    ]
    told = -1 if request.replica_state is None else request.replica_state.replica_id
    return Asked(
        states,
        request.max_wait_ms,
        request.min_bytes,
        request.max_bytes,
        request.isolation_level,
        request.session_id,
        request.session_epoch,
        [(one.topic_id if by_topic_id else one.topic, one.partitions) for one in request.forgotten_topics_data],
        max(request.replica_id, told),
    )


def read_common(buffer: bytearray, position: int, end: int) -> Asked | None:
    """Read a request of the usual shape, from WITH_REPLICA_STATE on; None if it has another one."""
    if end - position < HEAD.size:
        return None
    max_wait_ms, bytes_min, bytes_max, isolation_level, session_id, session_epoch, topics = unpack_head(
        buffer, position
    )
    position += HEAD.size
    if not 0 < topics < SEVERAL_BYTES:
        return None
    states = []
    for _ in range(topics - 1):
        if end - position < TOPIC.size:
            return None
        topic, partitions = unpack_topic(buffer, position)
        position += TOPIC.size
        if not 0 < partitions < SEVERAL_BYTES or end - position <= (partitions - 1) * PARTITION.size:
            return None
        for _ in range(partitions - 1):
            index, leader_epoch, offset, last_epoch, _, partition_max, tags = unpack_partition(buffer, position)
            position += PARTITION.size
            if tags:
                return None
            states.append(FetchState(topic, index, offset, partition_max, leader_epoch, last_epoch))
        if buffer[position]:  # the topic's tagged fields
            return None
        position += 1
    if end - position < len(REST) or buffer[position : position + len(REST)] != REST:
        return None
    return Asked(states, max_wait_ms, bytes_min, bytes_max, isolation_level, session_id, session_epoch)
