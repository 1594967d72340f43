"""Commits: by the user, by themselves, before partitions go; what is repeated, and what is refused for good."""

import pytest

from engine.client.calls import Assign, Cancel, Commit, Offset, Seek, Unsubscribe
from engine.client.commits import COMMITS_MAX
from engine.client.config import ConsumerConfig
from engine.client.errors import CommitFailed, NotAllowed, Refused, TimedOut
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.join_group import JoinGroupRequest
from engine.wire.messages.offset_commit import OffsetCommitRequest

from .scripted import connected
from .scripted_group import FAST, GROUP, HEARTBEAT_MS, Play, stable, stable_and_read

MANUAL = {"auto_commit": False}


def test_what_was_processed_is_committed_in_its_interval():
    one = stable_and_read(0, 1)
    one.advance(4_000)
    one.heartbeat()
    one.expect_none(OffsetCommitRequest)
    one.advance(1_100)
    assert one.committed() == {0: 6, 1: 6}
    one.live(20_000)
    one.expect_none(OffsetCommitRequest)  # nothing new


def test_what_was_handed_out_counts_as_processed_with_the_next_poll_only():
    one = stable(0)
    one.deliver(p0=[b"x"])
    one.advance(3_500)
    one.heartbeat()
    one.advance(1_600)
    one.expect_none(OffsetCommitRequest)
    one.poll()
    one.live(5_000)
    assert one.driver.client.consumer.positions["orders", 0].committed == 6


def test_a_commit_takes_the_positions_behind_what_was_polled_and_says_in_which_generation():
    one = stable(0, 1, **MANUAL)
    one.deliver(p0=[b"x", b"y"], p1=[b"z"])
    number = one.call(Commit())
    asked = one.expect(OffsetCommitRequest)
    assert (asked.message.generation_id_or_member_epoch, asked.message.member_id) == (1, "me")
    one.inbox.append(asked)
    assert one.committed() == {0: 7, 1: 6}
    assert one.driver.results[number] is None


def test_a_commit_may_name_offsets_and_carry_a_note():
    one = stable(0, **MANUAL)
    number = one.call(Commit((("orders", 0, Offset(3, "half of it", 2)),)))
    asked = one.expect(OffsetCommitRequest)
    part = asked.message.topics[0].partitions[0]
    assert (part.committed_offset, part.committed_metadata, part.committed_leader_epoch) == (3, "half of it", 2)
    one.inbox.append(asked)
    one.committed()
    assert one.driver.results[number] is None


def test_nothing_to_commit_is_done_at_once():
    one = stable(**MANUAL)
    assert one.result(Commit()) is None


def test_commits_go_out_one_after_the_other():
    one = stable_and_read(0, **MANUAL)
    numbers = [one.call(Commit((("orders", 0, Offset(at)),))) for at in (1, 2)]
    assert one.committed() == {0: 1}
    assert one.committed() == {0: 2}
    assert [one.driver.results[number] for number in numbers] == [None, None]


@pytest.mark.parametrize("code", [ErrorCode.COORDINATOR_LOAD_IN_PROGRESS, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION])
def test_a_commit_is_repeated_until_it_is_done(code):
    one = stable_and_read(0, **MANUAL)
    number = one.call(Commit())
    one.committed(code)
    assert number not in one.driver.results
    one.advance(200)
    one.committed()
    assert one.driver.results[number] is None


def test_a_commit_follows_the_coordinator():
    one = stable_and_read(0, **MANUAL)
    number = one.call(Commit())
    one.committed(ErrorCode.NOT_COORDINATOR)
    one.advance(200)
    one.deliver()
    one.find()
    one.look()
    one.committed()
    assert one.driver.results[number] is None


def test_an_asynchronous_commit_is_not_repeated():
    one = stable_and_read(0, **MANUAL)
    number = one.call(Commit(repeated=False))
    one.committed(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS)
    assert one.driver.results[number].code == ErrorCode.COORDINATOR_LOAD_IN_PROGRESS
    one.advance(1_000)
    one.expect_none(OffsetCommitRequest)


@pytest.mark.parametrize("code", [ErrorCode.OFFSET_METADATA_TOO_LARGE, ErrorCode.INVALID_COMMIT_OFFSET_SIZE])
def test_a_commit_that_is_wrong_is_refused_in_words(code):
    one = stable_and_read(0, **MANUAL)
    number = one.call(Commit())
    one.committed(code)
    error = one.driver.results[number]
    assert isinstance(error, Refused)
    assert "partition 0 of topic orders" in str(error)


@pytest.mark.parametrize("code", [ErrorCode.UNKNOWN_MEMBER_ID, ErrorCode.ILLEGAL_GENERATION])
def test_a_commit_after_the_generation_was_lost_fails_as_such_and_leads_to_another_join(code):
    one = stable_and_read(0, **MANUAL)
    number = one.call(Commit())
    one.committed(code)
    assert isinstance(one.driver.results[number], CommitFailed)
    assert one.driver.results[number].code == code
    one.expect(JoinGroupRequest)
    later = one.result(Commit((("orders", 0, Offset(6)),)))
    assert isinstance(later, CommitFailed)


