"""A moment far from every keyframe is reached in slices: who asked is answered there, others do not wait."""

import json
from contextlib import suppress

from console.kafka import topics
from console.kafka.errors import ClusterUnreachable
from sandbox.services import sandboxes

EVENTS = 9_000


def far(pumped, sandbox):
    """A world of many events whose keyframes are gone, but for the first and the last; it stands at its present."""
    pumped.ok(sandbox, "step", events=3)
    pumped.ok(sandbox, "act", action={"do": "create topic", "topic": "orders", "partitions": 2})
    for kind, name in (("producer", "p1"), ("consumer", "c1")):
        pumped.ok(sandbox, "act", action={"do": "add", "actor": {"kind": kind, "name": name, "topic": "orders"}})
    while pumped.ok(sandbox, "step", events=2_000)["head"] < EVENTS:
        pass
    keeper = pumped.runner.hosted[sandbox.id].keeper
    keeper.settle()
    keeper.keyframes = keeper.keyframes[:1]
    return pumped.runner.hosted[sandbox.id]


def forget_keyframes(hosted):
    hosted.keeper.settle()  # one may be on its way to the disk
    hosted.keeper.keyframes = []


def asked(pumped, sandbox, number, do, **arguments):
    pumped.send(json.dumps({"id": number, "sandbox": str(sandbox.id), "do": do, **arguments}).encode())


def answers(pumped, wanted):
    found = {}
    pumped.until(lambda: found.update({one.get("id"): one for one in pumped.lines()}) or wanted <= found.keys())
    return found


def test_others_go_on_while_a_world_is_on_its_way(pumped, sandbox, owner):
    hosted = far(pumped, sandbox)
    there = pumped.ok(sandbox, "digest")["digest"]
    other = sandboxes.make(name="other", limits="own", owner=owner, seed=8)
    pumped.ok(other, "step", events=3)
    pumped.ok(other, "act", action={"do": "create topic", "topic": "orders", "partitions": 1})
    pumped.ok(other, "step", until={"seen": "opened", "topic": "orders", "partition": 0})
    actor = {"kind": "producer", "name": "p1", "topic": "orders", "rate": 100}
    pumped.ok(other, "act", action={"do": "add", "actor": actor})
    pumped.ok(other, "play", speed=1)
    forget_keyframes(hosted)
    asked(pumped, sandbox, 1_000, "jump", to=EVENTS - 500)
    pumped.runner.serve_once(0.0)
    assert (hosted.going_to, hosted.frame()["time"]["going_to"]) == (EVENTS - 500, EVENTS - 500)
    before, seen = pumped.runner.hosted[other.id].timeline.world.events, set()
    while hosted.going_to is not None:
        assert pumped.lines() == [], "answered before it is there"
        seen.add(hosted.timeline.world.events)
        pumped.runner.serve_once(0.0)
    assert pumped.runner.hosted[other.id].timeline.world.events > before
    assert len(seen) > 3
    told = answers(pumped, {1_000})[1_000]["ok"]
    assert (told["events"], told["stopped"]) == (EVENTS - 500, "jumped")
    pumped.ok(sandbox, "jump")
    assert pumped.ok(sandbox, "digest")["digest"] == there


def test_what_is_asked_on_the_way_is_answered_there_and_another_jump_goes_instead(pumped, sandbox):
    hosted = far(pumped, sandbox)
    pumped.ok(sandbox, "jump", to=10)
    forget_keyframes(hosted)
    asked(pumped, sandbox, 1_000, "jump", to=EVENTS - 1)
    asked(pumped, sandbox, 1_001, "history", first=1, count=1)
    pumped.runner.serve_once(0.0)
    assert hosted.going_to == EVENTS - 1
    asked(pumped, sandbox, 1_002, "ack", seq=1)
    asked(pumped, sandbox, 1_003, "digest")
    found = answers(pumped, {1_000, 1_001, 1_003})
    assert found[1_003]["ok"]["events"] == EVENTS - 1
    forget_keyframes(hosted)  # those that were made on the way
    asked(pumped, sandbox, 1_004, "jump", to=0)
    asked(pumped, sandbox, 1_005, "jump", to=EVENTS - 1)
    pumped.runner.serve_once(0.0)
    assert hosted.going_to == EVENTS - 1
    asked(pumped, sandbox, 1_006, "seek", at_us=0)
    found = answers(pumped, {1_004, 1_005, 1_006})
    assert found[1_005]["ok"]["events"] < EVENTS - 1, "it went elsewhere"
    assert hosted.timeline.world.events == found[1_006]["ok"]["events"] < 10


def test_a_world_that_falls_asleep_on_its_way_wakes_where_it_was_to_go(pumped, sandbox):
    hosted = far(pumped, sandbox)
    forget_keyframes(hosted)
    asked(pumped, sandbox, 1_000, "jump", to=EVENTS - 700)
    pumped.runner.serve_once(0.0)
    assert hosted.going_to is not None
    pumped.runner.put_to_sleep(sandbox.id)
    assert "asleep" in answers(pumped, {1_000})[1_000]["refused"]
    assert pumped.ok(sandbox, "digest")["events"] == EVENTS - 700


def busy(pumped, owner):
    """Another world, in which time goes on."""
    other = sandboxes.make(name="other", limits="own", owner=owner, seed=8)
    pumped.ok(other, "step", events=3)
    pumped.ok(other, "act", action={"do": "create topic", "topic": "orders", "partitions": 1})
    pumped.ok(other, "step", until={"seen": "opened", "topic": "orders", "partition": 0})
    actor = {"kind": "producer", "name": "p1", "topic": "orders", "rate": 100}
    pumped.ok(other, "act", action={"do": "add", "actor": actor})
    pumped.ok(other, "play", speed=1)
    return pumped.runner.hosted[other.id]


