"""ListOffsets as the client says it: positions to a request, an answer to offsets.

Not here: who leads and is asked (leader_calls.py, consumer.py).
"""

from engine.client.calls import ListOffsets, OffsetFound, Place
from engine.client.cluster_metadata import ClusterMetadata, error_code
from engine.client.errors import Refused
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.list_offsets import (
    ListOffsetsPartition,
    ListOffsetsRequest,
    ListOffsetsResponse,
    ListOffsetsTopic,
)

VERSION_MAX = 0x7FFF


def encode(asked: dict[Place, int], call: ListOffsets, metadata: ClusterMetadata) -> tuple[ListOffsetsRequest, int]:
    """Return the request for these timestamps of one node, and the highest version it may have."""
    topics: dict[str, ListOffsetsTopic] = {}
    for (name, partition), timestamp in asked.items():
        topic = topics.setdefault(name, ListOffsetsTopic(name=name, partitions=[]))
        leader = metadata.leader(name, partition)
        epoch = leader.leader_epoch if leader is not None else -1
        topic.partitions.append(ListOffsetsPartition(partition, epoch, timestamp))
    request = ListOffsetsRequest(
        replica_id=-1,
        isolation_level=int(call.read_committed),
        topics=list(topics.values()),
        timeout_ms=min(call.timeout_ms, 30_000),
    )
    return request, VERSION_MAX


def decode(answer: ListOffsetsResponse, asked: int) -> dict[Place, OffsetFound | Refused]:
    """Return what was found for each partition; of an answer that names more than were asked for, no more than those.

    A broker can name a million, and a loop that others share goes through them.
    """
    found: dict[Place, OffsetFound | Refused] = {}
    for topic in answer.topics[:asked]:
        for part in topic.partitions[: asked - len(found)]:
            code = error_code(part.error_code)
            found[topic.name, part.partition_index] = (
                Refused(code, f"offsets of partition {part.partition_index} of topic {topic.name}")
                if code != ErrorCode.NONE
                else OffsetFound(part.offset, part.timestamp, part.leader_epoch)
            )
    return found
