"""Replies to Produce: packed by one Struct where one partition went well, by the generated codec otherwise.

Not here: what is answered, and when (handlers/produce.py, durability.py, housekeeping.py).
Spec: KIP-467 (record errors).
"""

from collections.abc import Callable
from functools import lru_cache
from struct import Struct
from typing import TYPE_CHECKING

from engine.broker.parked_requests import ParkedAck
from engine.broker.produce_heads import BY_TOPIC_ID, FLEXIBLE
from engine.core.log.validation import RecordsRefused
from engine.wire.error_codes import ErrorCode, WireError
from engine.wire.messages import produce as messages
from engine.wire.messages.produce import PartitionProduceResponse, ProduceResponse, TopicProduceResponse

if TYPE_CHECKING:
    from engine.broker.partition import Partition

UNTOLD = "with acks=0 an error can only be told by closing"
WITH_LOG_START, WITH_ERRORS = 5, 8  # first versions
FRAME_HEAD = Struct(">ii")  # size, correlation id
SIZE_BYTES = 4
pack_end = Struct(">qi").pack
pack_end_with_log_start = Struct(">qqi").pack
pack_end_with_errors = Struct(">qqihi").pack
pack_end_flexible = Struct(">qqBBBBiB").pack


# ---- the reply of the common request (its log never stamps the time of the append)


@lru_cache(4096)
def reply_struct(version: int, name: bytes) -> tuple[Callable[..., bytes], int, bytes]:
    """How to pack a reply for one partition that went well: a Struct's pack, its size field, what names the topic.

    It takes size, correlation id, what names the topic, partition, error code, base offset, and the end.
    `name` is the topic as the request wrote it, with its length, or its id.
    """
    no_tags, one = (b"\0", b"\2") if version >= FLEXIBLE else (b"", b"\0\0\0\1")
    before = no_tags + one + name + one
    whole = Struct(f">ii{len(before)}sihq{len(reply_end(version, 0))}s")
    return whole.pack, whole.size - SIZE_BYTES, before


@lru_cache(4096)
def reply_end(version: int, log_start_offset: int) -> bytes:
    """What a reply ends with: no append time, log start, no errors, throttle time, no tags."""
    if version >= FLEXIBLE:
        return pack_end_flexible(-1, log_start_offset, 1, 0, 0, 0, 0, 0)
    if version >= WITH_ERRORS:
        return pack_end_with_errors(-1, log_start_offset, 0, -1, 0)
    if version >= WITH_LOG_START:
        return pack_end_with_log_start(-1, log_start_offset, 0)
    return pack_end(-1, 0)


def encode_one(
    version: int, correlation_id: int, name: bytes, index: int, base_offset: int, log_start_offset: int
) -> bytes:
    """The reply for one partition."""
    pack, size, before = reply_struct(version, name)
    return pack(size, correlation_id, before, index, 0, base_offset, reply_end(version, log_start_offset))


def encode_run(
    version: int,
    correlation_ids: list[int],
    name: bytes,
    indexes: list[int],
    base_offsets: dict[int, list[int]],
    log_start_offsets: dict[int, int],
) -> bytes:
    """The replies of a run, one behind the other, each as encode_one makes it; offsets by partition, in order."""
    pack, size, before = reply_struct(version, name)
    next_offset = {index: iter(offsets).__next__ for index, offsets in base_offsets.items()}
    ends = {index: reply_end(version, start) for index, start in log_start_offsets.items()}
    return b"".join(
        [
            pack(size, correlation_id, before, index, 0, next_offset[index](), ends[index])
            for correlation_id, index in zip(correlation_ids, indexes, strict=True)
        ]
    )


def encode_refused(version: int, correlation_id: int, partition: "Partition", reason: str) -> bytes:
    """The reply to a common request whose partition could not be written."""
    result = PartitionProduceResponse(index=partition.index, base_offset=-1, log_start_offset=-1)
    result.error_code, result.error_message = ErrorCode.KAFKA_STORAGE_ERROR, reason
    topic = TopicProduceResponse(partition_responses=[result])
    if version >= BY_TOPIC_ID:
        topic.topic_id = partition.topic_id
    else:
        topic.name = partition.topic
    return encode_response(ProduceResponse(responses=[topic]), version, correlation_id)


def record_errors(error: WireError) -> list[messages.BatchIndexAndErrorMessage]:
    """Which records of the batch were refused, where that is known."""
    if not isinstance(error, RecordsRefused):
        return []
    return [
        messages.BatchIndexAndErrorMessage(batch_index=index, batch_index_error_message=message)
        for index, message in error.record_errors
    ]


def encode_response(response: ProduceResponse, version: int, correlation_id: int) -> bytes:
    """The whole frame."""
    out = bytearray(9 if version >= FLEXIBLE else 8)
    messages.encode_response(response, version, out)
    FRAME_HEAD.pack_into(out, 0, len(out) - 4, correlation_id)
    return bytes(out)


def refuse_parked(slot: ParkedAck, code: ErrorCode) -> bytes:
    """The replies of parked requests whose records did not come to count in time."""
    body = 9 if slot.api_version >= FLEXIBLE else 8
    replies, position, refused = memoryview(slot.reply), 0, []
    while position < len(replies):
        size, correlation_id = FRAME_HEAD.unpack_from(replies, position)
        frame = replies[position + body : position + 4 + size]
        response, _ = messages.decode_response(frame, 0, slot.api_version)
        for topic in response.responses:
            for result in topic.partition_responses:
                if result.error_code == ErrorCode.NONE:
                    result.error_code, result.base_offset = code, -1
        refused.append(encode_response(response, slot.api_version, correlation_id))
        position += 4 + size
    return b"".join(refused)
