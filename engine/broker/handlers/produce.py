"""Produce 3 to 13: append, then answer now or park until the high watermark has passed.

The common request (one topic, one partition, one plain batch) is read by hand and its
reply packed by one Struct; everything else goes through the generated codec.

Invariants:
- A request is read to its end before anything of it is appended.
- acks=1 is answered after the append, in both modes; acks=all when the high watermark
  of every partition has passed. A duplicate waits as its original did.
- Compressed batches are test-decompressed with a bound: small ones here, larger ones by
  a helper, while the request stays with the driver.

Not here: when records count (durability.py), what a batch may be (storage/log.py).
Spec: KIP-98 (idempotence), KIP-467 (record errors), KIP-516 (topic ids); what Apache
Kafka 4.3.1 was seen to answer.
"""

from typing import TYPE_CHECKING, TypeGuard

from engine.broker import durability, produce_runs
from engine.broker.parked_requests import park_ack
from engine.broker.partition import Partition
from engine.broker.produce_heads import (
    BY_TOPIC_ID,
    FLEXIBLE,
    INDEX_BYTES,
    NO_TAGS,
    Head,
    read_length,
    unpack_index_and_length,
    unpack_int32,
)
from engine.broker.produce_replies import UNTOLD, encode_one, encode_refused, encode_response, record_errors
from engine.core.effects import Work
from engine.core.limits import INLINE_DECOMPRESSION_BYTES_MAX
from engine.core.log.config import LOG_APPEND_TIME
from engine.core.records import compression
from engine.core.records.batch import (
    ATTRIBUTES_POSITION,
    CODEC_MASK,
    CONTROL_BIT,
    HEADER_BYTES,
    PRODUCER_ID_POSITION,
    TRANSACTIONAL_BIT,
    read_header,
)
from engine.storage.disk import StorageError
from engine.storage.runs import BATCH_BYTES_MAX
from engine.wire.error_codes import ErrorCode, WireError
from engine.wire.messages import produce as messages
from engine.wire.messages.produce import PartitionProduceResponse, ProduceRequest, ProduceResponse, TopicProduceResponse
from engine.wire.primitives import Malformed

if TYPE_CHECKING:
    from engine.broker.broker import Broker
    from engine.broker.connections import ClientConnection

ALL, LEADER, NOBODY = -1, 1, 0
LOW_ATTRIBUTES = ATTRIBUTES_POSITION + 1  # the byte with codec, transactional and control bit
NOT_PLAIN = CODEC_MASK | TRANSACTIONAL_BIT | CONTROL_BIT


def handle(
    broker: "Broker",
    connection: "ClientConnection",
    buffer: bytearray,
    view: memoryview,
    position: int,
    frame_end: int,
    end: int,
    head: Head,
    correlation_id: int,
) -> int:
    """Answer the common request in `position..frame_end`, and those after it, before `end`, that are like it.

    Returns where the last request that was answered ends; `position` if it is no common one after all.
    """
    version = head.version
    index_at = position + head.end
    if version < FLEXIBLE:
        index, length = unpack_index_and_length(buffer, index_at)
        start = index_at + INDEX_BYTES + 4
        if start + length != frame_end:
            return position
    else:
        index = unpack_int32(buffer, index_at)[0]
        length, start = read_length(buffer, index_at + INDEX_BYTES, version)
        records_end = start + length
        if records_end + len(NO_TAGS) != frame_end or buffer[records_end:frame_end] != NO_TAGS:
            return position
    partition = head.partitions.get(index)
    if partition is None or partition.holds_groups or length < HEADER_BYTES or not -1 <= head.acks <= 1:
        return position
    if (
        end - frame_end > HEADER_BYTES
        and length <= BATCH_BYTES_MAX
        and buffer[start + PRODUCER_ID_POSITION] >= 0x80  # not idempotent
    ):
        run_end = produce_runs.handle_run(broker, connection, buffer, view, position, end, head)
        if run_end != position:
            return run_end
    if append_one(broker, connection, buffer, view, start, length, head, correlation_id, partition):
        return frame_end
    return position


