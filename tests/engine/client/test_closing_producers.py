"""Flushing and closing a producer: what waits is sent at once, and of each record something is said."""

from engine.client.calls import Cancel, Flush, Produce, Produced
from engine.client.config import ProducerConfig
from engine.client.errors import NotProduced
from engine.wire.messages.produce import ProduceRequest

from .scripted import connected, new_driver
from .test_producer import answered, record, values_of, with_id

LINGERS = ProducerConfig(idempotent=False, linger_ms=60_000)


def test_a_flush_sends_what_lingers_and_is_done_when_all_of_it_is_known():
    driver, _ = connected(("orders", 1), producer=LINGERS)
    first, second = driver.call(Produce((record(b"a"),))), driver.call(Produce((record(b"b"),)))
    assert driver.take() == []
    flush = driver.call(Flush())
    asked = driver.take_one(ProduceRequest)
    assert values_of(asked) == [b"a", b"b"] and flush not in driver.results
    driver.answer(asked, answered(asked))
    assert [*driver.results] == [first, second, flush] and driver.results[flush] is None


def test_what_comes_while_a_flush_goes_on_does_not_linger_and_is_not_waited_for():
    driver, _ = connected(("orders", 1), producer=LINGERS)
    driver.call(Produce((record(b"a"),)))
    flush = driver.call(Flush())
    asked = driver.take_one(ProduceRequest)
    late = driver.call(Produce((record(b"b"),)))
    driver.answer(asked, answered(asked))
    assert flush in driver.results and late not in driver.results
    assert values_of(driver.take_one(ProduceRequest)) == [b"b"]


def test_a_flush_of_nothing_is_done_at_once_and_a_cancelled_one_is_forgotten():
    driver, _ = connected(("orders", 1), producer=LINGERS)
    assert driver.results[driver.call(Flush())] is None
    driver.call(Produce((record(b"a"),)))
    forgotten, other = driver.call(Flush()), driver.call(Flush())
    driver.call(Cancel(forgotten))
    asked = driver.take_one(ProduceRequest)
    driver.answer(asked, answered(asked))
    assert forgotten not in driver.results and driver.results[other] is None


def test_a_client_that_is_closed_says_of_each_record_whether_it_may_be_written():
    driver, _ = connected(("orders", 1), producer=ProducerConfig(linger_ms=0))
    sent = driver.call(Produce((record(b"a"),)))
    with_id(driver)
    driver.take_one(ProduceRequest)
    driver.client.producer.config = LINGERS
    waits, unplaced = driver.call(Produce((record(b"b"),))), driver.call(Produce((record(b"c")._replace(topic="x"),)))
    flush = driver.call(Flush())
    driver.client.close(driver.now_ms)
    driver.perform()
    outcomes = [driver.results[number][0] for number in (sent, waits, unplaced)]
    assert all(isinstance(one, NotProduced) and one.reason == "the client was closed" for one in outcomes)
    assert outcomes[0].maybe_written and not outcomes[2].maybe_written
    assert outcomes[0].sent_as is not None, "by this it could be sent again"
    assert flush in driver.results and driver.client.producer.buffered_bytes == 0


def test_what_waits_for_a_connection_when_the_client_is_closed_is_certainly_not_written():
    driver, connection = connected(("orders", 1), producer=ProducerConfig(idempotent=False, linger_ms=0))
    first = driver.call(Produce((record(b"a"),)))
    asked = driver.take_one(ProduceRequest)
    driver.answer(asked, answered(asked))
    assert isinstance(driver.results[first][0], Produced)
    driver.close(connection)
    second = driver.call(Produce((record(b"b"),)))
    assert driver.asked_to_connect == ["one:9092"], "its request waits for that"
    driver.client.close(driver.now_ms)
    driver.perform()
    assert not driver.results[second][0].maybe_written


def test_closing_twice_and_without_ever_having_been_connected_says_it_once():
    driver = new_driver(producer=LINGERS)
    number = driver.call(Produce((record(b"a"),)))
    driver.client.close(driver.now_ms)
    driver.client.close(driver.now_ms)
    driver.perform()
    assert not driver.results[number][0].maybe_written


def test_a_flush_waits_also_for_records_whose_call_was_cancelled():
    driver, _ = connected(("orders", 1), producer=LINGERS)
    first = driver.call(Produce((record(b"a"),)))
    driver.call(Cancel(first))
    told = driver.results.get(first)
    flush = driver.call(Flush())
    asked = driver.take_one(ProduceRequest)
    assert flush not in driver.results
    driver.answer(asked, answered(asked))
    assert flush in driver.results and driver.results.get(first) == told