def test_a_commit_that_waits_does_not_outlive_its_generation():
    one = stable_and_read(0, **MANUAL)
    one.advance(HEARTBEAT_MS - 50)
    first, second = one.call(Commit()), one.call(Commit((("orders", 0, Offset(1)),)))
    one.committed(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS)  # both wait
    one.advance(50)
    one.heartbeat(ErrorCode.UNKNOWN_MEMBER_ID)
    one.join(generation=2)
    one.sync(0)
    one.advance(200)
    assert isinstance(one.driver.results[first], CommitFailed)
    assert isinstance(one.driver.results[second], CommitFailed)
    one.expect_none(OffsetCommitRequest)


def test_a_commit_while_the_group_rebalances_says_so():
    one = stable_and_read(0, **MANUAL)
    number = one.call(Commit())
    one.committed(ErrorCode.REBALANCE_IN_PROGRESS)
    assert one.driver.results[number].code == ErrorCode.REBALANCE_IN_PROGRESS
    one.expect(JoinGroupRequest)


def test_a_commit_that_finds_no_coordinator_ends_in_time():
    one = stable_and_read(0, **MANUAL)
    number = one.call(Commit(timeout_ms=900))
    one.committed(ErrorCode.NOT_COORDINATOR)
    one.advance(900)
    assert isinstance(one.driver.results[number], TimedOut)


def test_leaving_commits_again_what_an_older_commit_was_late_with():
    one = stable_and_read(0)
    late = one.call(Commit(timeout_ms=100))
    one.advance(100)
    assert isinstance(one.driver.results[late], TimedOut)
    one.call(Unsubscribe())
    assert one.committed(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS) == {0: 6}
    assert one.committed() == {0: 6}
    one.left()


def test_leaving_does_not_commit_twice_what_is_about_to_be_committed():
    one = stable_and_read(0)
    one.call(Commit())
    one.call(Unsubscribe())
    assert one.committed() == {0: 6}
    one.left()


def test_only_so_many_commits_wait():
    one = stable_and_read(0, **MANUAL)
    for _ in range(COMMITS_MAX):
        one.call(Commit())
    assert isinstance(one.result(Commit()), NotAllowed)


def test_a_commit_that_is_cancelled_gives_nothing():
    one = stable_and_read(0, **MANUAL)
    number = one.call(Commit())
    one.call(Cancel(number))
    one.committed()
    assert number not in one.driver.results


def test_a_seek_is_what_is_committed_then():
    one = stable_and_read(0)
    one.call(Seek("orders", 0, 2))
    one.advance(4_000)
    one.heartbeat()
    one.advance(1_100)
    assert one.committed() == {0: 2}


def by_hand(**settings) -> Play:
    driver, _ = connected(("orders", 2), consumer=ConsumerConfig(group_id=GROUP, sessions=False, **FAST, **settings))
    one = Play(driver)
    assert one.result(Assign((("orders", 0, None),))) is None
    one.poll()
    return one


def test_partitions_assigned_by_hand_begin_where_the_group_committed_and_are_committed_without_membership():
    one = by_hand()
    one.find()
    one.tell_committed(p0=5)
    one.deliver(p0=[b"x"])
    one.poll()
    one.advance(5_100)
    asked = one.expect(OffsetCommitRequest)
    assert (asked.message.generation_id_or_member_epoch, asked.message.member_id) == (-1, "")
    one.inbox.append(asked)
    assert one.committed() == {0: 6}


def test_a_coordinator_that_is_refused_is_said_to_whoever_polls_and_whoever_commits():
    one = by_hand()
    one.find(ErrorCode.GROUP_AUTHORIZATION_FAILED)
    (entry,) = one.driver.results[one.last_poll]
    assert entry.error.code == ErrorCode.GROUP_AUTHORIZATION_FAILED
    number = one.call(Commit((("orders", 0, Offset(1)),)))
    one.advance(200)
    one.find(ErrorCode.GROUP_AUTHORIZATION_FAILED)
    assert one.driver.results[number].code == ErrorCode.GROUP_AUTHORIZATION_FAILED


def test_partitions_assigned_by_hand_are_committed_when_the_consumer_ends():
    one = by_hand()
    one.find()
    one.tell_committed(p0=5)
    one.deliver(p0=[b"x"])
    one.poll()
    number = one.call(Unsubscribe())
    assert one.committed() == {0: 6}
    assert one.driver.results[number] is None


def test_what_was_processed_is_committed_before_others_are_assigned_by_hand():
    one = by_hand()
    one.find()
    one.tell_committed(p0=5)
    one.deliver(p0=[b"x"])
    one.poll()
    one.call(Assign((("orders", 1, 0),)))
    assert one.committed() == {0: 6}


def test_without_a_group_nothing_can_be_committed():
    driver, _ = connected(("orders", 1))
    assert isinstance(driver.results[driver.call(Commit())], NotAllowed)
