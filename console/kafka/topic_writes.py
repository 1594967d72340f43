"""What changes topics: one request each, and what the cluster said.

*Invariants*: a request that may have arrived is never sent again; if its answer did not come, MaybeDone says so.
What the cluster refuses is KafkaRefused with the protocol's name of the error, whatever the error is.
*Not here*: whether somebody may or should (services/topics.py), reading (topics.py, configs.py, topic_defaults.py).
Spec: KIP-4 (create, delete), KIP-195 (partitions), KIP-339 (configs), KIP-107 (records), KIP-516 (delete by id).
"""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from console.kafka.configs import described_topic
from console.kafka.connection import ConnectionSpec, Late, Operation, Session, run
from console.kafka.errors import ClusterUnreachable, KafkaError, KafkaRefused, translated
from console.kafka.topics import one_topic
from engine.client.cluster_metadata import NO_ID, error_code
from engine.client.errors import ClientError, Disconnected, Refused, TimedOut
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.create_partitions import (
    CreatePartitionsRequest,
    CreatePartitionsResponse,
    CreatePartitionsTopic,
)
from engine.wire.messages.create_topics import (
    CreatableTopic,
    CreatableTopicConfig,
    CreateTopicsRequest,
    CreateTopicsResponse,
)
from engine.wire.messages.delete_records import DeleteRecordsPartition, DeleteRecordsRequest, DeleteRecordsTopic
from engine.wire.messages.delete_topics import DeleteTopicsRequest, DeleteTopicsResponse, DeleteTopicState
from engine.wire.messages.incremental_alter_configs import (
    AlterableConfig,
    AlterConfigsResource,
    IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsResponse,
)
from engine.wire.messages.metadata import MetadataResponsePartition
from engine.wire.primitives import Message

WRITE_LIMIT_S = 6.0
CLUSTER_LIMIT_MS = 4_000  # the cluster answers earlier than the client gives up: then it knows what it did
BROKER_DEFAULT = -1
SHOWN_TRIES, SHOWN_EVERY_S = 20, 0.05
TOPIC = 2  # resource type
SET, DELETE = 0, 1  # operations of IncrementalAlterConfigs

T = TypeVar("T")


class MaybeDone(ClusterUnreachable):
    """The request may have arrived and no answer came: it may have been carried out."""


@dataclass(frozen=True, slots=True)
class NewTopic:
    """What is to be made."""

    name: str
    partitions: int = BROKER_DEFAULT
    replication_factor: int = BROKER_DEFAULT
    configs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Made:
    """What the cluster says it made, or would make; None where it does not tell."""

    partitions: int | None
    replication_factor: int | None
    configs: tuple[Any, ...]  # CreatableTopicConfigs: every config with its value and source; () if not told


def create_topic(spec: ConnectionSpec, wanted: NewTopic, *, validate_only: bool = False) -> Made:
    """Create a topic, or only ask whether it could be."""

    async def write(session: Session) -> Made:
        made = await creation(session, wanted, validate_only=validate_only)
        if not validate_only:
            await _shown(session, wanted.name, lambda parts: bool(parts) and all(part.leader_id >= 0 for part in parts))
        return made

    return _run(spec, write, changes=not validate_only)


async def creation(session: Session, wanted: NewTopic, *, validate_only: bool) -> Made:
    """The same within an operation."""
    configs = [CreatableTopicConfig(name, value) for name, value in wanted.configs.items()]
    topic = CreatableTopic(wanted.name, wanted.partitions, wanted.replication_factor, configs=configs)
    request = CreateTopicsRequest([topic], CLUSTER_LIMIT_MS, validate_only)
    answer: CreateTopicsResponse = await _sent(session, request, changes=not validate_only)
    for result in answer.topics:
        _check(result.error_code, result.error_message)
        told = result.num_partitions if result.num_partitions > 0 else None
        copies = result.replication_factor if result.replication_factor > 0 else None
        return Made(told, copies, tuple(result.configs or ()))
    raise KafkaRefused("UNKNOWN_SERVER_ERROR", "the cluster says nothing of the topic")


def alter_configs(
    spec: ConnectionSpec, topic: str, changes: Mapping[str, str | None], *, validate_only: bool = False
) -> None:
    """Set configs of a topic; None goes back to the default. All of them, or none."""

    async def write(session: Session) -> None:
        wanted = [AlterableConfig(name, DELETE if value is None else SET, value) for name, value in changes.items()]
        request = IncrementalAlterConfigsRequest([AlterConfigsResource(TOPIC, topic, wanted)], validate_only)
        answer: IncrementalAlterConfigsResponse = await _sent(session, request, changes=not validate_only)
        for result in answer.responses:
            _check(result.error_code, result.error_message)
        if not validate_only:
            await _until(lambda: _configs_are(session, topic, changes))

    _run(spec, write, changes=not validate_only)


