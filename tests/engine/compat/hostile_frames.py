"""Frames that no honest client sends, each with what Apache Kafka answers: the table of the malformed-frame tests.

An outcome is "close" (the connection ends without a reply), "none" (neither reply nor
end: more bytes are awaited), or the error code in the reply, where the broker's
handling of one field decides. Several outcomes are allowed where Kafka's own differ by
version or timing. `python -m pytest tests/engine/compat -k hostile` runs them against
our broker; with KAFKA_START set also against Apache Kafka, which must agree.
"""

import gzip
import struct
from collections.abc import Callable
from dataclasses import dataclass

from crc32c import crc32c

from engine.wire.frames import encode_request
from engine.wire.messages.create_topics import (
    CreatableTopic,
    CreatableTopicConfig,
    CreateTopicsRequest,
)
from engine.wire.messages.fetch import FetchPartition, FetchRequest, FetchTopic
from engine.wire.messages.list_offsets import ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic
from engine.wire.messages.metadata import MetadataRequest, MetadataRequestTopic
from engine.wire.messages.produce import PartitionProduceData, ProduceRequest, TopicProduceData
from engine.wire.primitives import Message

Outcome = int | str
TOPIC = "hostile"
MIB = 1 << 20


@dataclass(frozen=True)
class Case:
    """One frame (or several), and what may come of it."""

    name: str
    build: Callable[[], bytes]
    allowed: tuple[Outcome, ...]
    where: str = ""  # path of the error code in the response, empty if it has none of its own

    def __str__(self) -> str:
        return self.name


def framed(body: bytes) -> bytes:
    """Put the size before a body."""
    return struct.pack(">i", len(body)) + body


def request(message: Message, version: int) -> bytes:
    """Encode an honest request, to be damaged."""
    return encode_request(message, version, 7, "hostile")


def raw(api_key: int, version: int, body: bytes, client_id: bytes = b"\x00\x01h") -> bytes:
    """Build a frame with header version 1 by hand."""
    return framed(struct.pack(">hhi", api_key, version, 7) + client_id + body)


def record(value: bytes = b"v", *, length_lie: int = 0, header_count: int = 0) -> bytes:
    """One record without key, of less than 60 bytes."""
    body = b"\x00\x00\x00\x01" + bytes([2 * len(value)]) + value + bytes([2 * header_count])
    return bytes([2 * (len(body) + length_lie)]) + body


def batch(
    records: bytes | None = None,
    *,
    count: int = 1,
    last_delta: int | None = None,
    attributes: int = 0,
    magic: int = 2,
    producer: tuple[int, int, int] = (-1, -1, -1),
    length_lie: int = 0,
    crc_lie: int = 0,
) -> bytes:
    """One record batch of format 2, with lies where asked for; the CRC is right unless it is to lie."""
    records = record() if records is None else records
    tail = struct.pack(
        ">hiqqqhii", attributes, count - 1 if last_delta is None else last_delta, 1_700_000_000_000,
        1_700_000_000_000, *producer, count,
    ) + records  # fmt: skip
    head = struct.pack(">qiibI", 0, len(tail) + 9 + length_lie, -1, magic, (crc32c(tail) + crc_lie) & 0xFFFFFFFF)
    return head + tail


def produce(records: bytes | None, *, acks: int = -1, topic: str = TOPIC, index: int = 0, version: int = 7) -> bytes:
    """A Produce of these record bytes."""
    data = PartitionProduceData(index, memoryview(records) if records is not None else None)
    return request(ProduceRequest(None, acks, 5_000, [TopicProduceData(topic, partition_data=[data])]), version)


def create(name: str, partitions: int = 1, replicas: int = 1, configs: dict[str, str | None] | None = None) -> bytes:
    """A CreateTopics of one topic; nothing is created."""
    asked = [CreatableTopicConfig(*one) for one in (configs or {}).items()]
    topic = CreatableTopic(name, partitions, replicas, [], asked)
    return request(CreateTopicsRequest([topic], 5_000, validate_only=True), 5)


def fetch(offset: int = 0, *, epoch: int = -1, session: tuple[int, int] = (0, -1), bytes_max: int = MIB) -> bytes:
    """A Fetch of one partition."""
    partition = FetchPartition(0, epoch, offset, partition_max_bytes=MIB)
    asked = FetchRequest(
        max_wait_ms=0, min_bytes=0, max_bytes=bytes_max, session_id=session[0], session_epoch=session[1],
        topics=[FetchTopic(TOPIC, partitions=[partition])],
    )  # fmt: skip
    return request(asked, 11)


def replaced(frame: bytes, old: bytes, new: bytes) -> bytes:
    """Damage an honest frame: one run of bytes becomes another, the size follows."""
    assert frame.count(old) == 1, "the run to damage stands there once"
    return framed(frame[4:].replace(old, new))


def compressed(codec: int, payload: bytes, count: int = 1) -> bytes:
    """A batch whose records claim to be compressed."""
    return batch(payload, attributes=codec, count=count)


