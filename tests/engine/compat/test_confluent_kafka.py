"""confluent-kafka (librdkafka): produce, consume by assignment, admin."""

from collections.abc import Callable

import pytest
from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaException,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    OffsetSpec,
    ResourceType,
)

pytestmark = pytest.mark.processes

WAIT_S = 30


def read_all(bootstrap: str, topic: str, count: int, partitions: int = 1) -> list:
    """Read that many records of a topic from its beginning, checking CRCs."""
    settings = {"bootstrap.servers": bootstrap, "group.id": "unused", "check.crcs": True, "enable.auto.commit": False}
    consumer = Consumer({**settings, "fetch.wait.max.ms": 100})
    consumer.assign([TopicPartition(topic, index, OFFSET_BEGINNING) for index in range(partitions)])
    found: list = []
    for _ in range(600):
        found += consumer.consume(min(100_000, count - len(found)), timeout=0.5)
        if len(found) >= count:
            break
    consumer.close()
    assert all(one.error() is None for one in found)
    return found


def produce_all(bootstrap: str, topic: str, values: list[bytes], **settings: object) -> list[int]:
    """Produce and wait for every acknowledgement; return the offsets in the order of delivery."""
    producer = Producer({"bootstrap.servers": bootstrap, "queue.buffering.max.messages": 2_000_000, **settings})
    offsets: list[int] = []

    def delivered(error: object, message: object) -> None:
        assert error is None, error
        offsets.append(message.offset())

    for value in values:
        producer.produce(topic, value, on_delivery=delivered)
        if len(offsets) % 1000 == 0:
            producer.poll(0)
    assert producer.flush(WAIT_S) == 0
    return offsets


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
@pytest.mark.parametrize("acks", ["0", "1", "all"])
def test_records_come_back_in_order(bootstrap: str, new_topic: Callable[..., str], codec: str, acks: str):
    topic = new_topic()
    values = [b"%d and some more words" % number for number in range(2000)]
    produce_all(bootstrap, topic, values, **{"compression.type": codec, "acks": acks})
    assert [one.value() for one in read_all(bootstrap, topic, len(values))] == values


def test_large_compressed_batches_are_taken(bootstrap: str, new_topic: Callable[..., str]):
    topic = new_topic()
    values = [bytes([number % 251]) * 500 for number in range(20_000)]
    settings = {"compression.type": "lz4", "linger.ms": 200, "batch.size": 1_000_000, "enable.idempotence": True}
    offsets = produce_all(bootstrap, topic, values, **settings)
    assert offsets == list(range(len(values)))
    assert [one.value() for one in read_all(bootstrap, topic, len(values))] == values


def test_keys_headers_and_timestamps_survive(bootstrap: str, new_topic: Callable[..., str]):
    topic = new_topic(3)
    producer = Producer({"bootstrap.servers": bootstrap})
    producer.produce(topic, None, b"key", 2, timestamp=1_700_000_000_123, headers=[("a", b"1"), ("a", None)])
    assert producer.flush(WAIT_S) == 0
    (found,) = read_all(bootstrap, topic, 1, 3)
    assert (found.key(), found.value(), found.partition(), found.timestamp()[1]) == (b"key", None, 2, 1_700_000_000_123)
    assert found.headers() == [("a", b"1"), ("a", None)]


def test_a_record_that_is_too_large_is_refused(bootstrap: str, new_topic: Callable[..., str]):
    topic = new_topic(max_message_bytes="1000")
    errors: list = []
    producer = Producer({"bootstrap.servers": bootstrap})
    producer.produce(topic, b"x" * 5000, on_delivery=lambda error, _: errors.append(error))
    producer.flush(WAIT_S)
    assert errors[0].name() == "MSG_SIZE_TOO_LARGE"


def test_topics_are_created_described_grown_and_deleted(bootstrap: str):
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic("ck-life", 2, 1, config={"retention.ms": "1000000"})])["ck-life"].result(WAIT_S)
    with pytest.raises(KafkaException, match="TOPIC_ALREADY_EXISTS"):
        admin.create_topics([NewTopic("ck-life", 2, 1)])["ck-life"].result(WAIT_S)
    admin.create_partitions([NewPartitions("ck-life", 5)])["ck-life"].result(WAIT_S)
    assert len(admin.list_topics("ck-life", timeout=WAIT_S).topics["ck-life"].partitions) == 5
    resource = ConfigResource(ResourceType.TOPIC, "ck-life")
    described = admin.describe_configs([resource])[resource].result(WAIT_S)
    assert described["retention.ms"].value == "1000000"
    assert described["segment.bytes"].value == "1073741824"
    change = ConfigEntry("retention.ms", "2000000", incremental_operation=AlterConfigOpType.SET)
    changed = ConfigResource(ResourceType.TOPIC, "ck-life", incremental_configs=[change])
    admin.incremental_alter_configs([changed])[changed].result(WAIT_S)
    assert admin.describe_configs([resource])[resource].result(WAIT_S)["retention.ms"].value == "2000000"
    admin.delete_topics(["ck-life"])["ck-life"].result(WAIT_S)
    assert "ck-life" not in admin.list_topics(timeout=WAIT_S).topics


def test_offsets_are_listed_and_records_deleted(bootstrap: str, new_topic: Callable[..., str]):
    topic = new_topic()
    produce_all(bootstrap, topic, [b"%d" % number for number in range(10)])
    admin, place = AdminClient({"bootstrap.servers": bootstrap}), TopicPartition(topic, 0)
    for spec, offset in ((OffsetSpec.earliest(), 0), (OffsetSpec.latest(), 10)):
        assert admin.list_offsets({place: spec})[place].result(WAIT_S).offset == offset
    place.offset = 4
    assert admin.delete_records([place])[place].result(WAIT_S).low_watermark == 4
    assert [one.value() for one in read_all(bootstrap, topic, 6)] == [b"%d" % number for number in range(4, 10)]


def test_a_million_records_of_100_bytes_come_back_as_they_went(bootstrap: str, new_topic: Callable[..., str]):
    topic, count = new_topic(), 1_000_000
    settings = {"bootstrap.servers": bootstrap, "linger.ms": 50, "queue.buffering.max.messages": 100_000}
    producer = Producer({**settings, "enable.idempotence": True})
    for number in range(count):
        while True:
            try:
                producer.produce(topic, b"%0100d" % number, partition=0)
                break
            except BufferError:
                producer.poll(0.05)
    assert producer.flush(120) == 0
    found = read_all(bootstrap, topic, count)
    assert len(found) == count
    assert all(one.value() == b"%0100d" % number and one.offset() == number for number, one in enumerate(found))
