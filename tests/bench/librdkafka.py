"""librdkafka as the client, in a process of its own; prints one line of JSON as the load generator in C does.

    python -m tests.bench.librdkafka produce BOOTSTRAP TOPIC PARTITIONS RECORD_BYTES BYTES
    python -m tests.bench.librdkafka consume BOOTSTRAP TOPIC PARTITIONS RECORD_BYTES BYTES

BOOTSTRAP `mock` is librdkafka's own cluster inside the client: the most that this client can do.
Default settings but for acks=1 and 5 ms of linger. Many records a call, so that Python is not what is measured.
"""

import json
import sys
import time

from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition

BATCH = 1_000  # records a call
OUTSTANDING_MAX = 100_000
SECONDS_MAX = 40.0


def produce(bootstrap: str, topic: str, partitions: int, record_bytes: int, count: int) -> float:
    """Produce that many records over the partitions; return the seconds until the last was acknowledged."""
    settings = {
        "acks": 1, "linger.ms": 5, "queue.buffering.max.messages": 2 * OUTSTANDING_MAX,
        "queue.buffering.max.kbytes": 1 << 20, "delivery.report.only.error": True, "log_level": 0,
    }  # fmt: skip
    if bootstrap == "mock":
        settings |= {"test.mock.num.brokers": 1, "bootstrap.servers": ""}
    else:
        settings["bootstrap.servers"] = bootstrap
    producer = Producer(settings)
    known = producer.list_topics(topic, timeout=20).topics[topic]
    if bootstrap == "mock":
        partitions = min(partitions, len(known.partitions))  # it makes topics of 4
    value = (b"abcdefghijklmnop" * (record_bytes // 16 + 1))[:record_bytes]
    messages = [{"value": value} for _ in range(BATCH)]
    begun_s = time.monotonic()
    for number in range(count // BATCH):
        if producer.produce_batch(topic, messages, partition=number % partitions) != BATCH:
            raise SystemExit(
                f"librdkafka refused records: {next(one['_error'] for one in messages if '_error' in one)}"
            )
        while len(producer) > OUTSTANDING_MAX:
            producer.poll(0.001)
    if producer.flush(SECONDS_MAX):
        raise SystemExit("records were not acknowledged")
    return time.monotonic() - begun_s


def consume(bootstrap: str, topic: str, partitions: int, count: int) -> float:
    """Consume that many records from the beginning of all partitions; return the seconds it took."""
    consumer = Consumer(
        {"bootstrap.servers": bootstrap, "group.id": "bench", "enable.auto.commit": False, "log_level": 0}
    )
    begun_s, found = time.monotonic(), 0
    consumer.assign([TopicPartition(topic, index, OFFSET_BEGINNING) for index in range(partitions)])
    while found < count:
        for message in consumer.consume(10 * BATCH, 0.2):
            if message.error() is not None:
                raise SystemExit(str(message.error()))
            found += 1
        if time.monotonic() > begun_s + SECONDS_MAX:
            raise SystemExit(f"only {found} of {count} records came")
    seconds = time.monotonic() - begun_s
    consumer.close()
    return seconds


def main() -> None:
    """Run one load."""
    what, bootstrap, topic, *numbers = sys.argv[1:]
    partitions, record_bytes, total = map(int, numbers)
    count = total // record_bytes // BATCH * BATCH
    if what == "produce":
        seconds = produce(bootstrap, topic, partitions, record_bytes, count)
    else:
        seconds = consume(bootstrap, topic, partitions, count)
    print(json.dumps({"seconds": seconds, "requests": count, "bytes": count * record_bytes, "records": count}))


if __name__ == "__main__":
    main()
