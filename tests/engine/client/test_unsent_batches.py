"""What a producer has not sent: in which order it goes, and that nobody else is looked at."""

from engine.client.calls import Produce
from engine.client.config import ProducerConfig
from engine.wire.messages.produce import ProduceRequest

from .scripted import connected
from .test_producer import IDEMPOTENT, answered, record, with_id


def partitions_of(asked):
    (topic,) = asked.message.topic_data
    return [part.index for part in topic.partition_data]


def test_what_waits_longest_comes_first_in_a_request():
    driver, _ = connected(("orders", 3), producer=ProducerConfig(linger_ms=20))
    for index in (0, 1, 2):
        driver.call(Produce((record(partition=index),)))
    driver.advance(20)
    with_id(driver)
    asked = driver.take_one(ProduceRequest)
    assert partitions_of(asked) == [0, 1, 2]
    driver.answer(asked, answered(asked))
    for index in (2, 0, 1):
        driver.call(Produce((record(partition=index),)))
    driver.advance(20)
    assert partitions_of(driver.take_one(ProduceRequest)) == [2, 0, 1]


def test_a_producer_with_nothing_unsent_looks_at_no_partition():
    driver, _ = connected(("orders", 3), producer=IDEMPOTENT)
    driver.call(Produce((record(partition=1),)))
    with_id(driver)
    asked = driver.take_one(ProduceRequest)
    assert driver.client.producer.queues and not driver.client.producer.unsent
    driver.answer(asked, answered(asked))
    assert not driver.client.producer.unsent