def append_one(
    broker: "Broker",
    connection: "ClientConnection",
    buffer: bytearray,
    view: memoryview,
    start: int,
    length: int,
    head: Head,
    correlation_id: int,
    partition: Partition,
) -> bool:
    """Append the one plain batch of a common request and answer; False if it is not one: nothing was done then."""
    log = partition.log
    if partition.offline or buffer[start + LOW_ATTRIBUTES] & NOT_PLAIN or log.looks_inside:
        return False
    acks, version = head.acks, head.version
    before = log.log_end_offset
    try:
        base_offset = log.append(
            buffer, view, start, length, partition.leader_epoch, broker.now_ms + broker.wall_offset_ms
        )
    except WireError as error:
        forget_frames(error)
        return False  # nothing was written: the other way finds the same and knows how to say it
    except StorageError as error:
        forget_frames(error)
        durability.note_disk_error(broker, error)
        if acks == NOBODY:
            raise Malformed(UNTOLD) from None
        connection.reply(encode_refused(version, correlation_id, partition, str(error)))
        return True
    after = log.log_end_offset
    if after == before:
        broker.effects.observe("duplicate", partition.topic, partition.index, base_offset)
    else:
        note_appended(broker, partition, base_offset, length)
    if acks == NOBODY:
        return True
    reply = encode_one(version, correlation_id, head.name, partition.index, base_offset, log.log_start_offset)
    if acks == ALL and partition.high_watermark < after and broker.durability.fsync:
        park_ack(broker, connection, reply, ((after, partition),), head.timeout_ms, version)
    else:
        connection.reply(reply)
    return True


def forget_frames(error: BaseException | None) -> None:
    """Let go of the frames an error came through: they hold views of the buffer, in a cycle if one raised a local."""
    while error is not None:
        error.__traceback__ = None
        error = error.__cause__ or error.__context__


# ---- any request


def handle_any(
    broker: "Broker", connection: "ClientConnection", body: memoryview, version: int, correlation_id: int
) -> None:
    """Answer a request of any shape, by the generated codec."""
    request, _ = messages.decode_request(body, 0, version)  # as in Kafka bytes after it are ignored
    verdicts = helpers_verdicts(broker, connection, request)
    if verdicts is None:
        return
    waiting: list[tuple[int, Partition]] = []
    responses = []
    failed = False
    for topic in request.topic_data:
        partitions = find_topic(broker, topic, version)
        results = []
        for data in topic.partition_data:
            result = PartitionProduceResponse(index=data.index, base_offset=-1, log_start_offset=-1)
            # taken for a refused batch too, or the next one would get what was said of this one
            verdict = verdicts.pop(0) if needs_helper(data.records) else None
            try:
                partition = find_partition(broker, topic, partitions, data.index, version)
                append(broker, request, partition, data.records, verdict, result, waiting)
            except WireError as error:
                failed = True
                forget_frames(error)
                result.error_code, result.error_message = error.code, error.message
                result.record_errors = record_errors(error)
            results.append(result)
        responses.append(TopicProduceResponse(name=topic.name, topic_id=topic.topic_id, partition_responses=results))
    if request.acks == NOBODY:
        if failed:
            raise Malformed(UNTOLD)
        return
    reply = encode_response(ProduceResponse(responses=responses), version, correlation_id)
    if request.acks == ALL and waiting:
        park_ack(broker, connection, reply, waiting, request.timeout_ms, version)
    else:
        connection.reply(reply)


def find_topic(broker: "Broker", topic: messages.TopicProduceData, version: int) -> dict[int, Partition] | None:
    """The partitions of a topic by what this version says of it."""
    if version >= BY_TOPIC_ID:
        return broker.replica_manager.by_id.get(topic.topic_id)
    return broker.replica_manager.topics.get(topic.name)


