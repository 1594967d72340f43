"""Replies to Produce: packed by one Struct where one partition went well, by the generated codec otherwise.

Not here: what is answered, and when (handlers/produce.py, durability.py, housekeeping.py).
Spec: KIP-467 (record errors).
"""

from collections.abc import Callable
from functools import cache
from struct import Struct

from engine.broker.parked_requests import ParkedAck
from engine.core.log.validation import RecordsRefused
from engine.wire.error_codes import ErrorCode, WireError
from engine.wire.messages import produce as messages
from engine.wire.messages.produce import ProduceResponse

FLEXIBLE, WITH_ERRORS = 9, 8  # first versions
FRAME_HEAD = Struct(">ii")  # size, correlation id


# ---- the reply of the common request (its log never stamps the time of the append)


@cache
def one_reply(form: int, name_bytes: int) -> tuple[Callable[..., bytes], int]:
    """How to pack a whole reply for one partition that went well, and its size without the size field."""
    if form == 3:
        whole = Struct(f">iii{name_bytes}siihqqi")
    elif form == 5:
        whole = Struct(f">iii{name_bytes}siihqqqi")
    elif form == WITH_ERRORS:
        whole = Struct(f">iii{name_bytes}siihqqqihi")
    else:
        whole = Struct(f">iiBB{name_bytes}sBihqqqBBBBiB")
    return whole.pack, whole.size - 4


def encode_one(
    version: int, correlation_id: int, name: bytes, index: int, base_offset: int, log_start_offset: int
) -> bytes:
    """The reply for one partition; `name` is the topic as the request wrote it, with its length, or its id."""
    if version >= FLEXIBLE:
        pack, size = one_reply(FLEXIBLE, len(name))
        return pack(
            size, correlation_id, 0, 2, name, 2, index, 0, base_offset, -1, log_start_offset, 1, 0, 0, 0, 0, 0
        )  # fmt: skip
    if version >= WITH_ERRORS:
        pack, size = one_reply(WITH_ERRORS, len(name))
        return pack(size, correlation_id, 1, name, 1, index, 0, base_offset, -1, log_start_offset, 0, -1, 0)
    if version >= 5:
        pack, size = one_reply(5, len(name))
        return pack(size, correlation_id, 1, name, 1, index, 0, base_offset, -1, log_start_offset, 0)
    pack, size = one_reply(3, len(name))
    return pack(size, correlation_id, 1, name, 1, index, 0, base_offset, -1, 0)


def encode_run(
    version: int, correlation_ids: list[int], name: bytes, index: int, base_offsets: list[int], log_start_offset: int
) -> bytes:
    """The replies of a run of requests of a version below FLEXIBLE, one behind the other, as encode_one makes each."""
    form = 3
    tail: tuple[int, ...] = (-1, 0)
    if version >= WITH_ERRORS:
        form, tail = WITH_ERRORS, (-1, log_start_offset, 0, -1, 0)
    elif version >= 5:
        form, tail = 5, (-1, log_start_offset, 0)
    pack, size = one_reply(form, len(name))
    return b"".join(
        [
            pack(size, correlation_id, 1, name, 1, index, 0, base_offset, *tail)
            for correlation_id, base_offset in zip(correlation_ids, base_offsets, strict=False)
        ]
    )


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
