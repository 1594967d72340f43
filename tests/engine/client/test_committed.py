"""Committed offsets: where partitions begin, and what whoever asks is told."""

import pytest

from engine.client.calls import Assign, Commit, Committed, Offset, Poll
from engine.client.config import ConsumerConfig
from engine.client.errors import NoOffset, Refused, TimedOut
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.fetch import FetchRequest
from engine.wire.messages.list_offsets import ListOffsetsRequest
from engine.wire.messages.offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchResponse,
    OffsetFetchResponsePartition,
    OffsetFetchResponseTopic,
)

from .scripted import connected
from .scripted_group import GROUP, Play, play, stable, stable_and_read


def joined(**settings):
    one = play(**settings)
    one.find()
    one.join()
    one.sync(0)
    return one


def told(*parts, code=0):
    return OffsetFetchResponse(0, [OffsetFetchResponseTopic("orders", list(parts))], code)


def test_a_partition_begins_where_the_group_has_committed():
    one = joined()
    asked = one.expect(OffsetFetchRequest)
    assert asked.message.require_stable
    one.expect_none(FetchRequest)
    one.answer(asked, told(OffsetFetchResponsePartition(0, 41, 3, "", 0)))
    assert one.expect(FetchRequest).message.topics[0].partitions[0].fetch_offset == 41


@pytest.mark.parametrize(("reset", "timestamp"), [("earliest", -2), ("latest", -1)])
def test_a_partition_without_a_commit_begins_by_the_policy(reset, timestamp):
    one = joined(offset_reset=reset)
    one.tell_committed()
    assert one.expect(ListOffsetsRequest).message.topics[0].partitions[0].timestamp == timestamp


def test_without_a_policy_a_partition_without_a_commit_is_said_in_words():
    one = joined(offset_reset="none")
    one.tell_committed()
    (entry,) = one.driver.results[one.last_poll]
    assert isinstance(entry.error, NoOffset)
    assert str(entry.error) == (
        "partition 0 of topic orders has no offset that group readers has committed, and auto.offset.reset is none"
    )
    one.expect_none(ListOffsetsRequest)


def test_a_partition_that_is_assigned_by_hand_again_begins_behind_what_was_just_committed():
    driver, _ = connected(("orders", 1), consumer=ConsumerConfig(group_id=GROUP, sessions=False))
    one = Play(driver)
    one.call(Assign((("orders", 0, None),)))
    one.find()
    one.tell_committed(p0=5)
    one.poll()
    one.deliver(p0=[b"x"])
    one.poll(0)
    one.call(Assign((("orders", 0, None),)))
    one.expect_none(OffsetFetchRequest)
    assert one.committed() == {0: 6}
    assert one.tell_committed(p0=6) == [0]


def test_what_is_committed_is_told_after_a_commit_that_was_asked_for_before():
    one = stable_and_read(0, 1, auto_commit=False)
    one.call(Commit((("orders", 0, Offset(6)),), repeated=False))
    one.call(Commit((("orders", 0, Offset(7)),), repeated=False))
    number = one.call(Committed((("orders", 0),)))
    one.call(Commit((("orders", 0, Offset(8)),), repeated=False))
    one.committed()
    one.expect_none(OffsetFetchRequest)
    assert one.committed() == {0: 7}
    assert one.committed() == {0: 8}
    one.tell_committed(p0=7)
    assert one.driver.results[number] == {("orders", 0): Offset(7)}


def test_a_commit_for_another_partition_is_not_waited_for():
    one = stable_and_read(0, 1, auto_commit=False)
    one.call(Commit((("orders", 0, Offset(6)),)))
    one.call(Committed((("orders", 1),)))
    one.expect(OffsetFetchRequest)


@pytest.mark.parametrize("code", [ErrorCode.COORDINATOR_LOAD_IN_PROGRESS, ErrorCode.UNSTABLE_OFFSET_COMMIT])
def test_offsets_that_cannot_be_told_yet_are_asked_again(code):
    one = joined()
    one.answer(one.expect(OffsetFetchRequest), told(OffsetFetchResponsePartition(0, -1, -1, "", code)))
    one.expect_none(FetchRequest)
    one.advance(200)
    one.tell_committed(p0=4)
    one.expect(FetchRequest)


def test_a_group_that_may_not_be_read_is_said_to_whoever_polls_and_not_asked_again():
    one = joined()
    one.answer(one.expect(OffsetFetchRequest), told(code=ErrorCode.GROUP_AUTHORIZATION_FAILED))
    (entry,) = one.driver.results[one.last_poll]
    assert entry.error.code == ErrorCode.GROUP_AUTHORIZATION_FAILED
    one.advance(2_000)
    one.expect_none(OffsetFetchRequest)


def test_whoever_asks_is_told_offset_note_and_epoch_or_that_there_is_none():
    one = stable(0)
    number = one.call(Committed((("orders", 0), ("orders", 1), ("orders", 2))))
    parts = [
        OffsetFetchResponsePartition(0, 9, 4, "note", 0),
        OffsetFetchResponsePartition(1, -1, -1, "", 0),
        OffsetFetchResponsePartition(2, -1, -1, "", ErrorCode.TOPIC_AUTHORIZATION_FAILED),
    ]
    one.answer(one.expect(OffsetFetchRequest), told(*parts))
    found = one.driver.results[number]
    assert found["orders", 0] == Offset(9, "note", 4)
    assert found["orders", 1] is None
    assert isinstance(found["orders", 2], Refused)


def test_a_question_ends_in_time():
    one = play()
    number = one.call(Committed((("orders", 0),), timeout_ms=500))
    one.advance(500)
    assert isinstance(one.driver.results[number], TimedOut)
    assert one.result(Committed(())) == {}


def test_a_poll_is_not_kept_from_ending_by_offsets_that_do_not_come():
    one = joined()
    one.expect(OffsetFetchRequest)
    number = one.call(Poll(wait_ms=300))
    one.advance(300)
    assert one.driver.results[number] == ()
