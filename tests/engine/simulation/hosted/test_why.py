"""Every chain of causes ends in an action of the learner or in a config, and each step is an event of the history."""

import random

import pytest

from engine.simulation.hosted import observed
from engine.simulation.hosted.picture import picture
from engine.simulation.hosted.why import STEPS_MAX, waiting, why, why_seen
from tests.engine.simulation.hosted.worlds import begin, busy, consumer, until


@pytest.fixture(scope="module")
def recorded():
    return busy(5, 4_000)


def by_kind(timeline) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for number in range(1, timeline.head + 1):
        entry = timeline.entry(number)
        assert entry is not None and entry.number == number
        found.setdefault(f"event {entry.kind}", []).append(number)
        for one in entry.seen:
            found.setdefault(one.kind, []).append(number)
    return found


def test_twenty_of_each_kind_end_in_an_action_or_a_config(recorded):
    chance = random.Random(1)
    kinds = by_kind(recorded)
    assert len(kinds) > 25
    for kind, numbers in kinds.items():
        for number in chance.sample(numbers, min(20, len(numbers))):
            steps = why(recorded, number)
            assert steps[0].event == number
            assert len(steps) <= STEPS_MAX
            assert steps[-1].because in ("action", "config", "beginning"), (kind, number, steps[-1])
            if steps[-1].because == "action":
                assert steps[-1].kind == "act" and steps[-1].facts["do"]
            else:
                assert steps[-1].facts["configs"] is not None
            events = [step.event for step in steps]
            assert events == sorted(events, reverse=True), "causes come before what they cause"
            assert all(recorded.entry(event) is not None for event in events)


def test_every_observation_has_a_kind_with_names_for_its_values(recorded):
    for number in range(1, recorded.head + 1):
        for one in recorded.entry(number).seen:
            assert one.kind in observed.FIELDS, one
            assert len(one.values) <= len(observed.FIELDS[one.kind]), one


def test_a_commit_is_because_of_the_consumer_that_was_added():
    timeline = begin()
    consumer(timeline, commit="after")
    timeline.act({"do": "produce", "topic": "orders", "value": "one", "partition": 0})
    until(timeline, {"seen": "committed", "offset": 1})
    steps = why_seen(timeline, "committed", offset=1)
    kinds = [one["kind"] for step in steps for one in step.seen]
    assert {"committed", "request_sent", "processed", "delivered"} <= {*kinds}
    assert (steps[-1].because, steps[-1].facts["config"]) == ("config", "group.initial.rebalance.delay.ms")
    timeline.act({"do": "produce", "topic": "orders", "value": "two", "partition": 0})
    until(timeline, {"seen": "committed", "offset": 2})
    assert why_seen(timeline, "committed", offset=2)[-1].facts["do"] == "produce"


def test_a_high_watermark_that_stands_is_because_of_a_slow_disk_or_a_killed_broker():
    timeline = begin()
    assert waiting(timeline, "orders", 0)["why"] == "nothing waits"
    timeline.act({"do": "slow disk", "by_ms": 60_000})
    timeline.act({"do": "produce", "topic": "orders", "value": "one", "partition": 0})
    until(timeline, {"seen": "appended", "topic": "orders"})
    found = waiting(timeline, "orders", 0)
    assert (found["why"], found["high_watermark"], found["end"]) == ("disk is slow", 0, 1)
    assert why(timeline, found["event"])[-1].facts == {"do": "slow disk", "name": "broker-1", "by_ms": 60_000}
    timeline.act({"do": "kill"})
    timeline.run(3)
    found = waiting(timeline, "orders", 0)
    assert found["why"] == "broker is down"
    assert why(timeline, found["event"])[-1].facts["do"] == "kill"


def test_the_picture_shows_the_world_and_looking_changes_nothing(recorded):
    before = recorded.world.history.sha256()
    shown = picture(recorded)
    assert recorded.world.history.sha256() == before
    assert [topic["name"] for topic in shown["topics"]] == ["__consumer_offsets", "orders"]
    assert {actor["name"] for actor in shown["actors"]} == {"p1", "p2", "c1"}
    part = shown["topics"][1]["partitions"][0]
    assert part["start"] <= part["high_watermark"] <= part["end"]
    assert part["records"][-1]["offset"] == part["end"] - 1
    assert shown["groups"][0]["name"] == "readers"
