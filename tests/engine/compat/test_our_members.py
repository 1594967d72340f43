"""Our client as a member of groups, beside librdkafka's members: at our broker, and at Apache Kafka."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from confluent_kafka import Consumer
from confluent_kafka.admin import AdminClient, NewTopic

from engine.client.calls import Offset
from engine.client.config import ClientConfig, ConsumerConfig, parse_bootstrap
from engine.client.records import decode
from engine.net.client_shell import ClientShell
from tests.apache_kafka import apache_kafka
from tests.engine.compat.brokers import odradek
from tests.engine.compat.test_groups import fill

pytestmark = pytest.mark.processes

WAIT_S = 60
NUMBERS = itertools.count(1)


@pytest.fixture(scope="module", params=["odradek", "Apache Kafka"])
def either(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a broker listens: ours, then Apache Kafka."""
    if request.param == "odradek":
        with odradek(tmp_path_factory.mktemp("members"), {"group.initial.rebalance.delay.ms": "500"}) as process:
            yield process.bootstrap
    else:
        with apache_kafka({"group.initial.rebalance.delay.ms": "500"}) as bootstrap:
            yield bootstrap


def new_topic(bootstrap: str, partitions: int, records: int) -> str:
    topic = f"members-{next(NUMBERS)}"
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic(topic, partitions, 1)])[topic].result(20)
    fill(bootstrap, topic, records, partitions)
    return topic


@asynccontextmanager
async def ours(bootstrap: str, topic: str, **settings: Any) -> AsyncIterator[ClientShell]:
    wanted = {"offset_reset": "earliest", "session_timeout_ms": 10_000, "heartbeat_interval_ms": 300, **settings}
    consumer = ConsumerConfig(group_id=f"group-of-{topic}", **wanted)
    shell = ClientShell(bootstrap, config=ClientConfig(bootstrap=parse_bootstrap(bootstrap), consumer=consumer))
    await shell.start()
    try:
        await shell.subscribe([topic])
        yield shell
    finally:
        await shell.close()


def theirs(bootstrap: str, topic: str, assignor: str) -> Consumer:
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap, "group.id": f"group-of-{topic}", "auto.offset.reset": "earliest",
            "partition.assignment.strategy": assignor, "session.timeout.ms": 10_000, "heartbeat.interval.ms": 300,
        }
    )  # fmt: skip
    consumer.subscribe([topic])
    return consumer


class Readers:
    """Our members and librdkafka's, polled side by side, and what they read."""

    def __init__(self, shells: list[ClientShell], consumers: list[Consumer]) -> None:
        self.shells, self.consumers = shells, consumers
        self.values: list[int] = []

    def owned(self) -> list[list[int]]:
        found = [[partition for _, partition in shell.assignment()] for shell in self.shells]
        return found + [[place.partition for place in consumer.assignment()] for consumer in self.consumers]

    async def poll_until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(WAIT_S):
            while not condition():
                for fetched in await asyncio.gather(*[shell.poll(wait_ms=50) for shell in self.shells]):
                    self.values += [int(one.value or b"") for entry in fetched for one in decode(entry).records]
                for consumer in self.consumers:
                    for message in consumer.consume(500, 0.05):
                        assert message.error() is None
                        self.values.append(int(message.value()))


@pytest.mark.parametrize("assignor", ["range", "cooperative-sticky"])
def test_our_members_share_a_group_with_librdkafkas(either: str, assignor: str):
    async def work() -> None:
        topic = new_topic(either, 6, 60)
        settings = {"assignors": (assignor,)}
        async with ours(either, topic, **settings) as first, ours(either, topic, **settings) as second:
            consumer = theirs(either, topic, assignor)
            readers = Readers([first, second], [consumer])
            await readers.poll_until(lambda: [len(one) for one in readers.owned()] == [2, 2, 2])
            assert sorted(itertools.chain(*readers.owned())) == list(range(6))
            await readers.poll_until(lambda: sorted(set(readers.values)) == list(range(60)))
            consumer.close()
            readers.consumers.clear()
            await readers.poll_until(lambda: [len(one) for one in readers.owned()] == [3, 3])

    asyncio.run(work())


@pytest.mark.parametrize("assignor", ["range", "cooperative-sticky"])
def test_librdkafka_assigns_to_us_when_it_leads(either: str, assignor: str):
    async def work() -> None:
        topic = new_topic(either, 5, 20)
        consumer = theirs(either, topic, assignor)
        readers = Readers([], [consumer])
        await readers.poll_until(lambda: len(readers.owned()[0]) == 5)
        async with ours(either, topic, assignors=(assignor,)) as first:
            readers.shells.append(first)
            await readers.poll_until(lambda: sorted(len(one) for one in readers.owned()) == [2, 3])
            readers.shells.clear()
        await readers.poll_until(lambda: len(readers.owned()[0]) == 5)
        consumer.close()

    asyncio.run(work())


def test_librdkafka_goes_on_where_we_committed_and_we_where_it_did(either: str):
    async def work() -> None:
        topic = new_topic(either, 1, 30)
        async with ours(either, topic, auto_commit=False) as first:
            readers = Readers([first], [])
            await readers.poll_until(lambda: len(readers.values) == 30)
            await first.commit({(topic, 0): Offset(10, "ours")})
        consumer = theirs(either, topic, "range")
        readers = Readers([], [consumer])
        await readers.poll_until(lambda: len(readers.values) == 20)
        assert readers.values == list(range(10, 30))
        consumer.commit(asynchronous=False)
        consumer.close()
        async with ours(either, topic) as again:
            found = await again.committed([(topic, 0)])
            assert found[topic, 0] is not None
            assert found[topic, 0].offset == 30

    asyncio.run(work())


def test_a_static_member_of_ours_keeps_its_place(either: str):
    async def work() -> None:
        topic = new_topic(either, 4, 8)
        async with ours(either, topic) as other:
            async with ours(either, topic, group_instance_id="one") as static:
                readers = Readers([other, static], [])
                await readers.poll_until(lambda: [len(one) for one in readers.owned()] == [2, 2])
                place = readers.owned()[1]
            readers = Readers([other], [])
            for _ in range(10):
                await other.poll(wait_ms=50)
            assert len(readers.owned()[0]) == 2
            async with ours(either, topic, group_instance_id="one") as static:
                readers = Readers([other, static], [])
                await readers.poll_until(lambda: readers.owned()[1] == place)

    asyncio.run(work())


def test_a_member_of_ours_that_vanishes_is_replaced_when_its_session_is_over(either: str):
    async def work() -> None:
        topic = new_topic(either, 2, 20)
        async with ours(either, topic, session_timeout_ms=6_000) as first:
            gone = ours(either, topic, session_timeout_ms=6_000)
            second = await gone.__aenter__()
            readers = Readers([first, second], [])
            await readers.poll_until(lambda: [len(one) for one in readers.owned()] == [1, 1])
            second.machine.close(0)  # nothing is said to anybody
            readers = Readers([first], [])
            await readers.poll_until(lambda: len(readers.owned()[0]) == 2)
            await gone.__aexit__(None, None, None)

    asyncio.run(work())
