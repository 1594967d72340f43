"""How much disk replicas take: DescribeLogDirs of every node, put together.

Invariant: None means that no node told; a node that is down or refuses is left out.
Not here: what is on disk (engine.storage).
"""

from dataclasses import dataclass

from console.kafka.connection import Session
from engine.client.calls import Place
from engine.client.errors import ClientError
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.describe_log_dirs import (
    DescribableLogDirTopic,
    DescribeLogDirsRequest,
    DescribeLogDirsResponse,
)

ReplicaSizes = dict[Place, dict[int, int]]  # partition -> node -> bytes
MANY_PARTITIONS = 20_000  # from here on asking for all is less to say than naming them


@dataclass(frozen=True, slots=True)
class NodeDisks:
    """The log directories of one node."""

    replicas: int
    size_bytes: int
    total_bytes: int | None
    usable_bytes: int | None


async def replica_sizes(session: Session, places: list[Place]) -> ReplicaSizes | None:
    """Bytes of each replica of these partitions."""
    if not places:
        return {}
    found: ReplicaSizes = {}
    told = False
    for node_id, answer in (await _describe(session, places)).items():
        for directory in answer.results:
            told |= directory.error_code == ErrorCode.NONE
            for topic in directory.topics:
                for part in topic.partitions:
                    if not part.is_future_key:
                        found.setdefault((topic.name, part.partition_index), {})[node_id] = part.partition_size
    return found if told else None


async def node_disks(session: Session) -> dict[int, NodeDisks]:
    """What each node that tells holds."""
    found: dict[int, NodeDisks] = {}
    for node_id, answer in (await _describe(session, None)).items():
        directories = [entry for entry in answer.results if entry.error_code == ErrorCode.NONE]
        parts = [part for entry in directories for topic in entry.topics for part in topic.partitions]
        if directories:
            totals = [entry.total_bytes for entry in directories]
            usable = [entry.usable_bytes for entry in directories]
            found[node_id] = NodeDisks(
                replicas=sum(not part.is_future_key for part in parts),
                size_bytes=sum(part.partition_size for part in parts),
                total_bytes=sum(totals) if min(totals) >= 0 else None,
                usable_bytes=sum(usable) if min(usable) >= 0 else None,
            )
    return found


async def _describe(session: Session, places: list[Place] | None) -> dict[int, DescribeLogDirsResponse]:
    named: list[DescribableLogDirTopic] | None = None
    if places is not None and len(places) < MANY_PARTITIONS:
        topics: dict[str, DescribableLogDirTopic] = {}
        for name, partition in places:
            topics.setdefault(name, DescribableLogDirTopic(name, [])).partitions.append(partition)
        named = list(topics.values())
    try:
        answers = await session.send_everywhere(DescribeLogDirsRequest(named))
    except ClientError:
        return {}
    return {node_id: answer for node_id, answer in answers.items() if not isinstance(answer, ClientError)}