def gzip_bomb() -> bytes:
    """One GiB of zeros in about one MiB."""
    return gzip.compress(bytes(1 << 30), compresslevel=6)[:1_040_000]


XERIAL = b"\x82SNAPPY\x00" + struct.pack(">ii", 1, 1)
LZ4_HEAD = b"\x04\x22\x4d\x18\x68\x40" + struct.pack("<Q", 1 << 60)
ZSTD_HEAD = b"\x28\xb5\x2f\xfd\xe0" + struct.pack("<Q", 1 << 60)
HUGE_VARINT = b"\xff\xff\xff\xff\x7f"

FRAMING = (
    Case("size -1", lambda: struct.pack(">i", -1) + bytes(20), ("close",)),
    Case("size 2^31-1", lambda: struct.pack(">i", 2**31 - 1) + bytes(20), ("close",)),
    Case("size one beyond the limit", lambda: struct.pack(">i", 104_857_601) + bytes(20), ("close",)),
    Case("size 0", lambda: struct.pack(">i", 0) + bytes(4), ("close",)),
    Case("header of four bytes", lambda: framed(b"\x00\x12\x00\x00"), ("close",)),
    Case("HTTP", lambda: b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", ("close", "none")),
    Case("TLS hello on plaintext", lambda: bytes.fromhex("160301020001fc0303") + bytes(500), ("close", "none")),
    Case("garbage behind a frame", lambda: request(MetadataRequest([]), 4) + b"\xff" * 64, (0, "close")),
)
HEADERS = (
    Case("API key 9999", lambda: raw(9999, 0, b""), ("close",)),
    Case("API key -1", lambda: raw(-1, 0, b""), ("close",)),
    Case("version -1", lambda: raw(3, -1, b""), ("close",)),
    Case("Metadata 99", lambda: raw(3, 99, b"\x00\x00\x00\x00\x00"), ("close",)),
    Case("ApiVersions 99", lambda: raw(18, 99, b"\x00"), (35,), "error_code"),
    Case("client id of length -2", lambda: raw(3, 4, b"\x00\x00\x00\x00\x00", b"\xff\xfe"), ("close", 0)),
    Case("client id beyond the frame", lambda: raw(3, 4, b"\x00", b"\x7f\xff"), ("close",)),
    Case("client id that is no UTF-8", lambda: raw(3, 4, b"\x00\x00\x00\x00\x00", b"\x00\x02\xff\xfe"), ("close", 0)),
    Case("2^31 tags", lambda: raw(3, 12, b"\x80\x80\x80\x80\x08"), ("close",)),
    Case("varint of eleven bytes", lambda: raw(3, 12, b"\xff" * 10 + b"\x01"), ("close",)),
    Case("tag beyond the frame", lambda: raw(3, 12, b"\x01\x63\xff\xff\x7f"), ("close",)),
    Case("client software with a tag", lambda: raw(18, 3, b"\x00\x09<script>\x021\x00"), (42,), "error_code"),
    Case("client software without a name", lambda: raw(18, 3, b"\x00\x01\x021\x00"), (42,), "error_code"),
)
TOPICS = "topics.0.error_code"
ADMIN = (
    Case("array of 2^31-1", lambda: raw(3, 4, b"\x7f\xff\xff\xff\x00"), ("close",)),
    Case("array of -2", lambda: raw(19, 2, b"\xff\xff\xff\xfe\x00\x00\x13\x88\x00"), ("close", "ok")),
    Case(
        "body cut off",
        lambda: framed(request(MetadataRequest([MetadataRequestTopic(name=TOPIC)]), 4)[4:-3]),
        ("close",),
    ),
    Case("null for a name", lambda: raw(19, 2, b"\x00\x00\x00\x01\xff\xff" + bytes(18)), ("close",)),
    Case("name ../../etc/passwd", lambda: create("../../etc/passwd"), (17,), TOPICS),
    Case("name of 250 letters", lambda: create("a" * 250), (17,), TOPICS),
    Case("name with NUL", lambda: create("a\x00b"), (17,), TOPICS),
    Case("name ..", lambda: create(".."), (17,), TOPICS),
    Case("name .", lambda: create("."), (17,), TOPICS),
    Case("name of nothing", lambda: create(""), (17,), TOPICS),
    Case("name a/b", lambda: create("a/b"), (17,), TOPICS),
    Case("name with dots of another alphabet", lambda: create("a\u2025b"), (17,), TOPICS),
    Case("no partitions", lambda: create("hostile-0", 0), (37,), TOPICS),
    Case("-2 partitions", lambda: create("hostile-0", -2), (37,), TOPICS),
    Case("2^31-1 partitions", lambda: create("hostile-0", 2**31 - 1), (37, 44, 89), TOPICS),
    Case("replication factor 0", lambda: create("hostile-0", 1, 0), (38,), TOPICS),
    Case("replication factor 99", lambda: create("hostile-0", 1, 99), (38,), TOPICS),
    Case("unknown config", lambda: create("hostile-0", configs={"no.such": "1"}), (40,), TOPICS),
    Case("bad config", lambda: create("hostile-0", configs={"retention.ms": "soon"}), (40,), TOPICS),
    Case("null config", lambda: create("hostile-0", configs={"retention.ms": None}), (40,), TOPICS),
)
PARTITION = "responses.0.partition_responses.0.error_code"
PRODUCE = (
    Case("acks 2", lambda: produce(batch(), acks=2), (21,), PARTITION),
    Case("acks 0 to an unknown topic", lambda: produce(batch(), acks=0, topic="nobody-made-this"), ("close",)),
    Case("wrong CRC", lambda: produce(batch(crc_lie=1)), (2,), PARTITION),
    Case("magic 3", lambda: produce(batch(magic=3)), (2, 87, "close"), PARTITION),
    Case("magic 1", lambda: produce(batch(magic=1)), (2, 87, 43, 76, "close"), PARTITION),
    Case("two batches", lambda: produce(batch() + batch()), (87,), PARTITION),
    Case("no batch", lambda: produce(b""), (87, 2, "close"), PARTITION),
    Case("count that does not match", lambda: produce(batch(count=5, last_delta=0)), (87,), PARTITION),
    Case("count -1", lambda: produce(batch(count=-1, last_delta=0)), (87,), PARTITION),
    Case("control bit", lambda: produce(batch(attributes=32)), (87,), PARTITION),
    Case("codec 7", lambda: produce(batch(attributes=7)), (76, 87, 2, "close", -1), PARTITION),
    Case("batch longer than it is", lambda: produce(batch(length_lie=1000)), (2, 87, "close"), PARTITION),
    Case("batch shorter than it is", lambda: produce(batch(length_lie=-2)), (2, 87, "close"), PARTITION),
    Case("batch of length -1", lambda: produce(batch(length_lie=-80)), (2, 87, "close"), PARTITION),
    Case("half a header", lambda: produce(batch()[:30]), (2, 87, "close"), PARTITION),
    Case("gzip bomb", lambda: produce(compressed(1, gzip_bomb())), (10, 87, 2, -1), PARTITION),
    Case(
        "snappy chunk of 2^31",
        lambda: produce(compressed(2, XERIAL + b"\x7f\xff\xff\xff" + bytes(40))),
        (10, 87, 2, -1),
        PARTITION,
    ),
    Case(
        "raw snappy of 4 GiB",
        lambda: produce(compressed(2, b"\xff\xff\xff\xff\x0f" + bytes(40))),
        (10, 87, 2, -1),
        PARTITION,
    ),
    Case("lz4 of 2^60", lambda: produce(compressed(3, LZ4_HEAD + bytes(40))), (10, 87, 2, -1), PARTITION),
    Case("zstd of 2^60", lambda: produce(compressed(4, ZSTD_HEAD + bytes(40))), (10, 87, 2, -1), PARTITION),
    Case("2 MiB", lambda: produce(batch(record() * 300_000, count=300_000)), (10,), PARTITION),
    Case("sequence -1 of a producer", lambda: produce(batch(producer=(99, 0, -1))), (87, 45), PARTITION),
    Case("partition -1", lambda: produce(batch(), index=-1), (3,), PARTITION),
    Case("unknown partition", lambda: produce(batch(), index=77), (3,), PARTITION),
    Case("unknown topic", lambda: produce(batch(), topic="nobody-made-this"), (3,), PARTITION),
    Case("topic name with a path", lambda: produce(batch(), topic="../../x"), (3, 17), PARTITION),
    Case(
        "records beyond the frame",
        lambda: replaced(produce(batch()), struct.pack(">i", len(batch())), b"\x7f\xff\xff\xff"),
        ("close",),
    ),
)
# Kafka walks every record; we do so only with record.validation=full, our one documented deviation.
RECORD_LIES = (
    Case("record longer than it is", lambda: produce(batch(record(length_lie=9))), (87, 2), PARTITION),
    Case("record of length 2^31", lambda: produce(batch(HUGE_VARINT + record()[1:])), (87, 2), PARTITION),
    Case("63 headers that are not there", lambda: produce(batch(record(header_count=63))), (87, 2), PARTITION),
)
FETCHED = "responses.0.partitions.0.error_code"
READS = (
    Case("offset 10^12", lambda: fetch(10**12), (1,), FETCHED),
    Case("offset -5", lambda: fetch(-5), (1,), FETCHED),
    Case("session that is not there", lambda: fetch(session=(123_456, 5)), (70,), "error_code"),
    Case("epoch of the future", lambda: fetch(epoch=99), (75,), FETCHED),
    Case("max_bytes -1", lambda: fetch(bytes_max=-1), (0, "close"), FETCHED),
    Case(
        "offset of an unknown partition",
        lambda: request(ListOffsetsRequest(-1, 0, [ListOffsetsTopic(TOPIC, [ListOffsetsPartition(9, -1, -1)])]), 5),
        (3,),
        "topics.0.partitions.0.error_code",
    ),
)
CASES = FRAMING + HEADERS + ADMIN + PRODUCE + READS
