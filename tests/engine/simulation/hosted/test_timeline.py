"""Time in a hosted world: forth, back, another way; one history whatever one does."""

import os
import random
import subprocess
import sys
from contextlib import suppress

import pytest

from engine.simulation.driver import next_us
from engine.simulation.hosted import inside
from engine.simulation.hosted.keepers import MemoryKeeper
from engine.simulation.hosted.refused import Refused
from engine.simulation.hosted.shape import Shape
from engine.simulation.hosted.timeline import KEYFRAME_EVENTS, Stopped, Timeline
from engine.simulation.ledger import difference
from engine.simulation.past import BLOCK_ENTRIES
from tests.engine.simulation.hosted.worlds import begin, busy, consumer, producer, until
from tests.plain_data import impure


@pytest.fixture(scope="module")
def recorded() -> Timeline:
    return busy(7, 9_000)


DEEDS = (
    {"do": "kill"},
    {"do": "start"},
    {"do": "freeze", "name": "broker-1", "for_ms": 5},
    {"do": "crash client", "name": "c1"},
    {"do": "leap", "by_ms": 5_000},
)


def digests(timeline: Timeline, moments: list[int]) -> dict[int, str]:
    found = {}
    for moment in sorted(moments):
        timeline.jump(moment)
        found[moment] = timeline.world.history.sha256()
    return found


def test_a_hosted_world_is_plain_data(recorded):
    assert impure(recorded.world) == []


def test_jumping_back_and_playing_on_gives_the_history_that_was(recorded):
    here = recorded.world.history.sha256()
    chance = random.Random(3)
    moments = [chance.randrange(recorded.head) for _ in range(12)]
    known = digests(recorded, moments)
    chance.shuffle(moments)
    for moment in moments:
        recorded.jump(moment)
        assert recorded.world.history.sha256() == known[moment]
    while recorded.run(1_000) is not Stopped.PRESENT:
        pass
    assert (recorded.world.history.sha256(), recorded.world.events) == (here, recorded.head)


def test_worlds_that_begin_together_take_keyframes_one_after_the_other_and_have_one_history():
    histories, moments = set(), []
    for blocks in (0, 3):
        timeline = Timeline(5, Shape(), MemoryKeeper(), keyframe_after=blocks)
        timeline.run(3)
        timeline.act({"do": "create topic", "topic": "orders", "partitions": 3})
        producer(timeline, rate=500)
        timeline.run(5_500 - timeline.head)
        histories.add(timeline.world.history.sha256())
        moments.append([events for events, _ in timeline.fork().keeper.frames])
    assert moments == [[KEYFRAME_EVENTS], [3 * BLOCK_ENTRIES, KEYFRAME_EVENTS + 3 * BLOCK_ENTRIES]]
    assert len(histories) == 1


def test_the_past_does_not_change_but_a_fork_goes_another_way(recorded):
    head, here = recorded.head, recorded.world.history.sha256()
    recorded.jump(5_000)
    with pytest.raises(Refused, match="fork"):
        recorded.act({"do": "kill"})
    branch = recorded.fork()
    assert branch.world.history.sha256() == recorded.world.history.sha256()
    recorded.jump(head)
    assert recorded.world.history.sha256() == here
    branch.act({"do": "remove", "name": "p1"})
    while branch.head < head:
        branch.run(500)
    one, other = recorded.world.past.ledger.summary(), branch.world.past.ledger.summary()
    assert any("acknowledged" in what for what, _, _ in difference(one, other))
    assert branch.entry(4_000) == recorded.entry(4_000)


def test_a_fork_from_any_moment_that_does_nothing_else_is_the_same(recorded):
    branch = recorded.fork(3_333)
    assert branch.head == branch.world.events == 3_333
    recorded.jump(3_333)
    assert branch.world.history.sha256() == recorded.world.history.sha256()
    recorded.jump(recorded.head)