def find_partition(
    broker: "Broker",
    topic: messages.TopicProduceData,
    partitions: dict[int, Partition] | None,
    index: int,
    version: int,
) -> Partition:
    """The partition, if it is here and its disk is well."""
    partition = None if partitions is None else partitions.get(index)
    if partition is None:
        by_id = version >= BY_TOPIC_ID
        raise broker.replica_manager.why_not(broker, topic.topic_id if by_id else topic.name, index)
    if partition.holds_groups:
        raise WireError(ErrorCode.INVALID_TOPIC_EXCEPTION, f"Cannot append to internal topic {partition.topic}")
    if partition.offline:
        raise WireError(ErrorCode.KAFKA_STORAGE_ERROR, "the log directory is offline")
    return partition


def append(
    broker: "Broker",
    request: ProduceRequest,
    partition: Partition,
    records: memoryview | None,
    verdict: object,
    result: PartitionProduceResponse,
    waiting: list[tuple[int, Partition]],
) -> None:
    """Append one partition's batch and fill in its result; WireError says why not."""
    if not -1 <= request.acks <= 1:
        raise WireError(ErrorCode.INVALID_REQUIRED_ACKS)
    if records is None or len(records) < HEADER_BYTES:
        raise WireError(ErrorCode.INVALID_RECORD)
    header = read_header(records)
    if header.is_transactional and request.transactional_id is None:
        raise WireError(ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
    if header.codec:
        raise_verdict(compression.check_batch(bytes(records)) if verdict is None else verdict)
    log = partition.log
    before = log.log_end_offset
    try:
        result.base_offset = log.append(records, records, 0, len(records), partition.leader_epoch, broker.wall_ms)
    except StorageError as error:
        durability.note_disk_error(broker, error)
        raise WireError(ErrorCode.KAFKA_STORAGE_ERROR, str(error)) from error
    if log.log_end_offset != before:
        note_appended(broker, partition, result.base_offset, len(records))
    else:
        broker.effects.observe("duplicate", partition.topic, partition.index, result.base_offset)
    if log.config.message_timestamp_type == LOG_APPEND_TIME:
        result.log_append_time_ms = broker.wall_ms
    result.log_start_offset = log.log_start_offset
    if broker.durability.fsync and partition.high_watermark < log.log_end_offset:
        waiting.append((log.log_end_offset, partition))


def note_appended(broker: "Broker", partition: Partition, base_offset: int, length: int) -> None:
    """A batch is new in the log: it is to count, and to be counted."""
    durability.note_append(broker, partition)
    counters = broker.counters
    counters.produced_batches += 1
    counters.produced_bytes += length
    if broker.effects.observing:
        broker.effects.observe("appended", partition.topic, partition.index, base_offset, partition.log.log_end_offset)


def needs_helper(records: memoryview | None) -> TypeGuard[memoryview]:
    """Whether a batch is compressed and too large to be test-decompressed here."""
    return records is not None and len(records) > INLINE_DECOMPRESSION_BYTES_MAX and read_header(records).codec != 0


def helpers_verdicts(broker: "Broker", connection: "ClientConnection", request: ProduceRequest) -> list[object] | None:
    """What helpers said of the request's large compressed batches, in order; None after asking for the next one."""
    known = len(connection.verdicts)
    for topic in request.topic_data:
        for data in topic.partition_data:
            if not needs_helper(data.records):
                continue
            if known == 0:
                broker.work_count += 1
                connection.work_token = broker.work_count
                broker.waiting_for_work[broker.work_count] = connection
                broker.effects.work.append(Work(broker.work_count, "check_batch", bytes(data.records)))
                return None
            known -= 1
    verdicts, connection.verdicts = connection.verdicts, []
    return verdicts


def raise_verdict(code: object) -> None:
    """Refuse the batch if its test decompression gave an error code."""
    assert isinstance(code, int)
    if code != ErrorCode.NONE:
        raise WireError(ErrorCode(code), "The compressed records cannot be unpacked within the limits")