def slices(pumped, hosted, other):
    """Rounds until a world has arrived: how many there were, and how far the other came meanwhile."""
    before, rounds = other.timeline.world.events, 0
    while hosted.going_to is not None:
        assert pumped.lines() == [], "answered before it is there"
        pumped.runner.serve_once(0.0)
        rounds += 1
    return rounds, other.timeline.world.events - before


def test_others_go_on_while_a_fork_is_on_its_way_to_where_it_begins(pumped, sandbox, owner):
    hosted = far(pumped, sandbox)
    pumped.ok(sandbox, "jump", to=EVENTS - 500)
    there = pumped.ok(sandbox, "digest")
    pumped.ok(sandbox, "jump")
    other = busy(pumped, owner)
    forget_keyframes(hosted)
    asked(pumped, sandbox, 1_000, "fork", **{"from": EVENTS - 500, "name": "Far"})
    pumped.runner.serve_once(0.0)
    branch = next(one for one in pumped.runner.hosted.values() if one.id not in (sandbox.id, other.id))
    rounds, went_on = slices(pumped, branch, other)
    assert rounds > 3 and went_on > 0
    told = answers(pumped, {1_000})[1_000]["ok"]
    assert (told["sandbox"], told["events"], told["head"]) == (branch.id.hex, EVENTS - 500, EVENTS - 500)
    assert pumped.ok(told["sandbox"], "digest")["digest"] == there["digest"]
    action = {"do": "produce", "topic": "orders", "value": "another way"}
    assert pumped.ok(told["sandbox"], "act", action=action), "it is at its present"


def test_others_go_on_while_one_wakes_after_a_kill_and_who_asks_for_it_is_answered_then(pumped, sandbox, owner):
    hosted = far(pumped, sandbox)
    pumped.ok(sandbox, "act", action={"do": "produce", "topic": "orders", "value": "the last"})
    last = hosted.keeper.actions[-1].after
    before = pumped.ok(sandbox, "digest")
    other = busy(pumped, owner)
    forget_keyframes(hosted)
    for path in hosted.keeper.directory.glob("keyframe-*"):
        path.unlink()
    pumped.runner.forget(sandbox.id)  # as kill -9 leaves it
    asked(pumped, sandbox, 1_000, "digest")
    asked(pumped, sandbox, 1_001, "act", action={"do": "kill"})
    pumped.runner.serve_once(0.0)
    woken = pumped.runner.hosted[sandbox.id]
    assert woken.waking is not None and not woken.is_shown
    rounds, went_on = slices(pumped, woken, other)
    assert rounds > 3 and went_on > 0
    found = answers(pumped, {1_000, 1_001})
    assert found[1_000]["ok"]["events"] >= last and found[1_001]["ok"]["action"]["do"] == "kill"
    assert found[1_000]["ok"]["digest"] == before["digest"]


def test_who_looked_back_wakes_there_and_who_is_put_to_sleep_on_the_way_wakes_as_it_was(pumped, sandbox):
    hosted = far(pumped, sandbox)
    there = EVENTS - 700
    pumped.ok(sandbox, "jump", to=there)
    digest, head = pumped.ok(sandbox, "digest")["digest"], hosted.timeline.head
    pumped.ok(sandbox, "sleep")
    for path in hosted.keeper.directory.glob("keyframe-*"):
        path.unlink()
    asked(pumped, sandbox, 1_000, "digest")
    pumped.runner.serve_once(0.0)
    assert pumped.runner.hosted[sandbox.id].waking is not None
    pumped.runner.put_to_sleep(sandbox.id)
    found = answers(pumped, {1_000})[1_000]["ok"]
    assert (found["events"], found["head"], found["digest"]) == (there, head, digest)


def test_a_world_that_fails_while_it_wakes_is_refused_and_not_tried_again_and_again(pumped, sandbox, monkeypatch):
    hosted = far(pumped, sandbox)
    pumped.ok(sandbox, "sleep")
    for path in hosted.keeper.directory.glob("keyframe-*"):
        path.unlink()
    tries = []
    go_on = type(hosted)._go_on

    def fails(one, budget_s):
        if one.timeline.world.events > 500:
            tries.append(one)
            raise RuntimeError("a fault of ours")
        return go_on(one, budget_s)

    monkeypatch.setattr(type(hosted), "_go_on", fails)
    for number in (1_000, 1_001):
        asked(pumped, sandbox, number, "digest")
    found = answers(pumped, {1_000, 1_001})
    assert all("could not be woken" in one["refused"] for one in found.values())
    assert len(tries) == 1
    monkeypatch.undo()
    pumped.runner.not_before_s = {}
    assert pumped.ok(sandbox, "digest")["head"] == hosted.timeline.head


def test_a_client_that_connects_while_it_wakes_is_served_when_it_is_there(pumped, sandbox, spec):
    hosted = far(pumped, sandbox)
    pumped.ok(sandbox, "sleep")
    for path in hosted.keeper.directory.glob("keyframe-*"):
        path.unlink()
    asked(pumped, sandbox, 1_000, "wake")
    pumped.runner.serve_once(0.0)
    assert pumped.runner.hosted[sandbox.id].waking is not None
    page = pumped.call(topics_when_there, spec)
    assert [topic.name for topic in page.topics] == ["orders"]


def topics_when_there(spec):
    """What the page of topics shows; asked for again, as a reader does, where waking takes longer than a page waits."""
    for _ in range(20):
        with suppress(ClusterUnreachable):
            return topics.topic_page(spec)
    raise AssertionError("it never answered")
