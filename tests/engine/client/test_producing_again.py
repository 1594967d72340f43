"""A batch that may be written already is sent once more, by another client too, and is known again."""

from engine.client.calls import Produce, SentAs
from engine.client.config import ProducerConfig
from engine.core.records.batch import read_header
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.produce import ProduceRequest

from .scripted import connected
from .test_producer import answered, batch_of, record, values_of, with_id


def lost_in_flight(config):
    """A call whose batch was sent under producer id 7, and never answered."""
    driver, connection = connected(("orders", 1), producer=config)
    number = driver.call(Produce((record(b"a"), record(b"b"))))
    with_id(driver)
    driver.take_one(ProduceRequest)
    driver.close(connection)
    for _ in range(40):
        while driver.asked_to_connect:
            driver.refuse()
        driver.advance(100)
    return driver.results[number]


def test_a_batch_that_may_be_written_is_sent_again_by_another_client_as_the_brokers_know_it():
    config = ProducerConfig(linger_ms=0, delivery_timeout_ms=3_000)
    outcomes = lost_in_flight(config)
    assert [(outcome.maybe_written, outcome.sent_as) for outcome in outcomes] == [(True, (7, 0, 0))] * 2
    driver, _ = connected(("orders", 1), producer=config)
    records = (record(b"a", partition=0), record(b"b", partition=0))
    number = driver.call(Produce(records, SentAs(*outcomes[0].sent_as)))
    with_id(driver, 9)
    asked = driver.take_one(ProduceRequest)
    header = read_header(batch_of(asked))
    assert (header.producer_id, header.producer_epoch, header.base_sequence) == (7, 0, 0)
    assert values_of(asked) == [b"a", b"b"]
    driver.answer(asked, answered(asked, base_offset=40))
    assert [done.offset for done in driver.results[number]] == [40, 41]


def test_a_batch_sent_again_that_the_broker_does_not_take_stays_perhaps_written():
    config = ProducerConfig(linger_ms=0, delivery_timeout_ms=3_000)
    driver, _ = connected(("orders", 1), producer=config)
    number = driver.call(Produce((record(b"a", partition=0),), SentAs(7, 0, 4)))
    with_id(driver, 9)
    asked = driver.take_one(ProduceRequest)
    driver.answer(asked, answered(asked, code=ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER))
    (outcome,) = driver.results[number]
    assert outcome.maybe_written and outcome.sent_as == (7, 0, 4)
