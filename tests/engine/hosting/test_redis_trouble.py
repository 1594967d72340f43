"""Redis killed, or frozen with SIGSTOP, while records are produced: no produce fails, nothing acknowledged is lost."""

import signal
import time
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaError, Message, Producer, TopicPartition

from engine.launcher import start_broker
from tests.processes import running_redis

pytestmark = pytest.mark.processes

BEFORE_S = 1.5
AFTER_S = 3.0
SILENCE_S_MAX = 2.5  # a busy machine stalls for a second or two; waiting for Redis even once would be 3 s and more
PATIENCE_S = 60.0  # for a machine that is busy with other things; not what is judged
QUEUED_MAX = 5_000


class Load:
    """A producer under way: what was acknowledged, what failed, and how long nothing came."""

    def __init__(self, bootstrap: str) -> None:
        settings = {"bootstrap.servers": bootstrap, "acks": "all", "linger.ms": 1, "enable.idempotence": True}
        self.producer = Producer({**settings, "queue.buffering.max.messages": QUEUED_MAX})
        self.number = 0
        self.acknowledged: list[int] = []
        self.failures: list[str] = []
        self.last_s = self.longest_s = 0.0

    def on_delivery(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self.failures.append(str(error))
            return
        self.acknowledged.append(int(message.key() or b""))
        self.longest_s, self.last_s = max(self.longest_s, time.monotonic() - self.last_s), time.monotonic()

    def produce(self) -> None:
        """Hand over the next record; while the queue is full, wait for deliveries."""
        end_s = time.monotonic() + PATIENCE_S
        while True:
            try:
                self.producer.produce("load", b"x" * 100, str(self.number).encode(), on_delivery=self.on_delivery)
                break
            except BufferError:
                assert time.monotonic() < end_s, "nothing of a full queue was delivered"
                self.producer.poll(0.05)
        self.number += 1
        self.producer.poll(0.0005)

    def go_on(self, seconds: float) -> float:
        """Produce for some seconds; return the longest time in which nothing was acknowledged."""
        self.last_s = began_s = time.monotonic()
        self.longest_s = 0.0
        while time.monotonic() - began_s < seconds:
            self.produce()
        return max(self.longest_s, time.monotonic() - self.last_s)

    def finish(self) -> None:
        """Wait until every record has its outcome."""
        assert self.producer.flush(PATIENCE_S) == 0


def consume_all(bootstrap: str, count: int) -> list[int]:
    options = {"bootstrap.servers": bootstrap, "group.id": "none", "enable.auto.commit": False}
    consumer = Consumer(options)
    consumer.assign([TopicPartition("load", 0, 0)])
    keys: list[int] = []
    end_s = time.monotonic() + PATIENCE_S
    while len(keys) < count and time.monotonic() < end_s:
        keys += [int(message.key() or b"") for message in consumer.consume(10_000, 0.5) if message.error() is None]
    consumer.close()
    return keys


@pytest.mark.parametrize("trouble", [signal.SIGKILL, signal.SIGSTOP])
def test_redis_in_trouble_under_load_costs_nothing(tmp_path: Path, trouble: signal.Signals) -> None:
    with running_redis(tmp_path / "redis") as (redis, process):
        broker = start_broker(tmp_path / "broker-1", {}, redis_url=redis.url)
        try:
            broker.wait_ready()
            load = Load(broker.bootstrap)
            load.produce()
            load.finish()
            usual_s = load.go_on(BEFORE_S)  # how long this machine, busy as it is, lets the broker wait anyway
            process.send_signal(trouble)
            silent_s = load.go_on(AFTER_S)
            load.finish()
            assert load.failures == []
            assert load.acknowledged == list(range(load.number))
            assert load.number > 500
            assert consume_all(broker.bootstrap, load.number) == load.acknowledged
            assert silent_s < usual_s + SILENCE_S_MAX
        finally:
            process.send_signal(signal.SIGCONT)
            broker.kill()
