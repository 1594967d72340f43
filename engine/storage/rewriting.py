"""Batches that cannot stay opaque: topics whose configs need a look at the records, or other bytes.

Only these: keys on compacted topics, limits on how old records may be, a compression of
the topic's own, `record.validation=full`, and LogAppendTime (a new stamp, no look).

Invariant: `rewrite` gives a copy with a right CRC; producer id, epoch and sequences stay.
Not here: checks of the header (core/log/validation.py).
Spec: org.apache.kafka.storage.internals.log.LogValidator.
"""

from engine.core.log.config import COMPRESSION_PRODUCER, LOG_APPEND_TIME, LONG_MAX, LogConfig
from engine.core.log.validation import RecordsRefused, timestamp_refused
from engine.core.records.batch import read_header, stamp_append_time
from engine.core.records.builder import BatchBuilder
from engine.core.records.compression import CODEC_NUMBERS
from engine.core.records.record import Record, decode_records
from engine.wire.error_codes import ErrorCode

SHOWN_ERRORS = 3
LZ4_LEVEL_DEFAULT = 9


def must_parse(config: LogConfig) -> bool:
    """Whether the records of every batch have to be looked at."""
    return (
        config.compact
        or config.record_validation_full
        or config.compression_type != COMPRESSION_PRODUCER
        or config.message_timestamp_before_max_ms < LONG_MAX
    )


def rewrite(batch: memoryview, config: LogConfig, wall_ms: int) -> tuple[bytearray, int]:
    """Return the batch as this topic wants it, and its latest time; WireError if a record is not allowed here."""
    out = bytearray(batch)
    if must_parse(config):
        records = decode_records(batch, check_crc=False)
        _check_records(records, config, wall_ms)
        codec = read_header(batch).codec
        if config.compression_type != COMPRESSION_PRODUCER and CODEC_NUMBERS[config.compression_type] != codec:
            out = _recompressed(out, records, config)
    if config.message_timestamp_type == LOG_APPEND_TIME:
        stamp_append_time(out, memoryview(out), 0, len(out), wall_ms)
    return out, read_header(out).max_timestamp


def _check_records(records: list[Record], config: LogConfig, wall_ms: int) -> None:
    if config.compact:
        keyless = [index for index, record in enumerate(records) if record.key is None]
        if keyless:
            errors = tuple((index, "Compacted topic cannot accept message without key") for index in keyless)
            shown = ", ".join(f"{index}: {message}" for index, message in errors[:SHOWN_ERRORS])
            raise RecordsRefused(
                ErrorCode.INVALID_RECORD,
                f"One or more records have been rejected due to {len(errors)} record errors in total, "
                f"and only showing the first three errors at most: [{shown}]",
                errors,
            )
    if config.message_timestamp_type != LOG_APPEND_TIME:
        earliest = wall_ms - config.message_timestamp_before_max_ms
        latest = wall_ms + config.message_timestamp_after_max_ms
        for index, record in enumerate(records):
            if record.timestamp >= 0 and not earliest <= record.timestamp <= latest:
                raise timestamp_refused(index, record.timestamp, config, wall_ms)


def _recompressed(batch: bytearray, records: list[Record], config: LogConfig) -> bytearray:
    header = read_header(batch)
    builder = BatchBuilder()
    for record in records:
        builder.add(
            key=record.key,
            value=record.value,
            timestamp=record.timestamp,
            headers=record.headers,
            offset_delta=record.offset - header.base_offset,
        )
    codec = CODEC_NUMBERS[config.compression_type]
    levels = {
        "gzip": config.compression_gzip_level,
        # Kafka takes its default to mean the fast compressor, any other number the slow one.
        "lz4": None if config.compression_lz4_level == LZ4_LEVEL_DEFAULT else config.compression_lz4_level,
        "zstd": config.compression_zstd_level,
    }
    return builder.build(
        codec=codec,
        level=levels.get(config.compression_type),
        producer_id=header.producer_id,
        producer_epoch=header.producer_epoch,
        base_sequence=header.base_sequence,
    )
