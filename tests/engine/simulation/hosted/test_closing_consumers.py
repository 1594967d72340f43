"""How declared consumers end: they finish their work, commit and leave their group; who is killed does not."""

import pytest

from engine.simulation.hosted.picture import picture
from tests.engine.simulation.hosted.test_endings import actor, forward
from tests.engine.simulation.hosted.worlds import begin, consumer, producer, until

SECOND_US = 1_000_000
AT_ONCE = {"group_initial_rebalance_delay_ms": "0"}


def members():
    """A group of two, each with a part of three partitions, that has read something."""
    timeline = begin(**AT_ONCE)
    producer(timeline)
    consumer(timeline)
    consumer(timeline, "c2")
    until(timeline, {"seen": "group", "state": "Stable", "members": 2})
    forward(timeline, 3)
    return timeline


def change(timeline, **more):
    declared = {"kind": "consumer", "name": "c1", "topic": "orders", "group": "readers", **more}
    timeline.act({"do": "change", "actor": declared})


def handled(timeline, name="readers"):
    """How many records the group has processed, and how many of them twice."""
    parts = timeline.world.past.ledger.summary()["partitions"].values()
    found = [part["groups"][name] for part in parts if name in part["groups"]]
    return sum(one["processed"] for one in found), sum(one["processed again"] for one in found)


def count(timeline, name="readers"):
    return [len(group["members"]) for group in picture(timeline)["groups"] if group["name"] == name]


def seen_since(timeline, event, *kinds):
    rows = timeline.entries(event, timeline.head)
    return [(one.node, one.kind, *one.values[:1]) for entry in rows for one in entry.seen if one.kind in kinds]


@pytest.mark.parametrize("end", ["stop client", "remove", "change"])
def test_who_ends_commits_and_leaves_so_that_the_others_have_its_partitions_at_once(end):
    timeline = members()
    asked, began_us = timeline.head + 1, timeline.world.now_us
    if end == "change":
        change(timeline, poll_records_max=7)
    else:
        timeline.act({"do": end, "name": "c1"})
    until(timeline, {"seen": "assignment", "node": "c2"})
    assert timeline.world.now_us - began_us < 5 * SECOND_US, "nobody waits for a session to time out"
    told = [one[:2] for one in seen_since(timeline, asked, "commit_acknowledged", "left", "client crashed")]
    assert told.index(("c1", "commit_acknowledged")) < told.index(("c1", "left"))
    assert ("c1", "client crashed") not in told
    forward(timeline, 5)
    assert count(timeline) == [2 if end == "change" else 1]
    assert handled(timeline)[1] == 0, "what was read is committed"


def test_who_is_killed_leaves_without_a_word():
    timeline = members()
    asked = timeline.head + 1
    timeline.act({"do": "remove", "name": "c1", "orderly": False})
    forward(timeline, 30)
    assert count(timeline) == [2]
    forward(timeline, 30)
    assert count(timeline) == [1], "its session has timed out"
    assert not seen_since(timeline, asked, "left")


def test_a_static_member_commits_and_does_not_leave_and_comes_back_to_what_it_had():
    timeline = begin(**AT_ONCE)
    producer(timeline)
    consumer(timeline, instance="one")
    until(timeline, {"seen": "commit_acknowledged"})
    forward(timeline, 3)
    generation = picture(timeline)["groups"][0]["generation"]
    asked = timeline.head + 1
    change(timeline, instance="one", poll_records_max=7)
    until(timeline, {"seen": "client started"})
    assert seen_since(timeline, asked, "commit_acknowledged") and not seen_since(timeline, asked, "left")
    forward(timeline, 5)
    assert picture(timeline)["groups"][0]["generation"] == generation and count(timeline) == [1]


def test_who_is_changed_to_another_group_leaves_the_one_it_was_in():
    timeline = members()
    asked = timeline.head + 1
    change(timeline, group="others")
    until(timeline, {"seen": "client started"})
    assert seen_since(timeline, asked, "left") == [("c1", "left", "readers")]
    forward(timeline, 5)
    assert (count(timeline), count(timeline, "others")) == ([1], [1])


@pytest.mark.parametrize("commit", ["auto", "after", "each"])
def test_who_ends_finishes_the_work_it_has_begun_as_it_was_declared_then_and_asks_for_no_more(commit):
    timeline = begin(**AT_ONCE)
    producer(timeline, limit=60, rate=1_000)
    consumer(timeline, work_ms=100, commit=commit, poll_records_max=10)
    until(timeline, {"seen": "processed"})
    forward(timeline, 0.3)
    had, asked = actor(timeline, "c1").had, timeline.head + 1
    change(timeline, commit="before" if commit == "after" else "after")
    until(timeline, {"seen": "client started"})
    assert actor(timeline, "c1").had == had > 0
    worked = seen_since(timeline, asked, "processed")
    assert len(worked) > 3 and len(seen_since(timeline, asked, "commit_sent")) == (
        len(worked) if commit == "each" else 1
    )
    forward(timeline, 5)
    assert handled(timeline) == (60, 0)


def test_whose_work_takes_too_long_is_given_up_after_as_long_as_kafkas_consumers_take_to_close():
    timeline = begin(**AT_ONCE)
    producer(timeline, limit=60, rate=1_000)
    consumer(timeline, work_ms=20_000)
    until(timeline, {"seen": "delivered"})
    asked, began_us = timeline.head + 1, timeline.world.now_us
    timeline.act({"do": "stop client", "name": "c1"})
    until(timeline, {"seen": "client stopped"})
    assert timeline.world.now_us - began_us == 30 * SECOND_US and not seen_since(timeline, asked, "left")


def test_who_cannot_reach_its_coordinator_ends_all_the_same_and_is_not_said_to_have_left():
    timeline = members()
    timeline.act({"do": "kill"})
    asked, began_us = timeline.head + 1, timeline.world.now_us
    timeline.act({"do": "stop client", "name": "c1"})
    until(timeline, {"seen": "client stopped"})
    assert timeline.world.now_us - began_us <= 30 * SECOND_US and not seen_since(timeline, asked, "left")


def test_who_is_declared_anew_may_die_once_more_at_the_place_that_was_declared():
    timeline = begin(**AT_ONCE)
    producer(timeline)
    crash = {"at": "after poll", "after": 1, "down_ms": 500}
    consumer(timeline, crash=crash)
    until(timeline, {"seen": "dies"})
    forward(timeline, 60)  # who died without a word is waited for
    asked = timeline.head + 1
    change(timeline, crash=crash)
    forward(timeline, 60)
    assert [one[0] for one in seen_since(timeline, asked, "dies")] == ["c1"]
