"""Redis killed, or frozen with SIGSTOP, while records are produced: no produce fails, nothing acknowledged is lost."""

import signal
import subprocess
import time
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaError, Message, Producer, TopicPartition

from engine.launcher import start_broker
from tests.processes import running_redis

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("hosting")]

LOAD_S = 4.0
TROUBLE_AFTER_S = 1.0


def produce_through(bootstrap: str, redis: subprocess.Popen[bytes], trouble: signal.Signals) -> tuple[list[int], float]:
    """Produce for some seconds with acks=all, in the middle of it let Redis get into trouble.

    Return the acknowledged numbers and the longest time that nothing was acknowledged.
    """
    acknowledged: list[int] = []
    failures: list[str] = []
    last_s = time.monotonic()
    longest_s = 0.0

    def on_delivery(error: KafkaError | None, message: Message) -> None:
        nonlocal last_s, longest_s
        if error is not None:
            failures.append(str(error))
            return
        acknowledged.append(int(message.key() or b""))
        longest_s, last_s = max(longest_s, time.monotonic() - last_s), time.monotonic()

    producer = Producer({"bootstrap.servers": bootstrap, "acks": "all", "linger.ms": 1, "enable.idempotence": True})
    producer.produce("load", key=b"0", value=b"first", on_delivery=on_delivery)
    producer.flush(10)
    began_s = last_s = time.monotonic()
    longest_s = 0.0
    number, in_trouble = 1, False
    while time.monotonic() - began_s < LOAD_S:
        if not in_trouble and time.monotonic() - began_s > TROUBLE_AFTER_S:
            redis.send_signal(trouble)
            in_trouble = True
        producer.produce("load", key=str(number).encode(), value=b"x" * 100, on_delivery=on_delivery)
        producer.poll(0.0005)
        number += 1
    assert producer.flush(10) == 0
    assert failures == []
    return acknowledged, longest_s


def consume_all(bootstrap: str, count: int) -> list[int]:
    options = {"bootstrap.servers": bootstrap, "group.id": "none", "enable.auto.commit": False}
    consumer = Consumer(options)
    consumer.assign([TopicPartition("load", 0, 0)])
    keys: list[int] = []
    end_s = time.monotonic() + 20
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
            acknowledged, longest_s = produce_through(broker.bootstrap, process, trouble)
            assert acknowledged == list(range(len(acknowledged)))
            assert len(acknowledged) > 500
            assert consume_all(broker.bootstrap, len(acknowledged)) == acknowledged
            assert longest_s < 1.0
        finally:
            process.send_signal(signal.SIGCONT)
            broker.kill()
