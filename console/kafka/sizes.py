"""How much disk replicas take: DescribeLogDirs of every node, put together.

Invariant: None means that no node told; a node that is down or refuses is left out.
Not here: what is on disk (engine.storage).
"""

from dataclasses import dataclass

from console.kafka.beside import MANY, beside, taken
from console.kafka.connection import Session
from engine.client.calls import Place
from engine.client.cluster_metadata import error_code
from engine.client.errors import ClientError
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.describe_log_dirs import (
    DescribableLogDirTopic,
    DescribeLogDirsRequest,
    DescribeLogDirsResponse,
    DescribeLogDirsResult,
)

ReplicaSizes = dict[Place, dict[int, int]]  # partition -> node -> bytes
ERRORS = {ErrorCode.KAFKA_STORAGE_ERROR: "out of use: the broker could not read or write it"}
MANY_PARTITIONS = 20_000  # from here on asking for all is less to say than naming them


@dataclass(frozen=True, slots=True)
class LogDirectory:
    """One directory in which a node keeps logs."""

    path: str
    replicas: int
    moving_in: int  # replicas that are being copied here from another directory
    size_bytes: int
    total_bytes: int | None  # of the volume that it is on
    usable_bytes: int | None
    error: str = ""  # why it is out of use


@dataclass(frozen=True, slots=True)
class NodeDisks:
    """The log directories of one node, and those in use put together."""

    replicas: int
    size_bytes: int
    total_bytes: int | None
    usable_bytes: int | None
    directories: tuple[LogDirectory, ...]


async def replica_sizes(session: Session, places: list[Place]) -> ReplicaSizes | None:
    """Bytes of each replica of these partitions."""
    if not places:
        return {}
    answers = await _describe(session, places)

    def put_together() -> ReplicaSizes | None:
        found: ReplicaSizes = {}
        told = False
        for node_id, answer in answers.items():
            for directory in answer.results:
                told |= directory.error_code == ErrorCode.NONE
                for topic in taken(directory.topics):
                    for part in taken(topic.partitions):
                        if not part.is_future_key:
                            found.setdefault((topic.name, part.partition_index), {})[node_id] = part.partition_size
        return found if told else None

    return await beside(_things_in(answers), put_together)


async def node_disks(session: Session) -> dict[int, NodeDisks]:
    """What each node that tells holds."""
    answers = await _describe(session, None)

    def put_together() -> dict[int, NodeDisks]:
        found = {node_id: _disks(answer) for node_id, answer in answers.items()}
        return {node_id: disks for node_id, disks in found.items() if disks.directories}

    return await beside(_things_in(answers), put_together)


def _things_in(answers: dict[int, DescribeLogDirsResponse]) -> int:
    """How much they say, roughly: to count what is long would be long itself."""
    topics = [topic for answer in answers.values() for one in answer.results[:MANY] for topic in one.topics[:MANY]]
    return len(topics) + sum(len(topic.partitions) for topic in topics)


def _disks(answer: DescribeLogDirsResponse) -> NodeDisks:
    directories = tuple(sorted((_directory(entry) for entry in taken(answer.results)), key=lambda one: one.path))
    in_use = [one for one in directories if not one.error]
    return NodeDisks(
        replicas=sum(one.replicas for one in in_use),
        size_bytes=sum(one.size_bytes for one in in_use),
        total_bytes=_all_of([one.total_bytes for one in in_use]),
        usable_bytes=_all_of([one.usable_bytes for one in in_use]),
        directories=directories,
    )


def _directory(said: DescribeLogDirsResult) -> LogDirectory:
    replicas = moving_in = size_bytes = 0
    for topic in taken(said.topics):
        for part in taken(topic.partitions):
            replicas += not part.is_future_key
            moving_in += part.is_future_key
            size_bytes += part.partition_size
    code = error_code(said.error_code)
    return LogDirectory(
        path=said.log_dir,
        replicas=replicas,
        moving_in=moving_in,
        size_bytes=size_bytes,
        total_bytes=said.total_bytes if said.total_bytes >= 0 else None,
        usable_bytes=said.usable_bytes if said.usable_bytes >= 0 else None,
        error="" if code is ErrorCode.NONE else ERRORS.get(code, f"the broker answers {code.name} of it"),
    )


def _all_of(numbers: list[int | None]) -> int | None:
    """The sum, if each is known."""
    known = [number for number in numbers if number is not None]
    return sum(known) if known and len(known) == len(numbers) else None


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
