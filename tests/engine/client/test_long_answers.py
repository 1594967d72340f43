"""Answers that are long: decoded beside the loop, bounded, and no other connection waits for them."""

import pytest

from engine.client.calls import Fetch, GetMetadata
from engine.client.long_answers import ANSWER_BYTES_MAX, LONG_BYTES
from engine.wire.frames import SIZE, encode_response
from engine.wire.messages.fetch import FetchRequest
from engine.wire.messages.metadata import MetadataRequest

from .scripted import connected, metadata

MANY = metadata(*[(f"topic-{number:05}" * 4, 3) for number in range(3_000)])


def asked(driver, **settings):
    number = driver.call(GetMetadata(**settings))
    return number, driver.take_one(MetadataRequest)


def frame_of(asked, message):
    return encode_response(asked.api_key, asked.version, asked.correlation_id, message)


def test_a_long_answer_is_work_and_the_next_one_waits_for_it():
    driver, connection = connected()
    first, one = asked(driver)
    second, two = asked(driver)
    long = frame_of(one, MANY)
    assert len(long) > LONG_BYTES
    both = long + frame_of(two, metadata(("small", 1)))
    assert driver.receive(connection, both) == len(long)
    assert connection.paused and driver.receive(connection, both[len(long) :]) == 0
    assert first not in driver.results and [work.name for work in driver.client.effects.work] == ["decode_answer"]
    driver.work()
    assert len(driver.results[first].topics) == 3_000 and not connection.paused
    assert driver.client.effects.resume == [connection]
    assert driver.receive(connection, both[len(long) :]) == len(both) - len(long)
    assert [topic.name for topic in driver.results[second].topics] == ["small"]


def test_a_long_answer_that_is_none_ends_the_connection():
    driver, connection = connected()
    number, one = asked(driver)
    frame = bytearray(frame_of(one, MANY))
    frame[-200:] = b"\xff" * 200
    driver.receive(connection, bytes(frame))
    driver.work()
    assert connection.closed and number not in driver.results, "it is asked again, as after any loss"


def test_an_answer_that_is_decoded_when_its_connection_is_gone_is_dropped():
    driver, connection = connected()
    number, one = asked(driver)
    driver.receive(connection, frame_of(one, MANY))
    driver.close(connection)
    driver.work()
    assert number not in driver.results and driver.client.connections.decoding == {}


def test_the_time_of_a_long_answer_goes_on():
    driver, connection = connected(request_timeout_ms=2_000)
    _, one = asked(driver)
    driver.receive(connection, frame_of(one, MANY))
    driver.advance(2_000)
    assert connection.closed
    driver.work()


def test_an_answer_beyond_all_measure_is_refused_at_its_first_bytes():
    driver, connection = connected()
    number = driver.call(GetMetadata(timeout_ms=2_000))
    for _ in range(20):
        driver.take()
        driver.receive(connection, SIZE.pack(ANSWER_BYTES_MAX + 1))
        assert connection.closed
        driver.advance(500)
        if number in driver.results:
            break
        connection = driver.accept()
    words = f"Metadata is answered with {ANSWER_BYTES_MAX + 1} bytes, and {ANSWER_BYTES_MAX} are the most that is read"
    assert words in str(driver.results[number])


@pytest.mark.parametrize("size", [LONG_BYTES + 1, ANSWER_BYTES_MAX + 1])
def test_a_fetch_may_be_long(size):
    driver, connection = connected(("t", 1))
    driver.call(Fetch((("t", 0, 0),), 1_000, 1, 64 << 20))
    driver.take_one(FetchRequest)
    driver.receive(connection, SIZE.pack(size))
    assert not connection.closed and connection.wanted_bytes == size + 4
