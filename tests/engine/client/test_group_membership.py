"""Membership in a group, rule by rule: joining, heartbeats, rebalances, losing, leaving."""

import pytest

from engine.client.calls import Assign, Cancel, Change, Commit, Poll, Seek, Subscribe, Unsubscribe
from engine.client.errors import NotAllowed
from engine.client.group_membership import COMMIT_WAIT_MS
from engine.client.group_stages import Stage
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.fetch import FetchRequest
from engine.wire.messages.find_coordinator import FindCoordinatorRequest
from engine.wire.messages.heartbeat import HeartbeatRequest
from engine.wire.messages.join_group import JoinGroupRequest, JoinGroupResponse
from engine.wire.messages.offset_commit import OffsetCommitRequest
from engine.wire.messages.sync_group import SyncGroupRequest
from tests.plain_data import impure

from .scripted_group import HEARTBEAT_MS, POLL_MS, SESSION_MS, play, stable, stable_and_read

ASSIGNED, REVOKED, LOST = Change.ASSIGNED, Change.REVOKED, Change.LOST
COOPERATIVE = "cooperative-sticky"


# ---- joining


def test_a_member_finds_its_coordinator_joins_with_the_id_it_is_given_and_reads_its_partitions():
    one = play()
    one.find()
    one.refuse_join(ErrorCode.MEMBER_ID_REQUIRED, "me-1")
    asked = one.join(member_id="me-1")
    assert asked.member_id == "me-1"
    assert [protocol.name for protocol in asked.protocols] == ["range", COOPERATIVE]
    assert (asked.session_timeout_ms, asked.rebalance_timeout_ms) == (SESSION_MS, POLL_MS)
    sync = one.sync(1, 2)
    assert (sync.generation_id, sync.member_id, sync.assignments) == (1, "me-1", [])
    assert one.events() == [(ASSIGNED, [1, 2])]
    one.tell_committed(p1=7)
    one.reset_to(3)
    one.deliver(p1=[b"a"])
    assert one.driver.results[one.last_poll][0].position == 7


def test_nothing_is_joined_before_somebody_polls():
    one = stable(0)
    one.call(Unsubscribe())
    one.left()
    one.call(Cancel(one.last_poll))
    one.call(Subscribe(("orders",)))
    one.advance(SESSION_MS)
    one.expect_none(JoinGroupRequest)
    one.poll()
    one.expect(JoinGroupRequest)


def test_the_way_to_the_coordinator_is_a_connection_of_its_own():
    one = stable(0)
    assert len(one.driver.connections) == 2
    fetch = one.expect(FetchRequest)
    one.advance(HEARTBEAT_MS)
    assert one.expect(HeartbeatRequest).connection is not fetch.connection


def test_a_leader_assigns_by_the_partitions_that_the_topics_have():
    one = play(assignors=("range",))
    one.find()
    assignment = one.lead(("other", ("orders",)), orders=5)
    assert assignment == {
        "me": [("orders", 0), ("orders", 1), ("orders", 2)],
        "other": [("orders", 3), ("orders", 4)],
    }


def test_a_leader_asks_for_topics_that_only_others_read():
    one = play(assignors=("roundrobin",))
    one.find()
    assignment = one.lead(("other", ("payments",)), orders=2, payments=1)
    assert assignment == {"me": [("orders", 0), ("orders", 1)], "other": [("payments", 0)]}


def test_topics_of_others_are_watched_only_while_we_lead():
    one = play(assignors=("roundrobin",))
    one.find()
    one.lead(("other", ("payments",)), orders=2, payments=1)
    assert list(one.driver.client.cluster.interest) == ["orders", "payments"]
    one.sync(0)
    one.tell_committed(p0=0)
    one.beat(ErrorCode.REBALANCE_IN_PROGRESS)
    one.join(generation=2, assignor="roundrobin")
    assert list(one.driver.client.cluster.interest) == ["orders"]


def test_a_leader_joins_again_when_a_topic_has_grown():
    one = play(assignors=("range",))
    one.find()
    one.lead(orders=4)
    one.sync(0, 1, 2, 3)
    one.tell_committed(p0=0, p1=0, p2=0, p3=0)
    one.learn(4)
    one.expect_none(JoinGroupRequest)
    one.learn(5)
    assert one.lead(orders=5, generation=2) == {"me": [("orders", index) for index in range(5)]}


