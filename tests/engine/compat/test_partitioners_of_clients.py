"""Where other people's clients put keys, and where the console's calculator says they do."""

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from kafka.partitioner import murmur2

from console.services.partitioners import partition_of
from tests.apache_kafka import tool
from tests.brokers import running_broker

KEYS = [b"id_1234", b"", "ключ".encode(), bytes(4), b"\xff" * 9, *(f"key-{number}".encode() for number in range(40))]
BY_SETTING = {"consistent_random": "crc32", "consistent": "crc32", "murmur2_random": "murmur2", "murmur2": "murmur2"}


@pytest.fixture(scope="module")
def bootstrap(tmp_path_factory):
    with running_broker(tmp_path_factory.mktemp("partitioners")) as broker:
        admin = AdminClient({"bootstrap.servers": broker.bootstrap})
        for made in admin.create_topics([NewTopic("keyed", 7, 1), NewTopic("java", 7, 1)]).values():
            made.result(20)
        yield broker.bootstrap


@pytest.mark.parametrize(("setting", "hashed"), BY_SETTING.items())
def test_librdkafka_puts_keys_where_the_calculator_says(bootstrap, setting, hashed):
    producer = Producer({"bootstrap.servers": bootstrap, "partitioner": setting, "linger.ms": 0})
    found = {}
    for key in KEYS:
        producer.produce(
            "keyed", b"v", key=key, on_delivery=lambda _, record: found.update({record.key() or b"": record})
        )
    assert producer.flush(20) == 0
    # An empty key is none for consistent_random: it goes anywhere.
    told = {key: record.partition() for key, record in found.items() if key or setting != "consistent_random"}
    assert told == {key: partition_of(key, 7, hashed) for key in told} and len(told) >= len(KEYS) - 1


def test_kafka_python_puts_keys_where_murmur2_says():
    assert {key: (murmur2(key) & 0x7FFFFFFF) % 7 for key in KEYS} == {
        key: partition_of(key, 7, "murmur2") for key in KEYS
    }


@pytest.mark.kafka
def test_java_puts_keys_where_murmur2_says(bootstrap):
    keys = [f"java-{number}" for number in range(40)]
    lines = "".join(f"{key}:v\n" for key in keys)
    options = ["--property", "parse.key=true", "--property", "key.separator=:"]
    tool("kafka-console-producer", "--bootstrap-server", bootstrap, "--topic", "java", *options, stdin=lines)
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "reads-keys"})
    consumer.assign([TopicPartition("java", partition, 0) for partition in range(7)])
    records = consumer.consume(len(keys), 20)
    consumer.close()
    found = {record.key(): record.partition() for record in records}
    assert found == {key.encode(): partition_of(key.encode(), 7, "murmur2") for key in keys}
