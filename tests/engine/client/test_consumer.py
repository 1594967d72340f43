"""Consuming: fetches ahead of polls, sessions, resets, errors that are handed out and overcome."""

from engine.client.calls import Assign, Pause, Poll, Seek
from engine.client.config import ConsumerConfig
from engine.client.errors import Refused
from engine.client.records import decode, encode_batch
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.fetch import FetchableTopicResponse, FetchRequest, FetchResponse, PartitionData
from engine.wire.messages.list_offsets import (
    ListOffsetsPartitionResponse,
    ListOffsetsRequest,
    ListOffsetsResponse,
    ListOffsetsTopicResponse,
)
from engine.wire.messages.metadata import MetadataRequest, MetadataResponseTopic

from .scripted import TOPIC_ID, connected, metadata


def batch(base_offset, *values):
    data = bytearray(
        encode_batch([(0, None, value, ()) for value in values], compression="none", producer=(-1, -1, -1))
    )
    data[:8] = base_offset.to_bytes(8, "big")
    return bytes(data)


def fetched(*parts, session_id=0, code=0):
    """Parts are (partition, error code, high watermark, bytes)."""
    topic = FetchableTopicResponse(
        "orders",
        TOPIC_ID,
        [
            PartitionData(index, error, mark, mark, 0, records=memoryview(data) if data else None)
            for index, error, mark, data in parts
        ],
    )
    return FetchResponse(0, code, session_id, [topic] if parts else [])


def offsets(*found):
    """Found are (partition, error code, offset)."""
    parts = [ListOffsetsPartitionResponse(index, code, -1, offset, 3) for index, code, offset in found]
    return ListOffsetsResponse(0, [ListOffsetsTopicResponse("orders", parts)])


def asked_offsets(asked):
    return {part.partition: part.fetch_offset for topic in asked.message.topics for part in topic.partitions}


def consuming(*positions, partitions=2, **settings):
    """A consumer of "orders" whose first request waits to be answered."""
    driver, _ = connected(("orders", partitions), consumer=ConsumerConfig(**settings))
    driver.call(Assign(tuple(("orders", index, offset) for index, offset in positions)))
    return driver


def values(result):
    return [record.value for one in result for record in decode(one).records]


def test_records_are_fetched_before_anybody_polls_and_handed_out_once():
    driver = consuming((0, 5))
    asked = driver.take_one(FetchRequest)
    assert asked_offsets(asked) == {0: 5}
    driver.answer(asked, fetched((0, 0, 7, batch(5, b"a", b"b"))))
    assert driver.take() == []  # nothing more of it before it is polled
    number = driver.call(Poll())
    assert values(driver.results[number]) == [b"a", b"b"]
    assert asked_offsets(driver.take_one(FetchRequest)) == {0: 7}


def test_a_poll_waits_for_records_and_ends_empty_when_the_time_is_up():
    driver = consuming((0, 5))
    number = driver.call(Poll(wait_ms=300))
    driver.advance(299)
    assert number not in driver.results
    driver.advance(1)
    assert driver.results[number] == ()
    number = driver.call(Poll(wait_ms=300))
    driver.answer(driver.take_one(FetchRequest), fetched((0, 0, 6, batch(5, b"a"))))
    assert values(driver.results[number]) == [b"a"]


def test_records_before_the_position_are_not_wanted():
    driver = consuming((0, 6))
    driver.answer(driver.take_one(FetchRequest), fetched((0, 0, 8, batch(5, b"a", b"b", b"c"))))
    assert values(driver.results[driver.call(Poll())]) == [b"b", b"c"]


def test_a_batch_that_was_cut_is_fetched_again_from_where_it_begins():
    driver = consuming((0, 0))
    whole, cut = batch(0, b"a"), batch(1, b"b")[:-1]
    driver.answer(driver.take_one(FetchRequest), fetched((0, 0, 2, whole + cut)))
    assert values(driver.results[driver.call(Poll())]) == [b"a"]
    assert asked_offsets(driver.take_one(FetchRequest)) == {0: 1}


def test_a_session_says_only_what_changed_and_what_is_forgotten():
    driver = consuming((0, 5), (1, 9))
    asked = driver.take_one(FetchRequest)
    assert (asked.message.session_id, asked.message.session_epoch) == (0, 0)
    driver.answer(asked, fetched((0, 0, 6, batch(5, b"a")), (1, 0, 9, b""), session_id=44))
    asked = driver.take_one(FetchRequest)  # partition 0 waits to be polled
    assert (asked.message.session_id, asked.message.session_epoch) == (44, 1)
    assert asked_offsets(asked) == {}
    assert asked.message.forgotten_topics_data[0].partitions == [0]
    driver.call(Poll())
    driver.answer(asked, fetched(session_id=44))
    asked = driver.take_one(FetchRequest)
    assert asked.message.session_epoch == 2
    assert asked_offsets(asked) == {0: 6}


def test_a_session_that_the_broker_forgot_is_begun_anew():
    driver = consuming((0, 5))
    driver.answer(driver.take_one(FetchRequest), fetched((0, 0, 5, b""), session_id=44))
    asked = driver.take_one(FetchRequest)
    driver.answer(asked, fetched(code=ErrorCode.FETCH_SESSION_ID_NOT_FOUND))
    asked = driver.take_one(FetchRequest)
    assert (asked.message.session_id, asked.message.session_epoch) == (0, 0)
    assert asked_offsets(asked) == {0: 5}


def test_without_sessions_every_request_is_a_full_one():
    driver = consuming((0, 5), sessions=False)
    for _ in range(2):
        asked = driver.take_one(FetchRequest)
        assert (asked.message.session_id, asked.message.session_epoch) == (0, -1)
        assert asked_offsets(asked) == {0: 5}
        driver.answer(asked, fetched((0, 0, 5, b"")))


