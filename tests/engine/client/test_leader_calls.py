"""Calls that are split by leader and put together again."""

from engine.client.calls import EARLIEST, Fetch, ListOffsets, OffsetFound
from engine.client.errors import Disconnected, Refused, TimedOut
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.fetch import FetchRequest
from engine.wire.messages.list_offsets import ListOffsetsRequest
from engine.wire.messages.metadata import MetadataRequest, MetadataResponsePartition

from .scripted import connected, metadata
from .test_consumer import batch, fetched, offsets


def two_leaders():
    answer = metadata(("orders", 2), nodes=2)
    answer.topics[0].partitions[1] = MetadataResponsePartition(0, 1, 2, 3, [2], [2])
    return answer


def test_each_leader_is_asked_for_its_partitions_and_the_answers_are_one():
    driver, first = connected()
    number = driver.call(ListOffsets((("orders", 0, EARLIEST), ("orders", 1, EARLIEST))))
    driver.answer(driver.take_one(MetadataRequest), two_leaders())
    (to_one,) = driver.take(first)
    assert [part.partition_index for part in to_one.message.topics[0].partitions] == [0]
    driver.answer(to_one, offsets((0, 0, 11)))
    second = driver.accept()
    assert number not in driver.results
    (to_two,) = driver.take(second)
    driver.answer(to_two, offsets((1, 0, 22)))
    assert {place: found.offset for place, found in driver.results[number].items()} == {
        ("orders", 0): 11,
        ("orders", 1): 22,
    }


def test_a_partition_whose_leader_moved_is_asked_for_again():
    driver, _ = connected(("orders", 2))
    number = driver.call(ListOffsets((("orders", 0, 5), ("orders", 1, 5))))
    driver.answer(driver.take_one(ListOffsetsRequest), offsets((0, 0, 11), (1, ErrorCode.NOT_LEADER_OR_FOLLOWER, -1)))
    driver.advance(1)
    driver.answer(driver.take_one(MetadataRequest), metadata(("orders", 2), epoch=4))
    asked = driver.take_one(ListOffsetsRequest)
    assert [part.partition_index for part in asked.message.topics[0].partitions] == [1]
    driver.answer(asked, offsets((1, 0, 22)))
    assert driver.results[number]["orders", 1] == OffsetFound(22, -1, 3)


def test_what_is_not_there_fails_alone():
    driver, _ = connected(("orders", 1))
    number = driver.call(ListOffsets((("orders", 0, 5), ("orders", 7, 5))))
    for _ in range(6):
        driver.advance(1)
        for asked in driver.take():
            is_metadata = isinstance(asked.message, MetadataRequest)
            driver.answer(asked, metadata(("orders", 1)) if is_metadata else offsets((0, 0, 11)))
    assert driver.results[number]["orders", 0].offset == 11
    assert driver.results[number]["orders", 7].code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION


def test_a_partition_without_leader_is_given_up_after_some_rounds():
    driver, _ = connected()
    number = driver.call(ListOffsets((("orders", 0, 5),)))
    for _ in range(60):
        for asked in driver.take():
            driver.answer(asked, metadata(("orders", 1), leader=-1))
        driver.advance(50)
    assert driver.results[number]["orders", 0].code == ErrorCode.LEADER_NOT_AVAILABLE


def test_a_partition_that_the_broker_leaves_out_is_an_error():
    driver, _ = connected(("orders", 2))
    number = driver.call(ListOffsets((("orders", 0, 5), ("orders", 1, 5))))
    driver.answer(driver.take_one(ListOffsetsRequest), offsets((0, 0, 11)))
    assert isinstance(driver.results[number]["orders", 1], Refused)


def test_a_fetch_gives_whole_batches_and_marks():
    driver, _ = connected(("orders", 1))
    number = driver.call(Fetch((("orders", 0, 3),), wait_ms=10))
    asked = driver.take_one(FetchRequest)
    assert (asked.message.session_epoch, asked.message.max_wait_ms) == (-1, 10)
    driver.answer(asked, fetched((0, 0, 9, batch(3, b"a", b"b") + batch(5, b"c")[:-2])))
    result = driver.results[number]["orders", 0]
    assert (result.next_offset, result.high_watermark, result.error) == (5, 9, None)


def test_a_broker_that_is_lost_fails_its_partitions_only_after_another_try():
    driver, connection = connected(("orders", 1))
    number = driver.call(Fetch((("orders", 0, 3),)))
    driver.take()
    driver.close(connection)
    again = driver.accept()
    assert len(driver.take(again)) == 1
    assert number not in driver.results


def test_a_call_ends_at_its_deadline():
    driver, _ = connected(("orders", 1))
    number = driver.call(ListOffsets((("orders", 0, 5),), timeout_ms=900))
    driver.advance(900)
    result = driver.results[number]["orders", 0]
    assert isinstance(result, (TimedOut, Disconnected))
