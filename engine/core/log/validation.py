"""Why a producer's batch is refused: Kafka's checks, in Kafka's order, with Kafka's codes.

The hot path only asks whether anything is wrong; what, is found here. The order matters,
because a batch can be wrong in several ways and clients act on the code: first what
the request may hold at all, then size, CRC, and what the header claims.

Not here: sequences (producer_state.py), records (storage/log.py walks them where they must be parsed).
Spec: ProduceRequest.validateRecords, UnifiedLog.analyzeAndValidateRecords and LogValidator of Apache Kafka 4.3.
"""

from crc32c import crc32c

from engine.core.log.config import LOG_APPEND_TIME, LogConfig
from engine.core.records.batch import (
    CODEC_MASK,
    CONTROL_BIT,
    CRC_START,
    HEADER_BYTES,
    LENGTH_END,
    LOG_APPEND_TIME_BIT,
    MAGIC,
    MAGIC_POSITION,
    TRANSACTIONAL_BIT,
    BatchHeader,
    read_header,
)
from engine.core.records.compression import CODEC_MAX
from engine.wire.error_codes import ErrorCode, WireError

LEGACY_RECORD_BYTES_MIN = 14  # of magic 0: what Kafka takes as the least that any batch may claim


class RecordsRefused(WireError):
    """A batch is refused for some of its records: (index in the batch, why)."""

    def __init__(self, code: ErrorCode, message: str, record_errors: tuple[tuple[int, str], ...]) -> None:
        super().__init__(code, message)
        self.record_errors = record_errors


def refusal(view: memoryview, start: int, length: int, config: LogConfig, wall_ms: int) -> WireError | None:
    """Return what is wrong with the one batch of a producer that these bytes should be, None if nothing is."""
    frame = _frame_refusal(view, start, length)
    if frame is not None:
        return frame
    header = read_header(view, start)
    if header.base_offset != 0:
        return _invalid(f"The baseOffset of the record batch in the append should be 0, but it is {header.base_offset}")
    if length > config.max_message_bytes:
        return WireError(
            ErrorCode.MESSAGE_TOO_LARGE,
            f"The record batch size is {length} bytes which exceeds the maximum configured value of "
            f"{config.max_message_bytes}",
        )
    if crc32c(view[start + CRC_START : start + length]) != header.crc:
        return WireError(ErrorCode.CORRUPT_MESSAGE, "Record is corrupt: its CRC does not match its content")
    refused = _header_refusal(header) or _timestamp_refusal(header, config, wall_ms)
    if refused is None and length > config.segment_bytes:
        return WireError(
            ErrorCode.RECORD_LIST_TOO_LARGE,
            f"Message batch size is {length} bytes which exceeds the maximum configured segment size of "
            f"{config.segment_bytes}",
        )
    return refused


def _frame_refusal(view: memoryview, start: int, length: int) -> WireError | None:
    """Find out whether the bytes are one whole batch of format 2."""
    if length <= MAGIC_POSITION:
        return _invalid("Produce requests must have at least one record batch per partition")
    magic = view[start + MAGIC_POSITION]
    claimed = int.from_bytes(view[start + 8 : start + LENGTH_END], "big", signed=True)
    if claimed < LEGACY_RECORD_BYTES_MIN:
        return WireError(ErrorCode.CORRUPT_MESSAGE, f"Record size {claimed} is less than the minimum record overhead")
    if magic > MAGIC:
        return WireError(ErrorCode.CORRUPT_MESSAGE, f"Invalid magic found in record: {magic}")
    if claimed + LENGTH_END > length:
        return _invalid("Produce requests must have at least one record batch per partition")
    if magic != MAGIC:
        return _invalid("Produce requests are only allowed to contain record batches with magic version 2")
    if claimed + LENGTH_END < length:
        return _invalid("Produce requests must contain exactly one record batch per partition")
    if length < HEADER_BYTES:
        return WireError(ErrorCode.CORRUPT_MESSAGE, f"Record batch is corrupt: {length} bytes are less than its header")
    return None


def _header_refusal(header: BatchHeader) -> WireError | None:
    attributes = header.attributes
    if attributes & CODEC_MASK > CODEC_MAX:
        return _invalid(f"Unknown compression type id: {attributes & CODEC_MASK}")
    if header.last_offset_delta < 0:
        return _invalid(f"Batch has an invalid offset range: [0, {header.last_offset_delta}]")
    if header.record_count <= 0:
        return _invalid(f"Invalid reported count for record batch: {header.record_count}")
    if header.record_count != header.last_offset_delta + 1:
        return _invalid(
            f"Inconsistent batch offset range [0, {header.last_offset_delta}] "
            f"and count of records {header.record_count}"
        )
    if attributes & CONTROL_BIT:
        return _invalid("Clients are not allowed to write control records")
    if header.producer_id >= 0 and header.base_sequence < 0:
        return _invalid(
            f"Invalid sequence number {header.base_sequence} in record batch with producerId {header.producer_id}"
        )
    if attributes & TRANSACTIONAL_BIT:
        return WireError(ErrorCode.INVALID_TXN_STATE, "The partition is not part of an ongoing transaction")
    return None


def _timestamp_refusal(header: BatchHeader, config: LogConfig, wall_ms: int) -> WireError | None:
    if header.attributes & LOG_APPEND_TIME_BIT:
        return RecordsRefused(
            ErrorCode.INVALID_TIMESTAMP,
            "One or more records have been rejected due to invalid timestamp",
            ((0, "Invalid timestamp type in message. Producer should not set timestamp type to LogAppendTime."),),
        )
    latest = wall_ms + config.message_timestamp_after_max_ms
    if header.max_timestamp > latest and config.message_timestamp_type != LOG_APPEND_TIME:
        # Which record it is would need a look into the batch; the header's word is enough to refuse it.
        return timestamp_refused(0, header.max_timestamp, config, wall_ms)
    return None


def timestamp_refused(index: int, timestamp: int, config: LogConfig, wall_ms: int) -> RecordsRefused:
    """Return the refusal of a record whose time is too far from now."""
    earliest = wall_ms - config.message_timestamp_before_max_ms
    latest = wall_ms + config.message_timestamp_after_max_ms
    reason = f"Timestamp {timestamp} of message is out of range. It should be within [{earliest}, {latest}]"
    return RecordsRefused(
        ErrorCode.INVALID_TIMESTAMP,
        "One or more records have been rejected due to invalid timestamp",
        ((index, reason),),
    )


def _invalid(message: str) -> WireError:
    return WireError(ErrorCode.INVALID_RECORD, message)
