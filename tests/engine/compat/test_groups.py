"""Consumer groups by other people's clients: joining, committing, leaving, operators' views of them."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from aiokafka import AIOKafkaConsumer
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from kafka import KafkaConsumer
from kafka.admin import KafkaAdminClient

pytestmark = pytest.mark.processes

WAIT_S = 30


def fill(bootstrap: str, topic: str, count: int, partitions: int = 1) -> None:
    producer = Producer({"bootstrap.servers": bootstrap})
    for number in range(count):
        producer.produce(topic, b"%d" % number, partition=number % partitions)
    assert producer.flush(WAIT_S) == 0


@contextmanager
def member(bootstrap: str, group: str, topic: str, **settings: object) -> Iterator[Consumer]:
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap, "group.id": group, "auto.offset.reset": "earliest",
            "enable.auto.commit": False, "session.timeout.ms": 6_000, "heartbeat.interval.ms": 500, **settings,
        }
    )  # fmt: skip
    consumer.subscribe([topic])
    try:
        yield consumer
    finally:
        consumer.close()


def read(consumer: Consumer, count: int) -> list[bytes]:
    found: list[bytes] = []
    end_s = time.monotonic() + WAIT_S
    while len(found) < count and time.monotonic() < end_s:
        found += [one.value() for one in consumer.consume(count - len(found), 0.2) if one.error() is None]
    return found


def poll_until(condition: Callable[[], bool], *consumers: Consumer) -> None:
    end_s = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < end_s, "the group did not get there"
        for consumer in consumers:
            consumer.poll(0.05)


@pytest.fixture
def group(new_topic: Callable[..., str]) -> str:
    return f"group-of-{new_topic()}"


def test_a_member_goes_on_where_it_committed(bootstrap: str, new_topic: Callable[..., str], group: str):
    topic = new_topic()
    fill(bootstrap, topic, 20)
    with member(bootstrap, group, topic) as first:
        assert read(first, 10) == [b"%d" % number for number in range(10)]
        (committed,) = first.commit(offsets=[TopicPartition(topic, 0, 10, metadata="half")], asynchronous=False)
        assert committed.error is None
    with member(bootstrap, group, topic) as second:
        assert read(second, 10) == [b"%d" % number for number in range(10, 20)]
        (place,) = second.committed([TopicPartition(topic, 0)], timeout=WAIT_S)
        assert (place.offset, place.metadata) == (10, "half")


@pytest.mark.parametrize("strategy", ["range", "roundrobin", "cooperative-sticky"])
def test_members_share_the_partitions(bootstrap: str, new_topic: Callable[..., str], group: str, strategy: str):
    topic = new_topic(6)
    fill(bootstrap, topic, 60, 6)
    settings = {"partition.assignment.strategy": strategy}
    with (
        member(bootstrap, group, topic, **settings) as first,
        member(bootstrap, group, topic, **settings) as second,
        member(bootstrap, group, topic, **settings) as third,
    ):
        members = (first, second, third)
        poll_until(lambda: [len(one.assignment()) for one in members] == [2, 2, 2], *members)
        owned = [place.partition for one in members for place in one.assignment()]
        assert sorted(owned) == list(range(6))
        third.close()
        poll_until(lambda: [len(one.assignment()) for one in members[:2]] == [3, 3], *members[:2])


def test_a_static_member_comes_back_without_a_rebalance(bootstrap: str, new_topic: Callable[..., str], group: str):
    topic = new_topic(2)
    fill(bootstrap, topic, 20, 2)
    settings = {"group.instance.id": "one", "session.timeout.ms": 20_000}
    with member(bootstrap, group, topic) as other:
        with member(bootstrap, group, topic, **settings) as static:
            poll_until(lambda: len(other.assignment()) == len(static.assignment()) == 1, other, static)
        for _ in range(20):
            other.poll(0.05)
        assert len(other.assignment()) == 1, "the place of the static member is kept"
        with member(bootstrap, group, topic, **settings) as static:
            poll_until(lambda: len(static.assignment()) == 1, other, static)


def test_operators_see_groups_members_and_offsets(bootstrap: str, new_topic: Callable[..., str], group: str):
    topic = new_topic()
    fill(bootstrap, topic, 5)
    admin = AdminClient({"bootstrap.servers": bootstrap})
    with member(bootstrap, group, topic, **{"client.id": "reader"}) as consumer:
        read(consumer, 5)
        consumer.commit(asynchronous=False)
        described = admin.describe_consumer_groups([group])[group].result(WAIT_S)
        assert (described.state.name, described.partition_assignor) == ("STABLE", "range")
        assert described.members[0].client_id == "reader"
        assert described.members[0].assignment.topic_partitions == [TopicPartition(topic, 0)]
        with pytest.raises(KafkaException, match="NON_EMPTY_GROUP"):
            admin.delete_consumer_groups([group])[group].result(WAIT_S)
    listed = admin.list_consumer_groups().result(WAIT_S).valid
    assert [one.state.name for one in listed if one.group_id == group] == ["EMPTY"]
    place = ConsumerGroupTopicPartitions(group, [TopicPartition(topic, 0, 2)])
    admin.alter_consumer_group_offsets([place])[group].result(WAIT_S)
    asked = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])[group].result(WAIT_S)
    assert [(one.topic, one.offset) for one in asked.topic_partitions] == [(topic, 2)]
    admin.delete_consumer_groups([group])[group].result(WAIT_S)
    assert group not in [one.group_id for one in admin.list_consumer_groups().result(WAIT_S).valid]


def test_a_silent_member_is_given_up_after_its_session(bootstrap: str, new_topic: Callable[..., str], group: str):
    topic = new_topic(2)
    script = (
        "import sys, time; from confluent_kafka import Consumer\n"
        "c = Consumer({'bootstrap.servers': sys.argv[1], 'group.id': sys.argv[2], 'session.timeout.ms': 6000})\n"
        "c.subscribe([sys.argv[3]])\n"
        "while True:\n    c.poll(0.1)\n    print(len(c.assignment()), flush=True)\n"
    )
    with member(bootstrap, group, topic) as consumer:
        poll_until(lambda: len(consumer.assignment()) == 2, consumer)
        command = [sys.executable, "-c", script, bootstrap, group, topic]
        other = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            poll_until(lambda: len(consumer.assignment()) == 1, consumer)
        finally:
            other.kill()
            other.wait()
        poll_until(lambda: len(consumer.assignment()) == 2, consumer)


def test_kafka_python_reads_in_a_group(bootstrap: str, new_topic: Callable[..., str], group: str):
    topic = new_topic()
    fill(bootstrap, topic, 10)
    settings = {"bootstrap_servers": bootstrap, "group_id": group, "auto_offset_reset": "earliest"}
    consumer = KafkaConsumer(topic, consumer_timeout_ms=15_000, enable_auto_commit=False, **settings)
    found = [next(consumer).value for _ in range(10)]
    assert found == [b"%d" % number for number in range(10)]
    consumer.commit()
    consumer.close()
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    offsets = admin.list_group_offsets(group)
    assert [one.offset for one in next(iter(offsets.values()), offsets).values()] == [10]
    admin.close()


def test_aiokafka_reads_in_a_group_and_commits_by_itself(bootstrap: str, new_topic: Callable[..., str], group: str):
    topic = new_topic()
    fill(bootstrap, topic, 10)

    async def run() -> list[bytes]:
        settings = {"bootstrap_servers": bootstrap, "group_id": group, "auto_offset_reset": "earliest"}
        async with AIOKafkaConsumer(topic, **settings) as consumer:
            return [(await asyncio.wait_for(consumer.getone(), WAIT_S)).value for _ in range(10)]

    assert asyncio.run(run()) == [b"%d" % number for number in range(10)]
    admin = AdminClient({"bootstrap.servers": bootstrap})
    asked = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])[group].result(WAIT_S)
    assert [one.offset for one in asked.topic_partitions] == [10]


def test_kcat_reads_in_a_group(bootstrap: str, new_topic: Callable[..., str], group: str):
    topic = new_topic(3)
    fill(bootstrap, topic, 30, 3)
    command = ["kcat", "-b", bootstrap, "-q", "-c", "30", "-X", "auto.offset.reset=earliest", "-G", group, topic]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert sorted(map(int, done.stdout.split())) == list(range(30))
