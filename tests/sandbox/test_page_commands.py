"""What the page asks of a runner: marks, moments by time, causes of what is on the picture, deliveries."""

import itertools

import pytest

from engine.simulation.hosted import moments
from sandbox.models import Sandbox


@pytest.fixture
def played(pumped, sandbox):
    """Three events, a topic, a producer and a consumer, 20 s."""
    pumped.ok(sandbox, "pause")
    pumped.ok(sandbox, "step", events=3)
    for action in (
        {"do": "create topic", "topic": "orders", "partitions": 2},
        {"do": "add", "actor": {"kind": "producer", "name": "shop", "topic": "orders", "rate": 5}},
        {"do": "add", "actor": {"kind": "consumer", "name": "till", "topic": "orders", "group": "billing"}},
    ):
        pumped.ok(sandbox, "act", action=action)
        pumped.ok(sandbox, "step", events=1)
    pumped.ok(sandbox, "step", until={"seen": "committed"})
    pumped.ok(sandbox, "step", events=60)
    return sandbox


def test_marks_are_told_once_and_in_order(pumped, played):
    found = pumped.ok(played, "moments")
    assert [mark["facts"]["do"] for mark in found["marks"] if mark["track"] == "you"] == ["create topic", "add", "add"]
    assert {"started", "group"} <= {mark["kind"] for mark in found["marks"]}
    events = [mark["event"] for mark in found["marks"]]
    assert events == sorted(events)
    assert pumped.ok(played, "moments", since=events[-1])["marks"] == []
    pumped.ok(played, "act", action={"do": "kill"})
    pumped.ok(played, "step", events=2)
    more = pumped.ok(played, "moments", since=events[-1])
    assert [mark["kind"] for mark in more["marks"]][:2] == ["act", "killed"]


def test_a_long_history_is_looked_through_a_part_at_a_time(pumped, played, monkeypatch):
    monkeypatch.setattr(moments, "SCAN_AT_ONCE", 40)
    kinds, head = [], 0
    while head < pumped.ok(played, "digest")["head"]:
        found = pumped.ok(played, "moments", since=0)
        assert head < found["head"] <= head + 40
        head, kinds = found["head"], [mark["kind"] for mark in found["marks"]]
    assert kinds.count("act") == 3


def test_a_time_leads_to_the_last_event_before_it(pumped, played):
    entries = pumped.ok(played, "history", first=1, count=100)["entries"]
    for one in entries[::20]:
        event = pumped.ok(played, "seek", at_us=one["at_us"])["events"]
        assert entries[event - 1]["at_us"] == one["at_us"]
        assert event == len(entries) or entries[event]["at_us"] > one["at_us"]
    assert pumped.ok(played, "seek", at_us=0)["events"] in range(len(entries))


@pytest.mark.parametrize(
    "of",
    [
        {"of": "record", "topic": "orders", "partition": 0, "offset": 0},
        {"of": "high watermark", "topic": "orders", "partition": 0},
        {"of": "committed", "topic": "orders", "partition": 0, "group": "billing"},
        {"of": "position", "topic": "orders", "partition": 0, "name": "till"},
        {"of": "group", "name": "billing"},
        {"of": "actor", "name": "shop"},
        {"of": "broker", "name": "broker-1"},
        {"of": "event", "event": 30},
    ],
    ids=lambda of: of["of"],
)
def test_every_chain_ends_in_something_the_learner_did_or_a_config(pumped, played, of):
    before = pumped.ok(played, "digest")
    found = pumped.ok(played, "explain", **of)
    assert found["steps"][-1]["because"] in ("action", "config", "beginning")
    for step in found["steps"]:
        entry = pumped.ok(played, "history", first=step["event"], count=1)["entries"][0]
        assert (entry["at_us"], entry["kind"]) == (step["at_us"], step["kind"])
    assert pumped.ok(played, "digest") == before


def test_what_never_was_has_no_chain(pumped, played):
    assert pumped.ok(played, "explain", of="record", topic="orders", partition=0, offset=10**9)["steps"] == []
    assert pumped.ok(played, "explain", of="group", name="<b>nobody</b>")["steps"] == []


def test_deliveries_are_told_record_by_record_and_what_was_lost_too(pumped, played):
    found = pumped.ok(played, "deliveries", topic="orders", partition=0)
    assert found["readers"] == ["billing"]
    assert found["rows"][0] == {
        "offset": found["rows"][0]["offset"], "appended": True, "acknowledged": True, "synced": True, "visible": True,
        "copy_of": None,
        "groups": {"billing": [1, 1, True]},
    }  # fmt: skip
    pumped.ok(played, "act", action={"do": "slow disk", "by_ms": 60_000})
    pumped.ok(played, "step", until={"seen": "appended"})
    pumped.ok(played, "act", action={"do": "kill", "loses": "unsynced"})
    pumped.ok(played, "step", events=2)
    pumped.ok(played, "act", action={"do": "start"})
    pumped.ok(played, "step", until={"seen": "started"})
    lost = [one for index in (0, 1) for one in pumped.ok(played, "deliveries", topic="orders", partition=index)["lost"]]
    assert lost and not any(one["acknowledged"] for one in lost)


def test_a_fork_of_a_moment_to_come_is_refused_and_leaves_nothing(pumped, played):
    before = Sandbox.objects.count()
    head = pumped.ok(played, "digest")["head"]
    assert "a moment between" in pumped.ask(played, "fork", **{"from": head + 1, "name": "Later"})["refused"]
    assert Sandbox.objects.count() == before


def test_a_fork_is_compared_with_where_it_comes_from(pumped, played):
    branch = pumped.ok(played, "fork", name="Other")["sandbox"]
    assert pumped.ok(branch, "compare", other=played.id.hex)["differences"] == []
    new = {"kind": "consumer", "name": "late", "topic": "orders", "group": "late", "auto_commit_interval_ms": 100}
    pumped.ok(branch, "act", action={"do": "add", "actor": new})
    pumped.ok(branch, "step", until={"seen": "committed", "group": "late"})
    pumped.ok(branch, "step", events=20)
    found = pumped.ok(branch, "compare", other=played.id.hex)["differences"]
    assert any("acknowledged" in what for what, there, here in found)
    assert any("groups / late / processed" in what for what, there, here in found)
    assert [one for one in found if "__consumer_offsets" in one[0]] == [], "what the brokers keep for themselves"
    assert [one for one in found if not one[1] and not one[2]] == [], "nothing here and nothing there is no difference"


def test_malformed_questions_are_refused(pumped, played):
    for asked in (
        {"do": "explain", "of": "everything"},
        {"do": "explain", "of": "record", "topic": 7},
        {"do": "deliveries", "topic": "no", "partition": 0},
        {"do": "compare", "other": "x"},
        {"do": "seek", "at_us": -1},
        {"do": "seek", "at_us": True},
    ):
        assert pumped.ask(played, asked.pop("do"), **asked)["refused"]


def test_a_group_that_is_as_it_was_is_no_news(pumped, played):
    pumped.ok(played, "step", until={"seen": "group", "state": "Stable"})
    found = [mark["facts"] for mark in pumped.ok(played, "moments")["marks"] if mark["kind"] == "group"]
    seen = [(one["group"], one["state"], one["generation"], one["members"]) for one in found]
    assert seen and all(one != other for one, other in itertools.pairwise(seen))