def test_a_follower_does_not_care_how_many_partitions_there_are():
    one = stable(0)
    one.learn(9)
    one.expect_none(JoinGroupRequest)


def test_an_assignor_that_nobody_here_has_ends_in_words():
    one = play(assignors=("range",))
    one.find()
    one.join(assignor="mystery")
    assert "mystery" in str(one.driver.results[one.last_poll])


@pytest.mark.parametrize(
    "code", [ErrorCode.INCONSISTENT_GROUP_PROTOCOL, ErrorCode.INVALID_SESSION_TIMEOUT, ErrorCode.GROUP_MAX_SIZE_REACHED]
)
def test_a_group_that_refuses_us_is_said_to_every_poll_until_somebody_subscribes_anew(code):
    one = play()
    one.find()
    one.refuse_join(code)
    assert one.driver.results[one.last_poll].code == code
    assert one.result(Poll()).code == code
    one.expect_none(JoinGroupRequest)
    one.call(Subscribe(("orders",)))
    one.poll()
    one.expect(JoinGroupRequest)


def test_an_unknown_member_joins_as_somebody_new():
    one = play()
    one.find()
    one.refuse_join(ErrorCode.MEMBER_ID_REQUIRED, "me-1")
    one.refuse_join(ErrorCode.UNKNOWN_MEMBER_ID)
    assert one.expect(JoinGroupRequest).message.member_id == ""


def test_a_coordinator_that_is_not_there_yet_is_asked_for_with_growing_pauses():
    one = play()
    times = []
    for _ in range(4):
        one.find(ErrorCode.COORDINATOR_NOT_AVAILABLE)
        one.expect_none(FindCoordinatorRequest)
        begun = one.driver.now_ms
        while not [asked for asked in one.inbox if isinstance(asked.message, FindCoordinatorRequest)]:
            one.advance(10)
            one.look()
        times.append(one.driver.now_ms - begun)
    assert times == sorted(times)
    assert times[0] < 200 < times[3]


def test_a_coordinator_that_loads_is_asked_again_a_moment_later():
    one = play()
    one.find()
    one.refuse_join(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS)
    one.expect_none(JoinGroupRequest)
    one.advance(200)
    one.join()
    one.sync(0)


@pytest.mark.parametrize("code", [ErrorCode.NOT_COORDINATOR, ErrorCode.COORDINATOR_NOT_AVAILABLE])
def test_a_coordinator_that_moved_is_found_again(code):
    one = play()
    one.find()
    one.refuse_join(code)
    one.advance(200)
    one.find()
    one.look()
    one.join()
    one.sync(0)
    assert one.events() == [(ASSIGNED, [0])]


def test_a_join_waits_as_long_as_a_rebalance_may_last():
    one = play()
    one.find()
    asked = one.expect(JoinGroupRequest)
    one.advance(POLL_MS + 4_000)
    one.expect_none(FindCoordinatorRequest)
    one.answer(asked, JoinGroupResponse(0, 0, 1, "consumer", "range", "boss", False, "me"))
    one.sync(0)
    assert one.events() == [(ASSIGNED, [0])]


def test_a_sync_waits_no_longer_than_any_request():
    one = play()
    one.find()
    one.join()
    one.expect(SyncGroupRequest)
    one.advance(30_000 + 300)
    one.find()
    one.look()
    assert one.join(generation=2).member_id == "me"


def test_joins_that_are_refused_are_repeated_at_once_and_then_with_pauses_that_double():
    one = play()
    one.find()
    pauses = []
    for _ in range(4):
        begun = one.driver.now_ms
        one.look()
        while not [asked for asked in one.inbox if isinstance(asked.message, JoinGroupRequest)]:
            one.advance(10)
            one.look()
        pauses.append(one.driver.now_ms - begun)
        one.refuse_join(ErrorCode.UNKNOWN_MEMBER_ID)
    assert pauses[:2] == [0, 0]
    assert 1.3 < pauses[3] / pauses[2] < 2.6, pauses