def test_a_position_that_is_not_given_is_found_by_the_policy():
    driver = consuming((0, None), offset_reset="earliest")
    asked = driver.take_one(ListOffsetsRequest)
    assert asked.message.topics[0].partitions[0].timestamp == -2
    driver.answer(asked, offsets((0, 0, 3)))
    assert asked_offsets(driver.take_one(FetchRequest)) == {0: 3}


def test_out_of_range_is_reset_by_the_policy():
    driver = consuming((0, 500))
    driver.answer(driver.take_one(FetchRequest), fetched((0, ErrorCode.OFFSET_OUT_OF_RANGE, -1, b"")))
    driver.answer(driver.take_one(ListOffsetsRequest), offsets((0, 0, 12)))
    assert asked_offsets(driver.take_one(FetchRequest)) == {0: 12}


def test_out_of_range_without_policy_is_handed_out_and_waits_for_a_seek():
    driver = consuming((0, 500), offset_reset="none")
    driver.answer(driver.take_one(FetchRequest), fetched((0, ErrorCode.OFFSET_OUT_OF_RANGE, -1, b"")))
    (entry,) = driver.results[driver.call(Poll())]
    assert entry.error.code == ErrorCode.OFFSET_OUT_OF_RANGE
    driver.advance(5_000)
    assert driver.take() == []
    driver.call(Seek("orders", 0, 2))
    assert asked_offsets(driver.take_one(FetchRequest)) == {0: 2}


def test_a_seek_drops_what_was_fetched_and_what_is_on_its_way():
    driver = consuming((0, 5))
    on_its_way = driver.take_one(FetchRequest)
    driver.call(Seek("orders", 0, 1))
    driver.answer(on_its_way, fetched((0, 0, 6, batch(5, b"old"))))
    driver.answer(driver.take_one(FetchRequest), fetched((0, 0, 6, batch(1, b"new"))))
    assert values(driver.results[driver.call(Poll())]) == [b"new"]


def test_paused_partitions_are_not_fetched():
    driver = consuming((0, 5), (1, 5))
    asked = driver.take_one(FetchRequest)
    driver.call(Pause((("orders", 0),)))
    driver.answer(asked, fetched((0, 0, 5, b""), (1, 0, 5, b"")))
    asked = driver.take_one(FetchRequest)
    assert asked_offsets(asked) == {1: 5}
    driver.call(Pause((("orders", 0),), paused=False))
    driver.answer(asked, fetched((1, 0, 5, b"")))
    assert asked_offsets(driver.take_one(FetchRequest)) == {0: 5, 1: 5}


def test_a_new_assignment_ends_the_one_before():
    driver = consuming((0, 5))
    on_its_way = driver.take_one(FetchRequest)
    driver.call(Assign((("orders", 1, 8),)))
    driver.answer(on_its_way, fetched((0, 0, 6, batch(5, b"old"))))
    assert asked_offsets(driver.take_one(FetchRequest)) == {1: 8}
    assert not driver.client.consumer.buffered


def test_a_moved_leader_is_asked_for_and_fetching_goes_on():
    driver = consuming((0, 5))
    driver.answer(driver.take_one(FetchRequest), fetched((0, ErrorCode.NOT_LEADER_OR_FOLLOWER, -1, b"")))
    driver.answer(driver.take_one(MetadataRequest), metadata(("orders", 2), epoch=9))
    driver.advance(200)
    asked = driver.take_one(FetchRequest)
    assert asked.message.topics[0].partitions[0].current_leader_epoch == 9


def test_a_lost_broker_is_told_to_who_polls_and_overcome():
    driver = consuming((0, 5))
    driver.take()
    driver.close(driver.connections[0])
    number = driver.call(Poll(wait_ms=10_000))
    for _ in range(20):
        if number in driver.results:
            break
        while driver.asked_to_connect:
            driver.refuse("one:9092 refuses the connection")
        driver.advance(100)
    assert driver.results[number][0].error is not None
    for _ in range(20):
        driver.advance(300)
        while driver.asked_to_connect:
            driver.accept()
        for asked in driver.take():
            if isinstance(asked.message, MetadataRequest):
                driver.answer(asked, metadata(("orders", 2)))
            elif isinstance(asked.message, FetchRequest) and not driver.client.consumer.buffered:
                driver.answer(asked, fetched((0, 0, 6, batch(5, b"back"))))
                assert b"back" in values(driver.results[driver.call(Poll())])
                return
    raise AssertionError("fetching did not go on")


def test_a_topic_that_is_gone_is_told_again_and_again_but_kept_once():
    driver = consuming((0, 5))
    driver.answer(driver.take_one(FetchRequest), fetched((0, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, -1, b"")))
    for _ in range(10):
        for asked in driver.take():
            gone = metadata()
            gone.topics.append(MetadataResponseTopic(error_code=3, name="orders"))
            driver.answer(asked, gone)
        driver.advance(500)
    (entry,) = driver.results[driver.call(Poll())]
    assert isinstance(entry.error, Refused)
    assert len(driver.client.consumer.buffered) == 0


def test_partitions_take_turns():
    driver = consuming((0, 0), (1, 0))
    driver.answer(driver.take_one(FetchRequest), fetched((0, 0, 9, batch(0, b"a"))))
    driver.call(Poll())
    driver.answer(driver.take_one(FetchRequest), fetched())
    asked = driver.take_one(FetchRequest)
    assert list(asked_offsets(asked)) == [1, 0]
