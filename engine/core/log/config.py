"""What a topic's configs say about its logs: one frozen object per partition, Kafka's names and defaults.

A field is Kafka's config name with "_" for "."; the values are effective ones (topic
config, else the broker's, else the default), already checked.

Not here: where values come from, their documentation (core/metadata/configs.py).
Spec: org.apache.kafka.storage.internals.log.LogConfig, Apache Kafka 4.3.
"""

from dataclasses import dataclass

CREATE_TIME = "CreateTime"
LOG_APPEND_TIME = "LogAppendTime"
COMPRESSION_PRODUCER = "producer"
LONG_MAX = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class LogConfig:
    """Effective configs of one partition's log."""

    segment_bytes: int = 1 << 30
    segment_ms: int = 7 * 24 * 3600 * 1000
    segment_index_bytes: int = 10 << 20
    index_interval_bytes: int = 4096
    retention_ms: int = 7 * 24 * 3600 * 1000  # -1: no limit
    retention_bytes: int = -1  # -1: no limit
    max_message_bytes: int = 1_048_588
    message_timestamp_type: str = CREATE_TIME
    message_timestamp_before_max_ms: int = LONG_MAX
    message_timestamp_after_max_ms: int = 3_600_000
    cleanup_policy: tuple[str, ...] = ("delete",)
    compression_type: str = COMPRESSION_PRODUCER
    compression_gzip_level: int = -1
    compression_lz4_level: int = 9
    compression_zstd_level: int = 3
    file_delete_delay_ms: int = 60_000
    flush_messages: int = LONG_MAX
    flush_ms: int = LONG_MAX
    producer_id_expiration_ms: int = 86_400_000  # the broker's producer.id.expiration.ms
    record_validation_full: bool = False  # our broker config record.validation=full

    @property
    def compact(self) -> bool:
        """Whether only the newest record of each key is to be kept: then every record needs a key."""
        return "compact" in self.cleanup_policy

    @property
    def delete(self) -> bool:
        """Whether old segments go by time and size."""
        return "delete" in self.cleanup_policy
