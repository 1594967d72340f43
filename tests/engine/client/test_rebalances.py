"""Rebalances: what is given up and kept, eager and cooperative, what a listener may do meanwhile."""

from engine.client.calls import Acknowledge, Change, Commit, Pause, Seek, Subscribe, Unsubscribe
from engine.client.group_messages import decode_subscription
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.fetch import FetchRequest
from engine.wire.messages.join_group import JoinGroupRequest, JoinGroupResponse
from engine.wire.messages.offset_commit import OffsetCommitRequest

from .scripted_group import owned_in, play, stable, stable_and_read

ASSIGNED, REVOKED, LOST = Change.ASSIGNED, Change.REVOKED, Change.LOST
COOPERATIVE = "cooperative-sticky"


def test_an_eager_member_commits_and_gives_up_everything_before_it_joins_again():
    one = stable_and_read(0, 1)
    one.events()
    one.beat(ErrorCode.REBALANCE_IN_PROGRESS)
    one.expect_none(JoinGroupRequest)
    assert one.committed() == {0: 6, 1: 6}
    assert one.events() == [(REVOKED, [0, 1])]
    assert owned_in(one.join(generation=2)) == []
    one.sync(1)
    assert one.events() == [(ASSIGNED, [1])]


def test_a_cooperative_member_keeps_reading_what_it_keeps():
    one = stable_and_read(0, 1, assignor=COOPERATIVE)
    one.events()
    one.beat(ErrorCode.REBALANCE_IN_PROGRESS)
    one.committed()
    asked = one.expect(JoinGroupRequest)
    assert owned_in(asked.message) == [("orders", 0), ("orders", 1)]
    assert one.events() == []
    one.deliver(p0=[b"in the middle"])
    assert one.driver.results[one.last_poll][0].partition == 0


def test_a_cooperative_member_gives_up_what_goes_elsewhere_and_joins_again():
    one = stable_and_read(0, 1, assignor=COOPERATIVE)
    one.events()
    one.beat(ErrorCode.REBALANCE_IN_PROGRESS)
    one.committed()
    one.join(generation=2, assignor=COOPERATIVE)
    one.sync(0)
    assert one.events() == [(REVOKED, [1]), (ASSIGNED, [])]
    assert owned_in(one.join(generation=3, assignor=COOPERATIVE)) == [("orders", 0)]
    one.sync(0, 2)
    assert one.events() == [(ASSIGNED, [2])]
    assert one.tell_committed() == [2]  # the other one goes on where it is


def test_a_cooperative_member_commits_what_it_read_before_it_gives_it_up():
    one = stable_and_read(0, 1, assignor=COOPERATIVE)
    one.beat(ErrorCode.REBALANCE_IN_PROGRESS)
    one.committed()
    one.expect_none(OffsetCommitRequest)
    asked = one.expect(JoinGroupRequest)
    one.deliver(p1=[b"late"])
    one.poll()
    one.answer(asked, JoinGroupResponse(0, 0, 2, "consumer", COOPERATIVE, "boss", False, "me"))
    one.sync(0)
    one.expect_none(JoinGroupRequest)
    assert one.committed() == {1: 7}
    one.expect(JoinGroupRequest)


def test_a_pause_is_kept_by_a_partition_that_stays():
    one = stable_and_read(0, 1, assignor=COOPERATIVE)
    one.call(Pause((("orders", 0),)))
    one.beat(ErrorCode.REBALANCE_IN_PROGRESS)
    one.committed()
    one.join(generation=2, assignor=COOPERATIVE)
    one.sync(0, 1, 2)
    one.tell_committed(p2=0)
    one.deliver()
    assert sorted(one.fetched_partitions()) == [1, 2]


def test_an_eager_rebalance_forgets_a_pause_as_java_does():
    one = stable_and_read(0)
    one.call(Pause((("orders", 0),)))
    one.beat(ErrorCode.REBALANCE_IN_PROGRESS)
    one.committed()
    one.join(generation=2)
    one.sync(0)
    one.tell_committed(p0=6)
    one.deliver()
    assert one.fetched_partitions() == [0]


def test_what_was_fetched_of_a_partition_that_went_is_never_handed_out():
    one = stable(0, 1)
    one.deliver(p0=[b"a"])
    assert [entry.partition for entry in one.driver.results[one.last_poll]] == [0]
    one.deliver(p0=[b"b"], p1=[b"c"])  # waits to be polled
    one.beat(ErrorCode.REBALANCE_IN_PROGRESS)
    one.poll()
    assert one.committed() == {0: 6}
    one.join(generation=2)
    one.sync(0)
    one.tell_committed(p0=6)
    assert one.last_poll not in one.driver.results


def test_a_subscription_that_changes_leads_to_a_rebalance():
    one = stable_and_read(0)
    one.call(Subscribe(("orders", "payments")))
    one.committed()
    asked = one.expect(JoinGroupRequest).message
    said = decode_subscription("range", "me", None, bytes(asked.protocols[0].metadata))
    assert said.topics == ("orders", "payments")


# ---- listening


def test_a_listener_is_waited_for_before_partitions_go_and_before_new_ones_are_read():
    one = play(assignors=("range",), listens=True)
    one.find()
    one.join()
    one.sync(0)
    one.tell_committed(p0=5)
    one.expect_none(FetchRequest)
    one.call(Seek("orders", 0, 2))
    one.call(Acknowledge(one.last_event().number))
    one.deliver(p0=[b"x"])
    assert one.driver.results[one.last_poll][0].position == 2
    one.poll()
    one.beat(ErrorCode.REBALANCE_IN_PROGRESS)
    one.committed()
    one.expect_none(JoinGroupRequest)
    assert one.last_event().change is REVOKED
    one.call(Acknowledge(one.last_event().number))
    one.expect(JoinGroupRequest)


def test_a_listener_may_commit_what_is_revoked():
    one = stable_and_read_listening()
    one.beat(ErrorCode.REBALANCE_IN_PROGRESS)
    number = one.call(Commit())
    assert one.committed() == {0: 6}
    assert one.driver.results[number] is None


def stable_and_read_listening():
    one = play(assignors=("range",), listens=True, auto_commit=False)
    one.find()
    one.join()
    one.sync(0)
    one.call(Acknowledge(one.last_event().number))
    one.tell_committed(p0=5)
    one.deliver(p0=[b"x"])
    one.poll()
    return one


def test_who_listens_from_now_on_is_not_waited_for_because_of_earlier_rebalances():
    one = stable_and_read(0)
    one.call(Unsubscribe())
    one.committed()
    one.left()
    one.call(Subscribe(("orders",), listens=True))
    one.join(generation=3)
    one.sync(0)
    assert one.last_event().awaited
    one.call(Acknowledge(one.last_event().number))
    assert one.tell_committed() == [0]


def test_who_begins_to_listen_in_the_middle_hears_of_the_next_rebalance():
    one = stable_and_read(0)
    one.call(Subscribe(("orders",), listens=True))
    one.beat(ErrorCode.REBALANCE_IN_PROGRESS)
    assert one.committed() == {0: 6}
    one.expect_none(JoinGroupRequest)
    assert (one.last_event().change, one.last_event().awaited) == (REVOKED, True)
    one.call(Acknowledge(one.last_event().number))
    one.expect(JoinGroupRequest)
