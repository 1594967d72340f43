"""The partition of a key, as librdkafka and kafka-python choose it and as our client does."""

from collections.abc import Callable

import pytest
from confluent_kafka import Message, Producer
from kafka.partitioner.default import murmur2 as kafka_pythons_murmur2

from engine.client.partitioners import partition_of

pytestmark = pytest.mark.processes

PARTITIONS = 7
KEYS = [b"", b"a", b"id_1234", "schlüssel".encode(), bytes(range(256)), *(b"key-%d" % number for number in range(200))]


@pytest.mark.parametrize(("librdkafkas", "ours"), [("consistent", "crc32"), ("murmur2", "murmur2")])
def test_keys_go_where_librdkafka_puts_them(
    bootstrap: str, new_topic: Callable[..., str], librdkafkas: str, ours: str
) -> None:
    topic = new_topic(PARTITIONS)
    placed: dict[bytes, int | None] = {}

    def delivered(error: object, message: Message) -> None:
        assert error is None
        placed[message.key() or b""] = message.partition()

    producer = Producer({"bootstrap.servers": bootstrap, "partitioner": librdkafkas})
    for key in KEYS:
        producer.produce(topic, b"v", key, on_delivery=delivered)
    assert producer.flush(30) == 0
    assert placed == {key: partition_of(ours, key, PARTITIONS) for key in KEYS}


def test_murmur2_is_javas_as_kafka_python_has_it() -> None:
    for key in KEYS:
        assert partition_of("murmur2", key, PARTITIONS) == (kafka_pythons_murmur2(key) & 0x7FFFFFFF) % PARTITIONS
