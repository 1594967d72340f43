"""Sentences for people: every kind of thing that happens has one, and names stay as they are."""

import pytest

from engine.simulation.hosted import observed
from engine.simulation.hosted.moments import TRACKS
from engine.simulation.hosted.why import Step
from sandbox.feed import words

VALUES = {
    "places": [["orders", 0]], "offsets": {}, "unsure": True, "api": 0, "members": 1, "lost_bytes": 7,
    "by_us": 2_000_000, "for_us": 5_000_000, "by_ms": -60_000, "first": 1, "last": 3, "end": 4,
}  # fmt: skip


@pytest.mark.parametrize("kind", observed.FIELDS)
def test_everything_that_is_ever_seen_has_a_sentence(kind):
    seen = {"node": "broker-1", "kind": kind} | {name: VALUES.get(name, 5) for name in observed.FIELDS[kind]}
    said = words.observation(seen)
    assert "{" not in said and "None" not in said
    assert kind in words.SEEN or said.startswith("broker-1: ")


def test_marks_are_of_kinds_that_exist():
    assert set(TRACKS) <= set(observed.FIELDS)


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ({"do": "kill", "name": "broker-1", "loses": "unsynced"}, "You kill broker-1 and lose what is not synced."),
        ({"do": "leap", "name": None, "by_ms": 604_800_000}, "You set the clock of everybody by 7\u202fd."),
        ({"do": "slow disk", "name": "broker-1", "by_ms": 0}, "You make the disk of broker-1 as fast as before."),
        ({"do": "cut", "name": "shop", "for_ms": 1_500}, "You cut shop off for 1.5\u202fs."),
        (
            {"do": "create topic", "topic": "a", "partitions": 1, "client": "you"},
            "You create topic a with 1 partition.",
        ),
        ({"do": "produce", "topic": "a", "partition": 0, "acks": -1, "client": None}, "You produce to a-0."),
        (
            {"do": "change topic", "topic": "a", "configs": {"retention.ms": "9", "segment.ms": ""}, "client": "you"},
            "You change a: retention.ms=9, segment.ms back to its default.",
        ),
    ],
)
def test_what_the_learner_did_is_said_to_the_learner(action, said):
    assert words.mark({"kind": "act", "facts": action}) == said


def test_a_sentence_that_begins_with_a_name_keeps_it():
    assert words.sentence("shop-1 leaves group a") == "shop-1 leaves group a."
    assert words.sentence("group a is Stable") == "Group a is Stable."


def test_hostile_names_stand_in_sentences_as_they_are():
    name = "<img src=x onerror=alert(1)>"
    assert name in words.observation({"node": name, "kind": "left", "group": "g"})


def test_a_consumer_says_when_it_commits_and_without_a_group_that_it_has_none():
    reads = {"kind": "consumer", "name": "reader", "topic": "orders", "commit": "auto"}
    said = words.action({"do": "add", "actor": {**reads, "group": "books"}})
    assert said == "you add consumer reader: reads orders in group books, commits by itself"
    said = words.action({"do": "add", "actor": {**reads, "group": None, "commit": "never"}})
    assert said == "you add consumer reader: reads orders without a group"


def test_a_broker_that_loses_its_power_says_whether_anything_went_with_it():
    lost = {"node": "broker-1", "kind": "crashed"}
    assert words.observation({**lost, "lost_bytes": 420}).endswith("and 420 bytes that were not synced")
    assert words.observation({**lost, "lost_bytes": 0}).endswith("nothing with it: all was synced")


def test_a_chain_says_in_what_it_ends():
    kill = Step(9, 5, "act", "you", {"do": "kill", "name": "broker-1", "loses": "nothing"}, [], "action")
    killed = Step(10, 5, "kill", "broker-1", {}, [{"node": "broker-1", "kind": "killed", "reason": ""}], "cause")
    found = words.steps([killed.as_json(), kill.as_json()])
    assert [one["tone"] for one in found] == ["bad", "thread"]
    assert found[1]["end"] == "Here the chain ends, in something you did."
    config = Step(1, 5, "deadline", "broker-1", {"configs": {}, "config": "log.roll.ms"}, [], "config")
    assert "log.roll.ms" in words.steps([config.as_json()])[0]["end"]


def test_what_waits_is_said_with_its_numbers():
    facts = {"topic": "orders", "partition": 0, "why": "not synced yet", "config": {"durability": "fsync"}}
    said = words.waiting({**facts, "end": 41, "synced_end": 34})
    assert "41" in said and "34" in said and "fsync" in said
