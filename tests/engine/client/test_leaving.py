"""Leaving a group: by will, because nobody polls, as a static member, because another has taken our place."""

import pytest

from engine.client.calls import Acknowledge, Assign, Cancel, Change, Poll, Seek, Subscribe, Unsubscribe
from engine.client.config import ConsumerConfig
from engine.client.errors import Refused
from engine.client.group_messages import decode_subscription
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.heartbeat import HeartbeatRequest
from engine.wire.messages.join_group import JoinGroupRequest
from engine.wire.messages.leave_group import LeaveGroupRequest, LeaveGroupResponse
from engine.wire.messages.offset_commit import OffsetCommitRequest

from .scripted import connected
from .scripted_group import GROUP, HEARTBEAT_MS, POLL_MS, SESSION_MS, Play, stable_and_read

ASSIGNED, REVOKED, LOST = Change.ASSIGNED, Change.REVOKED, Change.LOST
COOPERATIVE = "cooperative-sticky"


def topics_in(asked: JoinGroupRequest) -> tuple[str, ...]:
    return decode_subscription(asked.protocols[0].name, "me", None, bytes(asked.protocols[0].metadata)).topics


def test_who_does_not_poll_for_max_poll_interval_leaves():
    one = stable_and_read(0)
    one.events()
    one.deliver(p0=[b"y"])
    one.live(POLL_MS - 500)
    one.expect_none(LeaveGroupRequest)
    one.advance(500)
    assert one.left().members[0].member_id == "me"
    assert one.events() == [(LOST, [0])]
    one.expect_none(JoinGroupRequest)
    one.poll()
    assert one.expect(JoinGroupRequest).message.member_id == ""


def test_a_poll_that_waits_is_a_poll():
    one = stable_and_read(0)
    one.live(2 * POLL_MS)
    one.expect_none(LeaveGroupRequest)
    assert one.last_poll not in one.driver.results


def test_leaving_commits_gives_up_and_says_so():
    one = stable_and_read(0)
    one.events()
    number = one.call(Unsubscribe())
    assert one.committed() == {0: 6}
    assert number not in one.driver.results
    assert one.left().members[0].member_id == "me"
    assert one.driver.results[number] is None
    assert one.events() == [(REVOKED, [0])]
    one.advance(10 * SESSION_MS)
    one.expect_none(HeartbeatRequest)


def test_who_leaves_is_done_with_what_was_polled_last_and_it_is_committed():
    one = stable_and_read(0)
    one.deliver(p0=[b"y"])
    one.call(Unsubscribe())
    assert one.committed() == {0: 7}, "as Java's consumers do on close"
    one.left()


def test_that_one_has_left_is_seen_when_the_coordinator_has_answered():
    one = stable_and_read(0)
    seen = one.driver.client.effects
    seen.observing = True
    one.call(Unsubscribe())
    one.committed()
    asked = one.expect(LeaveGroupRequest)
    assert ("left", GROUP) not in seen.observations
    one.answer(asked, LeaveGroupResponse())
    assert ("left", GROUP) in seen.observations


def test_that_nobody_polls_is_a_leaving_too():
    one = stable_and_read(0)
    seen = one.driver.client.effects
    seen.observing = True
    one.deliver(p0=[b"y"])
    one.live(POLL_MS)
    one.left()
    assert ("left", GROUP) in seen.observations


def test_leaving_does_not_wait_behind_a_join_that_waits_for_others():
    one = stable_and_read(0)
    one.beat(ErrorCode.REBALANCE_IN_PROGRESS)
    one.committed()
    asked = one.expect(JoinGroupRequest)
    number = one.call(Unsubscribe())
    leave = one.expect(LeaveGroupRequest)
    assert leave.connection is not asked.connection
    one.answer(leave, LeaveGroupResponse())
    assert one.driver.results[number] is None


def test_leaving_is_not_disturbed_by_what_was_on_its_way_before_the_join():
    one = stable_and_read(0, assignor=COOPERATIVE, auto_commit=False)
    one.advance(HEARTBEAT_MS)
    one.expect(HeartbeatRequest)  # is never answered
    one.call(Subscribe(("orders", "payments")))
    one.expect(JoinGroupRequest)
    number = one.call(Unsubscribe())
    leave = one.expect(LeaveGroupRequest)
    assert leave.connection in one.driver.connections
    one.answer(leave, LeaveGroupResponse())
    assert one.driver.results[number] is None


def test_leaving_goes_on_also_if_nobody_waits_for_it_any_more():
    one = stable_and_read(0)
    number = one.call(Unsubscribe())
    one.call(Cancel(number))
    one.committed()
    one.left()
    assert number not in one.driver.results


def test_a_subscription_while_we_leave_is_for_afterwards():
    one = stable_and_read(0)
    one.call(Unsubscribe())
    one.call(Subscribe(("payments",)))
    one.committed()
    one.expect_none(JoinGroupRequest)
    one.left()
    assert topics_in(one.expect(JoinGroupRequest).message) == ("payments",)


