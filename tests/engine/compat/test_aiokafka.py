"""aiokafka: speaks only old, non-flexible versions, so it keeps those working."""

import asyncio
from collections.abc import Callable

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

pytestmark = pytest.mark.processes


async def round_trip(bootstrap: str, topic: str, values: list[bytes], **settings: object) -> list[bytes]:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, **settings) as producer:
        futures = [await producer.send(topic, value, partition=0) for value in values]
        await asyncio.wait_for(asyncio.gather(*futures), 20)
    found: list[bytes] = []
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest", check_crcs=True)
    consumer.assign([TopicPartition(topic, 0)])
    async with consumer:
        while len(found) < len(values):
            record = await asyncio.wait_for(consumer.getone(), 20)
            found.append(record.value)
    return found


@pytest.mark.parametrize("codec", [None, "gzip", "snappy", "lz4", "zstd"])
def test_records_come_back_with_every_codec(bootstrap: str, new_topic: Callable[..., str], codec: str | None):
    values = [b"%d the same words" % number for number in range(500)]
    assert asyncio.run(round_trip(bootstrap, new_topic(), values, compression_type=codec)) == values


def test_an_idempotent_producer(bootstrap: str, new_topic: Callable[..., str]):
    values = [b"%d" % number for number in range(300)]
    assert asyncio.run(round_trip(bootstrap, new_topic(), values, enable_idempotence=True)) == values
