"""kafka-python 3: pure Python, its own reading of the protocol."""

from collections.abc import Callable, Iterator

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient

pytestmark = pytest.mark.processes


@pytest.fixture
def admin(bootstrap: str) -> Iterator[KafkaAdminClient]:
    client = KafkaAdminClient(bootstrap_servers=bootstrap)
    yield client
    client.close()


def read_all(bootstrap: str, topic: str, count: int) -> list:
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, consumer_timeout_ms=15_000, check_crcs=True)
    place = TopicPartition(topic, 0)
    consumer.assign([place])
    consumer.seek_to_beginning(place)
    found = []
    for record in consumer:
        found.append(record)
        if len(found) == count:
            break
    consumer.close()
    return found


@pytest.mark.parametrize("codec", [None, "gzip", "snappy", "lz4", "zstd"])
def test_records_come_back_with_every_codec(bootstrap: str, new_topic: Callable[..., str], codec: str | None):
    topic = new_topic()
    producer = KafkaProducer(bootstrap_servers=bootstrap, compression_type=codec, linger_ms=20)
    values = [b"%d the same words" % number for number in range(500)]
    futures = [producer.send(topic, value, key=b"k", headers=[("h", b"1")]) for value in values]
    assert [future.get(20).offset for future in futures] == list(range(500))
    producer.close()
    found = read_all(bootstrap, topic, 500)
    assert [one.value for one in found] == values
    assert (found[0].key, list(found[0].headers)) == (b"k", [("h", b"1")])


def test_an_idempotent_producer_writes_each_record_once(bootstrap: str, new_topic: Callable[..., str]):
    topic = new_topic()
    producer = KafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True)
    futures = [producer.send(topic, b"%d" % number) for number in range(200)]
    assert [future.get(20).offset for future in futures] == list(range(200))
    producer.close()


def test_offsets_are_found_by_time_and_at_both_ends(bootstrap: str, new_topic: Callable[..., str]):
    topic = new_topic()
    producer = KafkaProducer(bootstrap_servers=bootstrap)
    for number in range(5):
        producer.send(topic, b"v", timestamp_ms=1_700_000_000_000 + number * 1000).get(20)
    producer.close()
    consumer, place = KafkaConsumer(bootstrap_servers=bootstrap), TopicPartition(topic, 0)
    assert consumer.beginning_offsets([place]) == {place: 0}
    assert consumer.end_offsets([place]) == {place: 5}
    assert consumer.offsets_for_times({place: 1_700_000_002_500})[place].offset == 3
    consumer.close()


def test_the_cluster_and_its_configs_are_described(admin: KafkaAdminClient, new_topic: Callable[..., str]):
    topic = new_topic(2)
    described = admin.describe_topics([topic])[0]
    assert len(described["partitions"]) == 2
    assert admin.describe_cluster()["brokers"]
