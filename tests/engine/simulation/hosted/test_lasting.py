"""Faults that last, as spans from the event in which they began to that in which they ended."""

import pytest

from engine.simulation.hosted import moments
from engine.simulation.hosted.lasting import BEGINS, ENDS, SPANS_MAX, Lasting
from engine.simulation.hosted.moments import TRACKS, Moments
from engine.simulation.hosted.observed import FIELDS
from engine.simulation.hosted.picture import picture
from engine.simulation.past import BLOCK_ENTRIES
from tests.engine.simulation.hosted.worlds import begin, consumer, producer, until

SECOND_US = 1_000_000


def spans(timeline, since=0, known=None):
    found = known or Moments()
    while found.scanned < timeline.head:
        _, told = found.since(timeline, since)
    return told


def states(timeline):
    return [(one["node"], one["state"], one["until_us"] is None) for one in spans(timeline)]


def forward(timeline, seconds):
    timeline.run(100_000, until_us=timeline.world.now_us + int(seconds * SECOND_US))


@pytest.mark.parametrize(
    ("node", "state", "begins", "ends"),
    [
        ("broker-1", "down", {"do": "kill"}, {"do": "start"}),
        ("broker-1", "down", {"do": "kill", "loses": "unsynced"}, {"do": "start"}),
        ("broker-1", "down", {"do": "stop"}, {"do": "start"}),
        ("broker-1", "slow disk", {"do": "slow disk", "by_ms": 50}, {"do": "slow disk", "by_ms": 0}),
        ("broker-1", "full disk", {"do": "full disk"}, {"do": "full disk", "full": False}),
        ("p1", "down", {"do": "crash client", "name": "p1", "down_ms": 60_000}, {"do": "start client", "name": "p1"}),
        ("p1", "down", {"do": "crash client", "name": "p1", "down_ms": 60_000}, {"do": "remove", "name": "p1"}),
    ],
)
def test_it_lasts_from_what_began_it_to_what_ended_it(node, state, begins, ends):
    timeline = begin()
    producer(timeline)
    forward(timeline, 1)
    timeline.act(begins)
    began_us = timeline.world.now_us
    forward(timeline, 2)
    (span,) = spans(timeline)
    assert (span["node"], span["state"], span["at_us"], span["until_us"]) == (node, state, began_us, None)
    timeline.act(ends)
    ended_us = timeline.world.now_us
    forward(timeline, 1)
    (span,) = spans(timeline)
    assert (span["at_us"], span["until_us"]) == (began_us, ended_us)
    assert timeline.entry(span["event"]).at_us == began_us and timeline.entry(span["until_event"]).at_us == ended_us


def test_who_is_cut_off_or_frozen_is_so_until_it_is_over_and_several_at_a_time_are_several():
    timeline = begin()
    producer(timeline)
    consumer(timeline)
    forward(timeline, 1)
    for do, name, for_ms in (("cut", "p1", 2_000), ("freeze", "c1", 3_000), ("freeze", "broker-1", 1_000)):
        timeline.act({"do": do, "name": name, "for_ms": for_ms})
    assert states(timeline) == [("p1", "cut off", True), ("c1", "frozen", True), ("broker-1", "frozen", True)]
    forward(timeline, 5)
    lasted = [one["until_us"] - one["at_us"] for one in spans(timeline)]
    assert lasted == [2 * SECOND_US, 3 * SECOND_US, SECOND_US]