def add_partitions(spec: ConnectionSpec, topic: str, count: int, *, validate_only: bool = False) -> None:
    """Let a topic grow to this many partitions."""

    async def write(session: Session) -> None:
        wanted = [CreatePartitionsTopic(topic, count, None)]
        request = CreatePartitionsRequest(wanted, CLUSTER_LIMIT_MS, validate_only)
        answer: CreatePartitionsResponse = await _sent(session, request, changes=not validate_only)
        for result in answer.results:
            _check(result.error_code, result.error_message)
        if not validate_only:
            await _shown(session, topic, lambda parts: len(parts) >= count)

    _run(spec, write, changes=not validate_only)


def delete_topic(spec: ConnectionSpec, topic: str, topic_id: str) -> None:
    """Delete the topic of this id: one that was made anew under the same name stays. Without ids, by name."""

    async def write(session: Session) -> None:
        raw = base64.urlsafe_b64decode(topic_id + "==") if topic_id else NO_ID
        # Versions below 6 know no ids and read the names.
        state = DeleteTopicState(None, raw) if raw != NO_ID else DeleteTopicState(topic, NO_ID)
        request = DeleteTopicsRequest([state], [topic], CLUSTER_LIMIT_MS)
        answer: DeleteTopicsResponse = await _sent(session, request, changes=True)
        for result in answer.responses:
            _check(result.error_code, result.error_message)
        await _shown(session, topic, lambda parts: not parts)

    _run(spec, write)


def delete_records(spec: ConnectionSpec, topic: str, offsets: Mapping[int, int]) -> dict[int, int | KafkaError]:
    """Delete what lies before an offset of each partition; gives where the log begins now, or why it did not move."""

    async def write(session: Session) -> dict[int, int | KafkaError]:
        led: dict[int, list[int]] = {}
        found: dict[int, int | KafkaError] = {}
        leaders = {part.partition_index: part.leader_id for part in (await one_topic(session, topic)).partitions}
        for index in offsets:
            if leaders.get(index, -1) >= 0:
                led.setdefault(leaders[index], []).append(index)
            else:
                found[index] = KafkaRefused("LEADER_NOT_AVAILABLE")
        parts = [_deletion(session, topic, node, {index: offsets[index] for index in led[node]}) for node in led]
        for answered in await asyncio.gather(*parts):
            found.update(answered)
        return found

    return _run(spec, write)


def _run(spec: ConnectionSpec, write: Operation[T], *, changes: bool = True) -> T:
    """Do it in the time of a write; when that was up, nobody knows."""
    try:
        return run(spec, write, time_limit_s=WRITE_LIMIT_S)
    except Late as error:
        raise (MaybeDone(error.reason) if changes else error) from error


async def _shown(session: Session, topic: str, is_so: Callable[[list[MetadataResponsePartition]], bool]) -> None:
    """Wait a moment until the brokers tell of what was done: a cluster tells them after it has answered."""

    async def look() -> bool:
        answer = await session.metadata([topic])
        return is_so([part for one in answer.topics if one.name == topic for part in one.partitions])

    await _until(look)


async def _configs_are(session: Session, topic: str, changes: Mapping[str, str | None]) -> bool:
    own = {entry.name: entry.value for entry in await described_topic(session, topic) if entry.source == "topic"}
    return all(own.get(name) == value for name, value in changes.items())


async def _until(look: Callable[[], Awaitable[bool]]) -> None:
    # The write is done: that nobody shows it yet is no error.
    with suppress(ClientError, KafkaError):
        for _ in range(SHOWN_TRIES):
            if await look():
                return
            await asyncio.sleep(SHOWN_EVERY_S)


async def _deletion(session: Session, topic: str, node: int, offsets: Mapping[int, int]) -> dict[int, int | KafkaError]:
    parts = [DeleteRecordsPartition(index, offset) for index, offset in offsets.items()]
    request = DeleteRecordsRequest([DeleteRecordsTopic(topic, parts)], CLUSTER_LIMIT_MS)
    found: dict[int, int | KafkaError] = {}
    try:
        answer = await _sent(session, request, changes=True, node=node)
    except KafkaError as error:
        return dict.fromkeys(offsets, error)
    for told in answer.topics:
        for part in told.partitions:
            code = error_code(part.error_code)
            none = code is ErrorCode.NONE
            found[part.partition_index] = part.low_watermark if none else _refused(code, None)
    missing = KafkaRefused("UNKNOWN_SERVER_ERROR", "the cluster says nothing of this partition")
    return {index: found.get(index, missing) for index in offsets}


async def _sent(session: Session, request: Message, *, changes: bool, node: int | None = None) -> Any:
    try:
        return await session.send(request, node=node, controller=node is None, repeatable=not changes)
    except (TimedOut, Disconnected) as error:
        if changes:
            raise MaybeDone(error.reason) from error
        raise translated(error) from error
    except Refused as error:
        raise _refused(error.code, error.message) from error
    except ClientError as error:
        raise translated(error) from error


def _check(number: int, message: str | None) -> None:
    code = error_code(number)
    if code is not ErrorCode.NONE:
        raise _refused(code, message)


def _refused(code: ErrorCode, message: str | None) -> KafkaError:
    if code is ErrorCode.REQUEST_TIMED_OUT:
        return MaybeDone(message or "the cluster did not finish in time")
    return KafkaRefused(code.name, message)