def test_the_last_call_says_whether_we_are_subscribed():
    one = stable_and_read(0)
    numbers = [one.call(Unsubscribe()), one.call(Subscribe(("payments",))), one.call(Unsubscribe())]
    one.committed()
    one.left()
    assert [one.driver.results[number] for number in numbers] == [None, None, None]
    one.expect_none(JoinGroupRequest)


def test_leaving_ends_when_the_group_will_not_have_us():
    one = stable_and_read(0, group_instance_id="static-1")
    number = one.call(Unsubscribe())
    one.committed(ErrorCode.FENCED_INSTANCE_ID)
    assert one.driver.results[number] is None
    one.call(Subscribe(("orders",)))
    one.expect(JoinGroupRequest)


def test_leaving_in_the_middle_of_a_cooperative_rebalance_commits_what_was_kept():
    one = stable_and_read(0, 1, assignor=COOPERATIVE)
    one.call(Subscribe(("orders",), listens=True))
    one.beat(ErrorCode.REBALANCE_IN_PROGRESS)
    one.committed()
    one.join(generation=2, assignor=COOPERATIVE)
    one.sync(0)
    assert one.last_event().places == (("orders", 1),)
    one.deliver(p0=[b"a"])
    one.poll()
    number = one.call(Unsubscribe())
    one.call(Acknowledge(one.last_event().number))
    assert one.committed() == {0: 7}
    one.call(Acknowledge(one.last_event().number))
    one.left()
    assert one.driver.results[number] is None


def test_what_is_assigned_by_hand_while_we_leave_stays():
    driver, _ = connected(("orders", 2), consumer=ConsumerConfig(group_id=GROUP, sessions=False))
    one = Play(driver)
    one.call(Assign((("orders", 0, 0),)))
    one.poll()
    one.deliver(p0=[b"x"])
    one.poll(0)
    number = one.call(Unsubscribe())
    one.call(Assign((("orders", 1, 0),)))
    one.deliver()  # answers come in order
    one.find()
    assert one.driver.results[number] is None
    assert one.committed() == {0: 1}
    assert list(driver.client.consumer.positions) == [("orders", 1)]


def test_leaving_takes_only_so_long():
    one = stable_and_read(0)
    number = one.call(Unsubscribe(timeout_ms=700))
    one.advance(699)
    assert number not in one.driver.results
    one.advance(1)
    assert one.driver.results[number] is None
    assert one.driver.client.group.membership.owned == []


def test_who_leaves_is_not_late_for_its_next_poll():
    one = stable_and_read(0)
    one.deliver(p0=[b"y"])
    one.live(POLL_MS - 1_000)
    one.call(Seek("orders", 0, 2))
    number = one.call(Unsubscribe())
    one.expect(OffsetCommitRequest)
    one.advance(5_000)  # nobody answers
    assert one.driver.results[number] is None


def test_a_static_member_says_its_name_and_does_not_leave():
    one = stable_and_read(0, group_instance_id="static-1")
    number = one.call(Unsubscribe())
    one.committed()
    one.expect_none(LeaveGroupRequest)
    assert one.driver.results[number] is None
    one.call(Subscribe(("orders",)))
    one.poll()
    asked = one.expect(JoinGroupRequest).message
    assert (asked.group_instance_id, asked.member_id) == ("static-1", "")


def test_a_static_member_that_nobody_polls_leaves_without_a_word_and_hands_out_nothing_more():
    one = stable_and_read(0, group_instance_id="static-1")
    one.deliver(p0=[b"y"])
    one.poll(0)
    one.deliver(p0=[b"z"])  # waits to be polled
    one.events()
    one.live(POLL_MS)
    one.advance(5 * HEARTBEAT_MS)
    one.expect_none(HeartbeatRequest)
    one.expect_none(LeaveGroupRequest)
    assert one.events() == [(LOST, [0])]
    one.poll()
    assert one.last_poll not in one.driver.results
    asked = one.expect(JoinGroupRequest).message
    assert (asked.group_instance_id, asked.member_id) == ("static-1", "")


@pytest.mark.parametrize("where", ["heartbeat", "join", "sync", "commit"])
def test_a_member_that_is_fenced_is_so_for_good(where):
    one = stable_and_read(0, group_instance_id="static-1")
    if where == "heartbeat":
        one.beat(ErrorCode.FENCED_INSTANCE_ID)
    else:
        one.beat(ErrorCode.REBALANCE_IN_PROGRESS)
        one.committed(ErrorCode.FENCED_INSTANCE_ID if where == "commit" else ErrorCode.NONE)
    if where == "join":
        one.refuse_join(ErrorCode.FENCED_INSTANCE_ID)
    elif where == "sync":
        one.join(generation=2)
        one.sync(code=ErrorCode.FENCED_INSTANCE_ID)
    error = one.driver.results[one.last_poll]
    assert isinstance(error, Refused)
    assert error.code == ErrorCode.FENCED_INSTANCE_ID
    assert "group.instance.id" in str(error)
    assert one.result(Poll()) is error
    one.advance(10 * SESSION_MS)
    one.expect_none(JoinGroupRequest)
    one.expect_none(HeartbeatRequest)