@pytest.mark.parametrize(
    ("do", "state", "now"), [("cut", "cut off", "cut_until_us"), ("freeze", "frozen", "frozen_until_us")]
)
@pytest.mark.parametrize("lengths", [(2, 4), (6, 1)])
def test_of_two_that_overlap_the_later_end_is_the_end_of_both(monkeypatch, do, state, now, lengths):
    timeline = begin()
    producer(timeline)
    forward(timeline, 1)
    began_us = timeline.world.now_us
    timeline.act({"do": do, "name": "p1", "for_ms": lengths[0] * 1_000})
    forward(timeline, 1)
    ends_us = max(began_us + lengths[0] * SECOND_US, timeline.world.now_us + lengths[1] * SECOND_US)
    timeline.act({"do": do, "name": "p1", "for_ms": lengths[1] * 1_000})
    timeline.run(1)
    seen = [picture(timeline)["actors"][0][now]]
    forward(timeline, (ends_us - timeline.world.now_us) / SECOND_US - 0.1)
    assert [*seen, picture(timeline)["actors"][0][now]] == [ends_us] * 2 and states(timeline) == [("p1", state, True)]
    sent = timeline.world.past.ledger.summary()["partitions"]
    forward(timeline, 3)
    assert picture(timeline)["actors"][0][now] is None
    assert timeline.world.past.ledger.summary()["partitions"] != sent, "it goes on"
    (span,) = spans(timeline)
    assert (span["at_us"], span["until_us"]) == (began_us, ends_us)
    marks = [mark["kind"] for mark in Moments().since(timeline, 0)[0]]
    assert marks.count("mended") + marks.count("thawed") == 1, "it ends once"
    monkeypatch.setattr(moments, "SCAN_MAX", 20)
    (again,) = spans(timeline)
    assert (again["at_us"], again["until_us"]) == (began_us, ends_us), "known by what was done, too"


def test_who_is_frozen_is_cut_off_at_once():
    timeline = begin()
    producer(timeline)
    forward(timeline, 1)
    timeline.act({"do": "freeze", "name": "p1", "for_ms": 5_000})
    timeline.act({"do": "cut", "name": "p1", "for_ms": 2_000})
    timeline.run(2)
    assert states(timeline) == [("p1", "frozen", True), ("p1", "cut off", True)]


def test_the_end_of_a_cut_of_who_is_gone_does_not_end_that_of_who_came_by_the_name():
    timeline = begin()
    producer(timeline)
    timeline.act({"do": "cut", "name": "p1", "for_ms": 3_000})
    timeline.act({"do": "remove", "name": "p1", "orderly": False})
    forward(timeline, 1)
    producer(timeline)
    timeline.act({"do": "cut", "name": "p1", "for_ms": 9_000})
    forward(timeline, 5)
    assert picture(timeline)["actors"][0]["cut_until_us"] and states(timeline)[-1] == ("p1", "cut off", True)


def test_a_disk_that_is_slow_again_is_slow_once_and_one_that_is_slower_is_another_slowness():
    timeline = begin()
    for by_ms in (50, 50, 90):
        timeline.act({"do": "slow disk", "by_ms": by_ms})
        forward(timeline, 1)
    slow, slower = spans(timeline)
    assert (slow["facts"]["by_us"], slow["until_event"]) == (50_000, slower["event"])
    assert (slower["facts"]["by_us"], slower["until_us"]) == (90_000, None)


def test_only_what_is_new_is_told_and_an_end_is_new():
    timeline = begin()
    timeline.act({"do": "kill"})
    forward(timeline, 1)
    known = Moments()
    (span,) = spans(timeline, 0, known)
    assert known.since(timeline, timeline.head)[1] == []
    before = timeline.head
    timeline.act({"do": "start"})
    forward(timeline, 1)
    assert spans(timeline, before, known) == [{**span, "until_us": span["until_us"], "until_event": before + 2}]


def test_every_beginning_and_end_has_a_mark_by_which_a_page_asks_further():
    assert {*BEGINS, *ENDS} <= set(TRACKS) and {*BEGINS, *ENDS} <= set(FIELDS)


@pytest.mark.parametrize("which", [0, 1])
def test_what_began_before_the_part_that_is_looked_through_is_known_by_what_was_done(monkeypatch, which):
    timeline = begin()
    producer(timeline)
    consumer(timeline)
    forward(timeline, 1)
    done = (
        [{"do": "kill"}, {"do": "full disk"}, {"do": "freeze", "name": "c1", "for_ms": 500_000}],
        [
            {"do": "slow disk", "by_ms": 70}, {"do": "stop"}, {"do": "start"}, {"do": "full disk"},
            {"do": "full disk", "full": False}, {"do": "cut", "name": "p1", "for_ms": 1_000},
            {"do": "crash client", "name": "c1", "down_ms": 300_000},
        ],
    )[which]  # fmt: skip
    for action in done:
        timeline.act(action)
        forward(timeline, 0.2)
    for _ in range(8):
        forward(timeline, 5)
    seen = [(one["node"], one["state"], one["at_us"], one["until_us"]) for one in spans(timeline)]
    monkeypatch.setattr(moments, "SCAN_MAX", 20)
    again = [(one["node"], one["state"], one["at_us"], one["until_us"]) for one in spans(timeline)]
    assert again == seen and len(seen) > 2
    assert any(one[3] is None for one in seen)