@pytest.mark.parametrize("code", [ErrorCode.REBALANCE_IN_PROGRESS, ErrorCode.COORDINATOR_LOAD_IN_PROGRESS])
@pytest.mark.parametrize("what", ["heartbeat", "commit"])
def test_one_join_is_on_its_way_at_a_time(what, code):
    one = stable_and_read(0, assignor=COOPERATIVE, auto_commit=False)
    if what == "commit":
        one.call(Commit(repeated=False))
    one.advance(HEARTBEAT_MS)
    one.call(Subscribe(("orders", "payments")))
    one.advance(COMMIT_WAIT_MS)
    join = one.expect(JoinGroupRequest)
    if what == "commit":
        one.committed(code)
    one.heartbeat(code if what == "heartbeat" else ErrorCode.NONE)
    one.advance(500)
    one.expect_none(JoinGroupRequest)
    one.answer(join, JoinGroupResponse(0, 0, 2, "consumer", COOPERATIVE, "boss", False, "me"))
    one.sync(0)
    assert one.driver.client.group.membership.stage is Stage.STABLE


@pytest.mark.parametrize("code", [ErrorCode.REBALANCE_IN_PROGRESS, ErrorCode.ILLEGAL_GENERATION])
def test_a_sync_of_an_old_generation_leads_to_another_join(code):
    one = play()
    one.find()
    one.join(generation=1)
    one.sync(code=code)
    assert one.join(generation=2).member_id == "me"
    one.sync(3)
    assert one.events() == [(ASSIGNED, [3])]


# ---- heartbeats


def test_heartbeats_go_out_in_their_interval_also_when_nobody_polls():
    one = stable_and_read(0)
    one.deliver(p0=[b"y"])  # the poll is answered: nobody polls now
    for _ in range(3):
        one.expect_none(HeartbeatRequest)
        assert one.beat().generation_id == 1


def test_a_heartbeat_that_says_so_leads_to_another_generation_with_the_next_poll():
    one = stable_and_read(0)
    one.deliver(p0=[b"y"])
    one.beat(ErrorCode.REBALANCE_IN_PROGRESS)
    one.expect_none(JoinGroupRequest)  # somebody works at a record, and is waited for
    one.beat(ErrorCode.REBALANCE_IN_PROGRESS)  # meanwhile the session is kept
    one.poll()
    assert one.committed() == {0: 7}
    assert one.join(generation=2).member_id == "me"


@pytest.mark.parametrize(
    ("code", "member_id"), [(ErrorCode.UNKNOWN_MEMBER_ID, ""), (ErrorCode.ILLEGAL_GENERATION, "me")]
)
def test_a_member_that_was_forgotten_has_lost_its_partitions_and_joins_again(code, member_id):
    one = stable_and_read(0, 1)
    one.events()
    one.beat(code)
    assert one.events() == [(LOST, [0, 1])]
    one.expect_none(OffsetCommitRequest)  # what others may have by now is not committed
    assert one.join(generation=4).member_id == member_id


def test_a_connection_that_is_lost_costs_no_rebalance():
    one = stable_and_read(0)
    one.advance(HEARTBEAT_MS)
    lane = one.expect(HeartbeatRequest).connection
    one.driver.close(lane)
    one.advance(300)
    one.deliver()
    one.find()
    one.look()
    one.heartbeat()
    one.expect_none(JoinGroupRequest)
    assert one.events() == [(ASSIGNED, [0])]


def test_a_coordinator_that_is_silent_for_a_session_is_looked_for():
    one = stable_and_read(0)
    one.advance(HEARTBEAT_MS)
    one.expect(HeartbeatRequest)
    one.advance(SESSION_MS + 300)
    one.find()


# ---- by hand, and state


def test_partitions_are_assigned_by_the_group_or_by_hand():
    one = stable(0)
    assert isinstance(one.result(Assign((("orders", 1, 0),))), NotAllowed)
    assert isinstance(one.result(Subscribe(())), NotAllowed)
    assert isinstance(one.result(Seek("orders", 3, 0)), NotAllowed)


@pytest.mark.parametrize("assignor", ["range", COOPERATIVE, "sticky"])
def test_its_state_is_plain_data_at_every_stage(assignor):
    one = play(assignors=(assignor,))
    assert impure(one.driver.client) == []
    one.find()
    assert impure(one.driver.client) == []
    one.lead(("other", ("orders",)), orders=4)
    assert impure(one.driver.client) == []
    one.sync(0, 1)
    one.tell_committed()
    one.advance(HEARTBEAT_MS)
    assert one.expect(HeartbeatRequest)
    assert impure(one.driver.client) == []
    one.expect_none(SyncGroupRequest)
