"""Records that the learner writes: as requests, and what an answer says of each.

Invariant: only facts come out: what the broker acknowledged, refused, or never answered.
Not here: who sends them (outside.py, doors.py).
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any, NamedTuple
from zlib import compress, decompress

from engine.client.calls import Header
from engine.client.partitioners import partition_of
from engine.client.records import encode_batch
from engine.core.metadata.config_changes import Change
from engine.core.metadata.image import TOPIC_RESOURCE
from engine.core.records.batch import HEADER_BYTES, read_header
from engine.wire import frames
from engine.wire.error_codes import ErrorCode, WireError
from engine.wire.messages.create_partitions import CreatePartitionsRequest, CreatePartitionsTopic
from engine.wire.messages.create_topics import CreatableTopic, CreatableTopicConfig, CreateTopicsRequest
from engine.wire.messages.delete_topics import DeleteTopicsRequest, DeleteTopicState
from engine.wire.messages.incremental_alter_configs import (
    AlterableConfig,
    AlterConfigsResource,
    IncrementalAlterConfigsRequest,
)
from engine.wire.messages.produce import PartitionProduceData, ProduceRequest, ProduceResponse, TopicProduceData
from engine.wire.primitives import DAMAGE, Malformed

PRODUCE = 0
BY_NAME, BY_ID = 12, 13
CREATE_VERSION = 7
PARTITIONS_VERSION = 3
CONFIGS_VERSION = 1
DELETE_VERSION = 6
CLIENT_ID = "you"
TIMEOUT_MS = 30_000
Entry = tuple[int, bytes | None, bytes | None, tuple[Header, ...]]


def frame_text(frame: bytes) -> str:
    """A frame as it stands in an action."""
    return b64encode(compress(frame)).decode()


def frame_of(text: str) -> bytes:
    """The frame in an action."""
    return decompress(b64decode(text))


def is_produce(frame: bytes) -> bool:
    """Whether it asks to write records."""
    return frame[4:6] == PRODUCE.to_bytes(2, "big")


class Sent(NamedTuple):
    """A Produce on its way: how many records for which partition."""

    version: int
    counts: dict[tuple[str, int], int]
    names: dict[bytes, str]  # of the topics in it


def sent(frame: bytes, names: Mapping[bytes, str]) -> Sent | None:
    """What a frame writes, if it is a Produce that can be read; `names` are those of topic ids."""
    if not is_produce(frame):
        return None
    try:
        header, message = frames.decode_request(memoryview(frame)[4:])
        assert isinstance(message, ProduceRequest), "its key is Produce's"
        counts, known = {}, {}
        for topic in message.topic_data:
            name = topic.name or names.get(topic.topic_id, "")
            known[topic.topic_id] = name
            for data in topic.partition_data:
                records = data.records
                if records is not None and len(records) >= HEADER_BYTES:
                    counts[name, data.index] = read_header(records).record_count
    except (Malformed, WireError, *DAMAGE):
        return None
    return Sent(header.request_api_version, counts, known) if message.acks else None


def outcomes(written: Sent, answer: bytes | None) -> list[tuple[str, tuple[Any, ...]]]:
    """Observations: (kind, values), one for each record that is acknowledged or not."""
    if answer is None:
        lost = "the connection was lost before the answer"
        return [("not acknowledged", (0, lost, True)) for count in written.counts.values() for _ in range(count)]
    _, message = frames.decode_response(PRODUCE, written.version, memoryview(answer)[4:])
    assert isinstance(message, ProduceResponse), "its key is Produce's"
    found: list[tuple[str, tuple[Any, ...]]] = []
    for topic in message.responses:
        name = topic.name or written.names.get(topic.topic_id, "")
        for one in topic.partition_responses:
            for number in range(written.counts.get((name, one.index), 0)):
                if one.error_code == ErrorCode.NONE and one.base_offset >= 0:
                    found.append(("acknowledged", (name, one.index, one.base_offset + number, 0)))
                elif one.error_code:
                    words = one.error_message or ErrorCode(one.error_code).name
                    found.append(("not acknowledged", (0, words[:200], False)))
    return found


def produce_frame(
    topic: str,
    partition: int,
    records: list[tuple[bytes | None, bytes | None]],
    acks: int,
    wall_ms: int,
    headers: tuple[Header, ...] = (),
) -> bytes:
    """A Produce as the picture's own form sends it."""
    entries: list[Entry] = [(wall_ms, key, value, headers) for key, value in records]
    batch = encode_batch(entries, compression="none", producer=(-1, -1, -1))
    data = TopicProduceData(name=topic, partition_data=[PartitionProduceData(partition, memoryview(batch))])
    message = ProduceRequest(acks=acks, timeout_ms=TIMEOUT_MS, topic_data=[data])
    return frames.encode_request(message, BY_NAME, 1, CLIENT_ID)


def create_frame(topic: str, partitions: int, configs: Mapping[str, str]) -> bytes:
    """A CreateTopics as the picture's own form sends it."""
    wanted = [CreatableTopicConfig(name, value) for name, value in configs.items()]
    message = CreateTopicsRequest([CreatableTopic(topic, partitions, 1, [], wanted)], TIMEOUT_MS)
    return frames.encode_request(message, CREATE_VERSION, 1, CLIENT_ID)


def more_partitions_frame(topic: str, total: int) -> bytes:
    """A CreatePartitions as the picture's own form sends it."""
    message = CreatePartitionsRequest([CreatePartitionsTopic(topic, total, None)], TIMEOUT_MS)
    return frames.encode_request(message, PARTITIONS_VERSION, 1, CLIENT_ID)


def configs_frame(topic: str, changes: list[Change]) -> bytes:
    """An IncrementalAlterConfigs as the picture's own form sends it."""
    wanted = [AlterableConfig(one.name, int(one.operation), one.value) for one in changes]
    message = IncrementalAlterConfigsRequest([AlterConfigsResource(TOPIC_RESOURCE, topic, wanted)])
    return frames.encode_request(message, CONFIGS_VERSION, 1, CLIENT_ID)


def delete_frame(topic: str) -> bytes:
    """A DeleteTopics as the picture's own button sends it."""
    message = DeleteTopicsRequest(topics=[DeleteTopicState(topic)], timeout_ms=TIMEOUT_MS)
    return frames.encode_request(message, DELETE_VERSION, 1, CLIENT_ID)


def partition_for(key: bytes | None, count: int) -> int:
    """Where the picture's form sends a record: by its key as Java does, else to the first partition."""
    return 0 if key is None else partition_of("murmur2", key, count)