def test_what_is_nowhere_while_the_playhead_is_in_the_past_is_found_when_it_has_come_back():
    timeline = begin()
    producer(timeline)
    timeline.run(300)
    timeline.act({"do": "kill"})
    timeline.run(5)
    timeline.jump(10)
    known = Moments()
    for _ in range(2):
        marks, told = known.since(timeline, 0)
        assert (told, known.scanned % BLOCK_ENTRIES) == ([], 0), "only whole blocks are known from there"
    timeline.jump(timeline.head)
    marks, told = known.since(timeline, 0)
    assert [one["state"] for one in told] == ["down"] and known.scanned == timeline.head
    assert [mark["kind"] for mark in marks].count("killed") == 1


def test_what_was_looked_at_is_not_told_twice_when_the_next_look_comes_too_late_for_what_lies_between(monkeypatch):
    timeline = begin()
    producer(timeline)
    forward(timeline, 1)
    for action in (
        {"do": "slow disk", "by_ms": 5}, {"do": "slow disk", "by_ms": 0}, {"do": "slow disk", "by_ms": 10},
        {"do": "freeze", "name": "p1", "for_ms": 4_000},
    ):  # fmt: skip
        timeline.act(action)
        forward(timeline, 1)
    known = Moments()
    before = spans(timeline, 0, known)
    acts = [mark["event"] for mark in known.marks if mark["kind"] == "act"]
    since = timeline.head
    timeline.act({"do": "kill"})
    forward(timeline, 40)
    monkeypatch.setattr(moments, "SCAN_MAX", 5)
    told = spans(timeline, since, known)
    assert len(known.lasting.spans) == len(before) + 1 == 4
    assert [(one["state"], (one["until_us"] or 0) - one["at_us"]) for one in told if one["until_us"]] == [
        ("frozen", 4 * SECOND_US)
    ], "what ended meanwhile has ended, and is told"
    assert [mark["event"] for mark in known.marks if mark["kind"] == "act"] == [*acts, since + 1]


def test_the_oldest_are_forgotten():
    found = Lasting()
    for number in range(SPANS_MAX + 5):
        found.take(number * 2 + 1, number, {"node": "broker-1", "kind": "killed", "reason": ""})
        found.take(number * 2 + 2, number, {"node": "broker-1", "kind": "started", "incarnation": number})
    assert len(found.spans) == SPANS_MAX and found.open == {}


@pytest.mark.parametrize("how", ["down", "killed", "in order"])
def test_who_comes_by_the_name_of_one_who_was_cut_off_and_frozen_is_another(how):
    timeline = begin()
    producer(timeline)
    forward(timeline, 1)
    timeline.act({"do": "cut", "name": "p1", "for_ms": 600_000})
    if how == "in order":
        timeline.act({"do": "stop client", "name": "p1"})
    else:
        timeline.act({"do": "freeze", "name": "p1", "for_ms": 600_000})
    if how == "down":
        timeline.act({"do": "crash client", "name": "p1", "down_ms": 60_000})
    timeline.act({"do": "remove", "name": "p1", "orderly": how != "killed"})
    producer(timeline)
    until(timeline, {"seen": "acknowledged"}, 500)
    assert (timeline.world.frozen, timeline.world.severed) == ({}, {})
    assert not any(is_open for *_, is_open in states(timeline))


def test_a_crash_of_who_is_down_already_is_no_second_fault():
    timeline = begin()
    timeline.act({"do": "kill"})
    timeline.run(5)
    timeline.world.push(timeline.world.now_us, "crash", "broker-1", True)
    timeline.run(5)
    assert states(timeline) == [("broker-1", "down", True)]
