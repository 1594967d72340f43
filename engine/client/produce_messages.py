"""Produce as the client says it: batches to a request, an answer to a result per batch.

Not here: what a result means for a batch (producer.py).
Spec: KIP-467 (messages of refused records), KIP-516 (topic ids from version 13).
"""

from typing import NamedTuple

from engine.client.cluster_metadata import NO_ID, ClusterMetadata, error_code
from engine.client.producer_queue import Batch
from engine.client.records import encode_batch
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.produce import PartitionProduceData, ProduceRequest, ProduceResponse, TopicProduceData

BY_NAME_MAX = 12
ANY_VERSION = 0x7FFF
NO_PRODUCER = (-1, -1, -1)


class Result(NamedTuple):
    """What a broker says of one batch."""

    code: ErrorCode
    message: str | None
    base_offset: int
    append_time_ms: int


ABSENT = Result(ErrorCode.UNKNOWN_TOPIC_ID, "the broker's answer leaves the partition out", -1, -1)


def batch_bytes(batch: Batch, compression: str) -> bytes:
    """The batch as brokers keep it."""
    records = []
    for one in batch.entries:
        record = one.record
        records.append((one.timestamp_ms, record.key, record.value, record.headers))
    return encode_batch(records, compression=compression, producer=batch.sent_as or NO_PRODUCER)


def encode(batches: list[Batch], acks: int, timeout_ms: int, metadata: ClusterMetadata) -> tuple[ProduceRequest, int]:
    """Return a request with these batches, of different partitions, and the highest version it may have."""
    topics: dict[str, TopicProduceData] = {}
    version_max = ANY_VERSION
    for batch in batches:
        topic = topics.get(batch.topic)
        if topic is None:
            topic = topics[batch.topic] = TopicProduceData(batch.topic, metadata.topic_id(batch.topic), [])
            if topic.topic_id == NO_ID:
                version_max = BY_NAME_MAX
        # Bytes, not a view of them: requests are state and are copied with their world.
        topic.partition_data.append(PartitionProduceData(batch.partition, batch.data))  # type: ignore[arg-type]
    return ProduceRequest(None, acks, timeout_ms, list(topics.values())), version_max


def decode(answer: ProduceResponse, batches: list[Batch], metadata: ClusterMetadata) -> list[tuple[Batch, Result]]:
    """Return each batch with its result; one that the broker left out counts as refused for now."""
    found: dict[tuple[str, int], Result] = {}
    for topic in answer.responses:
        name = topic.name or metadata.names.get(topic.topic_id, "")
        for part in topic.partition_responses:
            message = part.error_message
            if part.record_errors:
                told = [entry.batch_index_error_message for entry in part.record_errors]
                message = "; ".join(text for text in told if text) or message
            code = error_code(part.error_code)
            found[name, part.index] = Result(code, message, part.base_offset, part.log_append_time_ms)
    return [(batch, found.get((batch.topic, batch.partition), ABSENT)) for batch in batches]