def test_actions_and_seed_alone_make_the_history_again(recorded):
    again = Timeline(7, Shape(), MemoryKeeper(list(recorded.keeper.actions)))
    again.head = recorded.head
    again.jump(again.head)
    assert again.world.history.sha256() == recorded.world.history.sha256()
    assert again.world.past.ledger.summary() == recorded.world.past.ledger.summary()


@pytest.mark.parametrize("hash_seed", ["0", "1", "4711"])
def test_other_processes_have_the_same_history(hash_seed):
    here = busy(11, 2_500)
    done = subprocess.run(
        [sys.executable, "-m", "tests.engine.simulation.hosted.run_one", "11", hash_seed, "2500"],
        env={**os.environ, "PYTHONHASHSEED": hash_seed}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == f"{here.world.history.sha256()} {here.head} {here.world.past.ledger.summary()}\n"


def test_one_runs_until_something_happens_and_to_a_time():
    timeline = begin()
    producer(timeline)
    until(timeline, {"seen": "appended", "topic": "orders", "first": {"ge": 3}})
    assert timeline.world.past.last().seen[0].kind in ("appended", "request_received")
    now_us = timeline.world.now_us
    assert timeline.run(10_000, until_us=now_us + 500_000) is Stopped.TIME
    assert now_us < timeline.world.now_us <= now_us + 500_000


def test_nothing_happens_before_its_time_and_how_often_one_looked_changes_nothing():
    """A deadline that is nobody's any more, and what is put off for who is frozen, lie before the next event."""
    timeline = begin()
    producer(timeline)
    consumer(timeline)
    until_us = timeline.world.now_us
    for number in range(3_000):
        until_us += 5_000
        if number % 500 == 400:
            timeline.act({"do": "freeze", "name": ("c1", "p1", "broker-1")[number // 500 % 3], "for_ms": 700}, until_us)
        assert timeline.run(1_000, until_us) is Stopped.TIME
        assert timeline.world.now_us <= until_us
        at_us = next_us(timeline.world)
        assert at_us is not None and at_us > until_us
    again = Timeline(timeline.seed, timeline.shape, MemoryKeeper(timeline.keeper.actions))
    again.run(timeline.head)
    assert again.world.history.sha256() == timeline.world.history.sha256()


@pytest.mark.parametrize("seed", [1, 12])  # in the second world a client moves a deadline that was moved already
def test_a_look_before_a_deed_changes_no_history(seed):
    """Deadlines that are moved lie before it: they move when their time comes, whoever looked at them meanwhile."""
    chance = random.Random(seed)
    timeline = begin(seed)
    producer(timeline, rate=5)
    consumer(timeline)
    until_us = timeline.world.now_us
    for number in range(120):
        until_us += chance.choice((1_000, 5_000, 20_000, 100_000, 300_000))
        timeline.run(1_000, until_us)
        next_us(timeline.world)
        if number % 6 == 5:
            with suppress(Refused):  # one that is down is not killed
                timeline.act(chance.choice(DEEDS), until_us)
    again = Timeline(timeline.seed, timeline.shape, MemoryKeeper(timeline.keeper.actions))
    again.run(timeline.head)
    assert again.world.history.sha256() == timeline.world.history.sha256()


def test_a_look_says_when_the_next_event_happens():
    timeline = busy(3, 200)
    for number in range(400):
        if number % 100 == 50:
            timeline.act({"do": "freeze", "name": ("c1", "p1", "broker-1")[number // 100 % 3], "for_ms": 300})
        at_us = next_us(timeline.world)
        timeline.run(1)
        assert timeline.world.now_us == at_us


def test_who_waits_until_a_time_sees_that_nothing_is_left():
    timeline = Timeline(1, Shape(), MemoryKeeper())
    timeline.world.heap = []
    assert (timeline.run(1, 1_000), next_us(timeline.world)) == (Stopped.REST, None)


@pytest.mark.parametrize(
    "action",
    [
        {}, {"do": "fly"}, {"do": "kill", "name": "broker-9"}, {"do": "start"}, {"do": "kill", "loses": "all of it"},
        {"do": "add"}, {"do": "add", "actor": {"kind": "producer"}}, {"do": "freeze", "name": "you"},
        {"do": "add", "actor": {"kind": "producer", "name": "<b>", "topic": "orders"}},
        {"do": "add", "actor": {"kind": "producer", "name": "p", "topic": "orders", "rate": 1e9}},
        {"do": "add", "actor": {"kind": "producer", "name": "p", "topic": "orders", "colour": "red"}},
        {"do": "add", "actor": {"kind": "producer", "name": "p", "topic": "orders", "acks": "1", "idempotent": True}},
        {"do": "add", "actor": {"kind": "consumer", "name": "c", "topic": "orders", "commit": "after"}},
        {"do": "leap", "by_ms": 1 << 60}, {"do": "produce", "topic": "nowhere"}, {"do": "leap", "by_ms": True},
        {"do": "create topic", "topic": "a b"}, {"do": "create topic", "topic": "orders"},
        {"do": "create topic", "topic": "new", "configs": {"retention.ms": "soon"}},
        {"do": "change topic", "topic": "orders", "configs": {"retention.ms": "-7"}},
        {"do": "change topic", "topic": "orders", "configs": {"colour": "red"}},
        {"do": "change topic", "topic": "orders", "configs": {"preallocate": "true"}},
        {"do": "change topic", "topic": "orders"}, {"do": "change topic", "topic": "nowhere", "configs": {}},
        {"do": "delete topic", "topic": "nowhere"}, {"do": "delete topic", "topic": "__consumer_offsets"},
        {"do": "stop client", "name": "nobody"}, {"do": "start client", "name": "you"},
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_refused_in_words_and_nothing_is_done(action):
    timeline = begin()
    before = timeline.world.history.sha256(), len(timeline.keeper.actions)
    with pytest.raises(Refused) as refused:
        timeline.act(action)
    assert len(str(refused.value)) > 10
    assert (timeline.world.history.sha256(), len(timeline.keeper.actions)) == before


def test_a_fork_from_before_a_deed_is_without_it_and_one_of_the_present_has_what_waits():
    timeline = begin()
    before = timeline.head
    timeline.act({"do": "kill"})
    waiting = timeline.fork()
    timeline.run(5)
    other_way = timeline.fork(before)
    for branch in (waiting, other_way):
        branch.run(5)
    assert timeline.world.nodes["broker-1"].machine is waiting.world.nodes["broker-1"].machine is None
    assert other_way.world.nodes["broker-1"].machine is not None
    assert [one.action["do"] for one in other_way.keeper.actions] == ["send"]


def test_a_fork_has_a_past_of_its_own_from_there_on():
    timeline = busy(events=1_000)
    branch = timeline.fork(300)
    branch.act({"do": "leap", "by_ms": 5})
    branch.run(700)
    assert branch.entry(301).kind == "act"
    assert [branch.entry(number) for number in (1, 300)] == [timeline.entry(number) for number in (1, 300)]


def test_partitions_are_added_and_a_record_by_hand_has_its_headers():
    timeline = begin()
    timeline.act({"do": "add partitions", "topic": "orders", "partitions": 4})
    until(timeline, {"seen": "opened", "topic": "orders", "partition": 3})
    timeline.act({"do": "produce", "topic": "orders", "partition": 3, "value": "v", "headers": {"trace": "t1"}})
    until(timeline, {"seen": "high_watermark", "topic": "orders", "partition": 3})
    found = inside.records(timeline.world, "orders", 3, 0, 10)
    assert [(one["value"], one["headers"]) for one in found] == [("v", {"trace": "t1"})]
    logs = [one for one in inside.files(timeline.world, "orders") if one["kind"] == "log"]
    assert logs[3]["synced"] == logs[3]["size"] > 0 == logs[0]["size"]
    with pytest.raises(Refused, match="never taken away"):
        timeline.act({"do": "add partitions", "topic": "orders", "partitions": 2})
