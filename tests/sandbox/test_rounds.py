"""What a learner sees is the world as it is then: not before its time, and not long after."""

import json
import time

from sandbox.runner.hosted import AS_FAST_AS_POSSIBLE, Hosted
from sandbox.runner.turns import NEVER_S
from sandbox.services import sandboxes
from tests.sandbox.test_runner import begin

SLOW_S = 0.03


def watched(pumped, sandbox, seconds: float) -> list[dict]:
    """The times of frames that came, all acknowledged."""
    found: list[dict] = []
    ends_s = time.monotonic() + seconds
    while time.monotonic() < ends_s:
        pumped.runner.serve_once(0.002)
        for line in pumped.lines():
            if "frame" in line and line["sandbox"] == sandbox.id.hex:
                found.append(line["frame"]["time"])
                acknowledged = {"do": "ack", "sandbox": sandbox.id.hex, "seq": line["seq"]}
                pumped.send(json.dumps(acknowledged).encode())
    return found


def test_a_frame_has_all_that_is_due_when_it_is_made_and_nothing_before_its_time(pumped, sandbox, owner, monkeypatch):
    """Others take their time meanwhile: what happens in theirs is no part of waiting for one's own frame."""
    begin(pumped, sandbox)
    others = [sandboxes.make(name=str(number), limits="own", owner=owner, seed=number) for number in range(3)]
    for one in others:
        begin(pumped, one)
        pumped.ok(one, "play")
    tick = Hosted.tick

    def slow(hosted, now_s, budget_s):
        if hosted.id != sandbox.id:
            time.sleep(SLOW_S)
        return tick(hosted, now_s, budget_s)

    monkeypatch.setattr(Hosted, "tick", slow)
    pumped.ok(sandbox, "watch")
    pumped.ok(sandbox, "play")
    frames = watched(pumped, sandbox, 1.5)
    timeline = pumped.runner.hosted[sandbox.id].timeline
    missed_ms = []
    for shown in frames[1:]:
        seen, following = timeline.entry(shown["events"]), timeline.entry(shown["events"] + 1)
        assert seen.at_us <= shown["now_us"]
        if following is not None:
            missed_ms.append(max(0, shown["now_us"] - following.at_us) / 1000)
    assert len(missed_ms) > 5 and sorted(missed_ms)[len(missed_ms) // 2] < SLOW_S * 1000 / 3


def test_what_a_command_did_is_seen_without_waiting_for_anything_to_happen(pumped, sandbox):
    begin(pumped, sandbox)
    pumped.ok(sandbox, "watch")
    watched(pumped, sandbox, 0.3)
    pumped.send(json.dumps({"id": 1, "sandbox": sandbox.id.hex, "do": "jump", "to": 300}).encode())
    (shown,) = (one for one in watched(pumped, sandbox, 0.3) if one["events"] == 300)
    assert not shown["at_present"]


def test_a_world_is_due_when_something_happens_in_it_or_never(pumped, sandbox):
    begin(pumped, sandbox)
    hosted = pumped.runner.hosted[sandbox.id]
    assert hosted.next_s() == NEVER_S
    pumped.ok(sandbox, "play", speed=2)
    following = hosted.timeline.world.heap[0][0]
    assert hosted.next_s() == hosted.anchor_s + (following - hosted.anchor_us) / 2_000_000
    hosted.limits = hosted.limits._replace(events_a_minute=60)
    hosted.fast_events, hosted.filled_s, hosted.speed = 0.0, 100.0, AS_FAST_AS_POSSIBLE
    assert hosted.next_s() == 108.0, "its events of this minute are used up: it waits, and the runner with it"
    hosted.pause()
