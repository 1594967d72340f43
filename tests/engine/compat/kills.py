"""kill -9 of a real broker under producers, and the proof, record by record, that nothing acknowledged is lost.

Four producers write numbered records with acks=all, two of them idempotent; the broker
is killed at a random moment and started again on the same files, round after round. Then
the whole log is read: every acknowledged record must be at the offset it was acknowledged
with, and an idempotent producer's records must be there once each, in order.

Not here: power loss (the simulated world loses un-synced bytes; kill -9 keeps the page cache).
"""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from engine.launcher import BrokerProcess, free_port, start_broker

TOPIC, PARTITIONS = "kills", 4
READ_S_MAX = 120.0


@dataclass
class Writer:
    """One producer: what it sent, and what was acknowledged."""

    name: str
    bootstrap: str
    idempotent: bool
    pause_s: float
    acked: dict[tuple[int, int], bytes] = field(default_factory=dict)  # (partition, offset) -> value
    failed: int = 0  # given up: may or may not be there
    sent: int = 0
    stopping: threading.Event = field(default_factory=threading.Event)

    def start(self) -> threading.Thread:
        """Write until `stopping`, in a thread of its own."""
        thread = threading.Thread(target=self._write, name=self.name)
        thread.start()
        return thread

    def _write(self) -> None:
        settings = {
            "bootstrap.servers": self.bootstrap, "acks": "all", "linger.ms": 1, "enable.idempotence": self.idempotent,
            "reconnect.backoff.max.ms": 200, "delivery.timeout.ms": 60_000, "queue.buffering.max.messages": 5_000,
            "socket.timeout.ms": 5_000, "retry.backoff.ms": 50, "log_level": 0,
        }  # fmt: skip
        producer = Producer(settings)
        while not self.stopping.is_set():
            try:
                value = b"%s:%d" % (self.name.encode(), self.sent)
                producer.produce(TOPIC, value, partition=self.sent % PARTITIONS, on_delivery=self._delivered)
                self.sent += 1
            except BufferError:
                producer.poll(0.05)
            producer.poll(0)
            if self.sent % 10 == 0:
                time.sleep(self.pause_s)
        producer.flush(60)

    def _delivered(self, error: object, message: Message) -> None:
        if error is not None:
            self.failed += 1
        else:
            self.acked[message.partition(), message.offset()] = message.value()


@dataclass(frozen=True)
class Report:
    """What a campaign found."""

    rounds: int
    acked: int
    lost: list[str]
    duplicated: list[str]
    given_up: int
    slowest_start_s: float

    def __str__(self) -> str:
        return (
            f"{self.rounds} kills, {self.acked} acknowledged records, {len(self.lost)} lost, {len(self.duplicated)}"
            f" duplicated or out of order, {self.given_up} given up, slowest start {self.slowest_start_s:.2f} s"
        )


def run(directory: Path, *, rounds: int, seed: int, durability: str, pause_s: float = 0.005) -> Report:
    """Kill a broker `rounds` times under load; return what became of the records."""
    chance = random.Random(seed)
    properties = {"listeners": f"PLAINTEXT://127.0.0.1:{free_port()}", "durability": durability}
    properties["log.segment.bytes"] = str(1 << 20)  # rolls are part of it
    slowest_s, broker = 0.0, start_broker(directory / "broker-1", properties)
    try:
        broker.wait_ready()
        admin = AdminClient({"bootstrap.servers": broker.bootstrap})
        admin.create_topics([NewTopic(TOPIC, PARTITIONS, 1)])[TOPIC].result(20)
        with writing(broker.bootstrap, pause_s) as writers:
            for _ in range(rounds):
                wait_for_acks(writers, chance.randint(20, 400))
                time.sleep(chance.uniform(0, 0.3))
                broker.kill()
                broker = start_broker(directory / "broker-1", properties)
                slowest_s = max(slowest_s, broker.wait_ready())
            wait_for_acks(writers, 100)
        return _judge(rounds, writers, read_log(broker), slowest_s)
    finally:
        broker.kill()


@contextmanager
def writing(bootstrap: str, pause_s: float) -> Iterator[list[Writer]]:
    """Let four writers write until the block ends."""
    writers = [Writer(f"w{number}", bootstrap, number % 2 == 1, pause_s) for number in range(4)]
    threads = [writer.start() for writer in writers]
    try:
        yield writers
    finally:
        for writer in writers:
            writer.stopping.set()
        for thread in threads:
            thread.join()


def wait_for_acks(writers: list[Writer], count: int) -> None:
    """Return when that many more records were acknowledged."""
    target = sum(len(writer.acked) for writer in writers) + count
    end_s = time.monotonic() + 60
    while sum(len(writer.acked) for writer in writers) < target:
        assert time.monotonic() < end_s, "the producers do not get on"
        time.sleep(0.01)


def read_log(broker: BrokerProcess) -> dict[tuple[int, int], bytes]:
    """Read every record of the topic."""
    consumer = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": "unused", "check.crcs": True})
    ends = {
        index: consumer.get_watermark_offsets(TopicPartition(TOPIC, index), timeout=20)[1]
        for index in range(PARTITIONS)
    }
    consumer.assign([TopicPartition(TOPIC, index, OFFSET_BEGINNING) for index in range(PARTITIONS)])
    found: dict[tuple[int, int], bytes] = {}
    end_s = time.monotonic() + READ_S_MAX
    while len(found) < sum(ends.values()) and time.monotonic() < end_s:
        for message in consumer.consume(10_000, 0.5):
            assert message.error() is None, message.error()
            found[message.partition(), message.offset()] = message.value()
    consumer.close()
    assert len(found) == sum(ends.values()), "offsets have no holes"
    return found


def _judge(rounds: int, writers: list[Writer], found: dict[tuple[int, int], bytes], slowest_s: float) -> Report:
    lost = [
        f"{value!r} at {place}"
        for writer in writers
        for place, value in writer.acked.items()
        if found.get(place) != value
    ]
    duplicated = []
    for writer in writers:
        if not writer.idempotent:
            continue
        for index in range(PARTITIONS):
            mine = [
                value
                for place, value in sorted(found.items())
                if place[0] == index and value.startswith(writer.name.encode() + b":")
            ]
            numbers = [int(value.partition(b":")[2]) for value in mine]
            if numbers != sorted(dict.fromkeys(numbers)):
                duplicated.append(f"{writer.name} in partition {index}")
    acked = sum(len(writer.acked) for writer in writers)
    return Report(rounds, acked, lost, duplicated, sum(writer.failed for writer in writers), slowest_s)
