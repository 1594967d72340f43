"""A whole broker machine on a disk in memory, driven by hand: bytes in, frames out, syncs and time as the test says."""

import random
import struct
from dataclasses import dataclass, field
from typing import Any

from crc32c import crc32c

from engine.broker.broker import Broker
from engine.broker.config import BrokerConfig
from engine.broker.connections import ClientConnection
from engine.core.connection.out_queue import Region
from engine.core.records.batch import HEADER
from engine.core.work import WORK
from engine.wire import frames
from engine.wire.messages import create_topics, produce
from engine.wire.primitives import Message
from tests.engine.storage.memory_disk import MemoryDisk

WALL_MS = 1_700_000_000_000


def varint(number: int) -> bytes:
    zigzag, out = number << 1 ^ number >> 63, bytearray()
    while zigzag > 0x7F:
        out.append(zigzag & 0x7F | 0x80)
        zigzag >>= 7
    out.append(zigzag)
    return bytes(out)


def record(index: int, key: bytes | None, value: bytes | None) -> bytes:
    parts = [b"\0", varint(0), varint(index)]
    for text in (key, value):
        parts.append(varint(-1) if text is None else varint(len(text)) + text)
    body = b"".join(parts) + varint(0)
    return varint(len(body)) + body


def batch(
    *values: bytes,
    keys: list[bytes | None] | None = None,
    attributes: int = 0,
    timestamp_ms: int = WALL_MS,
    producer: tuple[int, int, int] = (-1, -1, -1),
    magic: int = 2,
    count: int | None = None,
    last_delta: int | None = None,
    body: bytes | None = None,
    base_offset: int = 0,
) -> bytes:
    """One record batch as a producer sends it."""
    if body is None:
        body = b"".join(record(i, keys[i] if keys else None, value) for i, value in enumerate(values))
    count = len(values) if count is None else count
    last_delta = count - 1 if last_delta is None else last_delta
    header = (base_offset, 49 + len(body), -1, magic, 0, attributes, last_delta, timestamp_ms, timestamp_ms)
    whole = bytearray(HEADER.pack(*header, *producer, count) + body)
    struct.pack_into(">I", whole, 17, crc32c(bytes(whole[21:])))
    return bytes(whole)


def produce_request(
    records: bytes | None, topic: str = "t", index: int = 0, *, acks: int = 1, topic_id: bytes = bytes(16),
    timeout_ms: int = 5_000,
) -> produce.ProduceRequest:  # fmt: skip
    data = [produce.PartitionProduceData(index=index, records=records)]
    topics = [produce.TopicProduceData(name=topic, topic_id=topic_id, partition_data=data)]
    return produce.ProduceRequest(acks=acks, timeout_ms=timeout_ms, topic_data=topics)


@dataclass
class Peer:
    """One client's side of a connection: its buffer is the driver's, as in the shell."""

    world: "World"
    connection: ClientConnection
    unread: bytearray = field(default_factory=bytearray)
    calls: list[tuple[int, int]] = field(default_factory=list)  # api key and version, in order

    def send_bytes(self, data: bytes) -> None:
        """Bytes arrive in one read."""
        self.unread += data
        self.hand_over()

    def hand_over(self) -> None:
        connection, broker = self.connection, self.world.broker
        if connection.paused or connection.closed or not self.unread:
            return
        buffer = bytearray(self.unread)
        view = memoryview(buffer)
        consumed = broker.on_bytes(connection, buffer, view, 0, len(buffer), self.world.now_ms)
        view.release()
        buffer.append(0)  # fails if the machine kept a view
        del self.unread[:consumed]
        self.world.perform()

    def send(self, message: Message, version: int) -> None:
        self.send_bytes(self.frame(message, version))

    def frame(self, message: Message, version: int) -> bytes:
        self.calls.append((frames.api_of(message).key, version))
        return frames.encode_request(message, version, len(self.calls), "test")

    def received(self) -> bytes:
        """Take everything that was queued for this client, as one string of bytes."""
        out, taken = self.connection.out, bytearray()
        while out.items:
            item = out.head()
            if isinstance(item, Region):
                data = self.world.disk.read(item.file, item.position, item.length)
                assert len(data) == item.length
            else:
                data = item
            taken += data
            out.sent(len(data))
        assert out.queued_bytes == 0
        if self.connection.paused:
            self.world.broker.on_drained(self.connection, self.world.now_ms)
            self.hand_over()
        return bytes(taken)

    def replies(self) -> list[Any]:
        """Decode what was received; the correlation ids say which request each frame answers, and they are in order."""
        data, position, decoded, last = memoryview(self.received()), 0, [], 0
        while position < len(data):
            size = int.from_bytes(data[position : position + 4], "big")
            frame = data[position + 4 : position + 4 + size]
            number = frames.correlation_id_of(frame)
            assert number > last, "replies keep the order of their requests"
            last = number
            key, version = self.calls[number - 1]
            decoded.append(frames.decode_response(key, version, frame)[1])
            position += 4 + size
        assert position == len(data)
        return decoded

    def call(self, message: Message, version: int) -> Any:
        """Send, let syncs and helpers finish, return the one reply."""
        self.send(message, version)
        self.world.settle()
        (reply,) = self.replies()
        return reply

    @property
    def is_closed(self) -> bool:
        return self.connection.closed


