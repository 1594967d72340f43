"""The machine as a whole: plain data, endings, the same history from the same events."""

import pickle

from engine.client.calls import (
    Assign,
    Commit,
    Committed,
    Fetch,
    GetMetadata,
    ListOffsets,
    Poll,
    Produce,
    ProducerRecord,
    Unsubscribe,
)
from engine.client.config import ProducerConfig
from engine.client.errors import Closed, NotProduced
from tests.plain_data import impure

from .scripted import connected
from .scripted_group import stable_and_read


def busy():
    """A client with something of everything on its way."""
    driver, _ = connected(("orders", 3), producer=ProducerConfig(linger_ms=5))
    driver.call(GetMetadata())
    driver.call(ListOffsets((("orders", 0, -1), ("other", 0, -1))))
    driver.call(Fetch((("orders", 0, 3),)))
    driver.call(Produce(tuple(ProducerRecord("orders", b"v", b"%d" % index) for index in range(9))))
    driver.call(Produce((ProducerRecord("other", b"v"),)))
    driver.call(Assign((("orders", 0, 3), ("orders", 1, None), ("absent", 0, 0))))
    driver.call(Poll())
    driver.advance(6)
    return driver


def test_its_state_is_plain_data_and_can_be_copied():
    driver = busy()
    assert impure(driver.client) == []
    assert impure(pickle.loads(pickle.dumps(driver.client))) == []


def test_closing_ends_the_calls_of_a_group_too():
    one = stable_and_read(0)
    numbers = [one.call(call) for call in (Commit(), Committed((("orders", 0),)), Unsubscribe())]
    one.driver.client.close(one.driver.now_ms)
    one.driver.perform()
    assert all(isinstance(one.driver.results[number], Closed) for number in (*numbers, one.last_poll))


def test_closing_ends_every_call_once():
    driver = busy()
    done = set(driver.results)
    driver.client.close(driver.now_ms)
    driver.perform()
    assert len(driver.results) == 7
    for number in set(driver.results) - done:
        result = driver.results[number]
        assert isinstance(result, Closed) or all(isinstance(one, NotProduced) for one in result)
    assert driver.client.next_deadline_ms is None
    driver.client.close(driver.now_ms)
    assert isinstance(driver.results[driver.call(GetMetadata())], Closed)


def test_the_same_events_give_the_same_bytes():
    first, second = busy().connections[0], busy().connections[0]
    assert first.out.items
    assert first.out.items == second.out.items


def test_waking_it_early_or_twice_changes_nothing():
    driver = busy()
    driver.take()
    for _ in range(5):
        driver.client.on_deadline(driver.now_ms)
    assert driver.take() == []