class World:
    """A broker and what drives it."""

    def __init__(self, disk: MemoryDisk | None = None, seed: int = 1, now_ms: int = 0, **configs: str) -> None:
        given = {"listeners": "PLAINTEXT://127.0.0.1:9092", "durability": "pagecache"}
        given |= {name.replace("_", "."): value for name, value in configs.items()}
        self.configs = configs
        self.disk = disk or MemoryDisk()
        self.now_ms = now_ms
        self.broker = Broker(self.disk, BrokerConfig.parse(given), random.Random(seed))
        self.broker.start(self.now_ms, WALL_MS - self.now_ms)
        self.peers: dict[int, Peer] = {}
        self.settle()

    def connect(self) -> Peer:
        number = len(self.peers) + 1
        peer = Peer(self, self.broker.on_connected(number, "127.0.0.1", self.now_ms))
        self.peers[number] = peer
        return peer

    def perform(self) -> None:
        """What a driver does with wishes, but for helpers' work and syncs: the test lets those finish."""
        effects = self.broker.effects
        effects.touched.clear()
        for wishes, take_now in ((effects.close, False), (effects.abort, True)):
            while wishes:
                connection = wishes.pop(0)
                if take_now or not connection.out.items:
                    self.close(self.peers[connection.id])
        while effects.resume:
            self.peers[effects.resume.pop(0).id].hand_over()

    def close(self, peer: Peer) -> None:
        if not peer.connection.closed:
            self.broker.on_closed(peer.connection, self.now_ms)
            self.perform()

    def finish_sync(self) -> None:
        self.broker.on_synced(self.disk.finish_sync(), self.now_ms)
        self.perform()

    def finish_work(self) -> None:
        work = self.broker.effects.work.pop(0)
        self.broker.on_work_done(work.token, WORK[work.name](work.argument), self.now_ms)
        self.perform()

    def settle(self) -> None:
        while self.disk.syncs or self.broker.effects.work:
            if self.disk.syncs:
                self.finish_sync()
            else:
                self.finish_work()

    def wait(self, ms: int) -> None:
        """Time passes; deadlines on the way are kept."""
        end_ms = self.now_ms + ms
        while self.broker.next_deadline_ms is not None and self.broker.next_deadline_ms <= end_ms:
            self.now_ms = max(self.now_ms, self.broker.next_deadline_ms)
            self.broker.on_deadline(self.now_ms)
            self.perform()
        self.now_ms = end_ms

    def create_topic(self, name: str = "t", partitions: int = 1, **configs: str) -> bytes:
        """Make a topic; return its id."""
        wanted = [
            create_topics.CreatableTopicConfig(name=key.replace("_", "."), value=value)
            for key, value in configs.items()
        ]
        topic = create_topics.CreatableTopic(name=name, num_partitions=partitions, replication_factor=1, configs=wanted)
        reply = self.connect().call(create_topics.CreateTopicsRequest(topics=[topic], timeout_ms=1000), 7)
        assert reply.topics[0].error_code == 0, reply
        return reply.topics[0].topic_id

    def restarted(self, disk: MemoryDisk | None = None, **configs: str) -> "World":
        return World(disk or self.disk.killed(), now_ms=self.now_ms, **(self.configs | configs))
