"""The runner: commands, frames with acknowledgements, sleep and wake, leases, what a killed process kept."""

import os
import signal
import socket
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from engine.simulation.hosted.actor_specs import parse
from sandbox import places
from sandbox.lease import LEASE_S, SAFETY_S, may_take, must_let_go
from sandbox.lifecycle import TRANSITIONS, State, before
from sandbox.models import Sandbox
from sandbox.runner import server, sockets
from sandbox.runner.file_keeper import FileKeeper, read_actions
from sandbox.runner.framed_file import FramedFile
from sandbox.services import leases, sandboxes
from tests.sandbox.conftest import Pumped

PRODUCER = {"kind": "producer", "name": "p1", "topic": "orders", "rate": 50}


def begin(pumped, sandbox, events=600):
    pumped.ok(sandbox, "pause")
    pumped.ok(sandbox, "step", events=3)
    pumped.ok(sandbox, "act", action={"do": "create topic", "topic": "orders", "partitions": 2})
    pumped.ok(sandbox, "act", action={"do": "add", "actor": PRODUCER})
    for left in range(events, 0, -2_000):
        pumped.ok(sandbox, "step", events=min(left, 2_000))


def test_a_new_sandbox_plays_at_once_and_its_picture_comes_by_itself(pumped, sandbox):
    began_s = time.monotonic()
    pumped.ok(sandbox, "watch")
    pumped.until(lambda: pumped.frames or pumped.frames.extend(pumped.lines()))
    assert time.monotonic() - began_s < 5
    first = pumped.frames[0]
    assert (first["seq"], first["frame"]["time"]["speed"]) == (1, 1.0)


def test_frames_wait_for_their_acknowledgement(pumped, sandbox):
    begin(pumped, sandbox)
    pumped.ok(sandbox, "watch")
    pumped.ok(sandbox, "play", speed=10)
    pumped.serve(1.0)
    frames = pumped.frames + pumped.lines()
    assert [frame["seq"] for frame in frames] == [1, 2, 3]
    pumped.send(b'{"do":"ack","sandbox":"%s","seq":3}' % sandbox.id.hex.encode())
    pumped.until(lambda: any(frame.get("seq") == 4 for frame in pumped.lines()))


@pytest.mark.parametrize(
    "line",
    [b"", b"nonsense", b"[]", b"{}", b'{"do":"fly","id":1}', b'{"do":"act","sandbox":"x"}', b"\xff\xfe", b'"do"'],
)
def test_malformed_commands_are_refused_in_words(pumped, sandbox, line):
    pumped.send(line)
    found: list[dict] = []
    pumped.until(lambda: found or found.extend(pumped.lines()))
    assert len(found[0]["refused"]) > 5
    assert pumped.ok(sandbox, "frame")["time"]


@pytest.mark.parametrize(
    ("do", "arguments"),
    [
        ("play", {"speed": 0}), ("play", {"speed": 99}), ("play", {"speed": "fast"}), ("jump", {"to": -1}),
        ("jump", {"to": 1 << 40}), ("step", {"events": 0}), ("step", {"until": {"seen": "nonsense"}}),
        ("step", {"until": {"seen": "appended", "offset": {"like": 3}}}), ("fork", {"from": 1 << 40}),
        ("why", {}), ("why", {"seen": {"kind": "x"}}), ("act", {"action": {"do": "kill"}, "also": 1}),
        ("history", {"count": 10_000}), ("frame", {"sandbox_": 1}),
    ],
)  # fmt: skip
def test_commands_that_make_no_sense_are_refused(pumped, sandbox, do, arguments):
    pumped.ok(sandbox, "pause")
    before = pumped.ok(sandbox, "digest")
    assert "refused" in pumped.ask(sandbox, do, **arguments)
    assert pumped.ok(sandbox, "digest")["digest"] == before["digest"]


def test_a_world_sleeps_on_disk_and_wakes_as_it_was(pumped, sandbox):
    begin(pumped, sandbox)
    before = pumped.ok(sandbox, "digest")
    pumped.ok(sandbox, "jump", to=300)
    pumped.ok(sandbox, "sleep")
    assert pumped.runner.hosted == {}
    assert Sandbox.objects.get().state == State.ASLEEP
    where = pumped.ok(sandbox, "digest")
    assert (where["events"], where["head"]) == (300, before["head"])
    pumped.ok(sandbox, "jump")
    assert pumped.ok(sandbox, "digest")["digest"] == before["digest"]


def test_a_history_that_is_too_long_is_thinned_and_every_moment_can_still_be_had(pumped, sandbox):
    begin(pumped, sandbox, 14_000)
    hosted = pumped.runner.hosted[sandbox.id]
    pumped.ok(sandbox, "jump", to=5_000)
    there = pumped.ok(sandbox, "digest")["digest"]
    before = list(hosted.keeper.keyframes)
    hosted.limits = hosted.limits._replace(history_bytes=hosted.keeper.bytes_on_disk() - 1, retained_bytes=0)
    hosted.keep_house()
    assert (len(hosted.keeper.keyframes) < len(before), hosted.full) == (True, False)
    pumped.ok(sandbox, "jump")
    pumped.ok(sandbox, "jump", to=5_000)
    assert pumped.ok(sandbox, "digest")["digest"] == there
    pumped.ok(sandbox, "jump")
    hosted.limits = hosted.limits._replace(history_bytes=10)
    hosted.keep_house()
    assert "room" in pumped.ask(sandbox, "play")["refused"]


def test_sandboxes_that_begin_together_take_their_keyframes_at_different_moments(pumped, owner):
    made = [sandboxes.make(name=str(number), limits="own", owner=owner, seed=1) for number in range(8)]
    for one in made:
        pumped.ok(one, "pause")
    assert len({pumped.runner.hosted[one.id].timeline.keyframe_after for one in made}) > 1


def test_what_a_forged_keyframe_says_is_not_believed(pumped, sandbox):
    begin(pumped, sandbox)
    before = pumped.ok(sandbox, "digest")
    pumped.ok(sandbox, "sleep")
    for path in places.directory(sandbox.id).glob("keyframe-*"):
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(content)
    assert pumped.ok(sandbox, "digest")["digest"] == before["digest"]


def test_a_later_build_wakes_it_from_its_disks(pumped, sandbox, monkeypatch):
    begin(pumped, sandbox)
    ends = {part["index"]: part["end"] for part in pumped.ok(sandbox, "frame")["topics"][0]["partitions"]}
    pumped.ok(sandbox, "sleep")
    pumped.runner.build = "another"
    pumped.ok(sandbox, "step", events=5)
    shown = pumped.ok(sandbox, "frame")
    assert {part["index"]: part["end"] for part in shown["topics"][0]["partitions"]} == ends
    assert [actor["name"] for actor in shown["actors"]] == ["p1"]
    pumped.ok(sandbox, "step", events=200)
    assert (places.directory(sandbox.id) / "before-0" / "past").exists()


def test_a_later_build_begins_anew_what_was_killed_before_it_had_a_keyframe(pumped, sandbox):
    begin(pumped, sandbox, 600)
    pumped.runner.forget(sandbox.id)  # as kill -9 leaves it: no keyframe, no disks, two blocks of history
    assert len(FramedFile(places.directory(sandbox.id) / "past")) > 1
    pumped.runner.build = "another"
    assert pumped.ok(sandbox, "step", events=600)["events"] > 600
    assert (places.directory(sandbox.id) / "before-0" / "past").exists(), "its history is not mixed with the new one"
    shown = pumped.ok(sandbox, "frame")
    assert [actor["name"] for actor in shown["actors"]] == ["p1"]


def test_what_the_last_action_did_is_there_when_it_is_woken_after_a_kill(pumped, sandbox):
    begin(pumped, sandbox)
    pumped.ok(sandbox, "act", action={"do": "kill"})
    assert not pumped.ok(sandbox, "frame")["brokers"][0]["up"]
    pumped.runner.forget(sandbox.id)
    assert not pumped.ok(sandbox, "frame")["brokers"][0]["up"]


def test_another_runner_takes_over_when_the_lease_is_over_and_not_before(pumped, sandbox):
    begin(pumped, sandbox)
    before = pumped.ok(sandbox, "digest")
    other = Pumped("two")
    try:
        assert "another runner" in other.ask(sandbox, "digest")["refused"]
        Sandbox.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
        assert other.ok(sandbox, "digest")["head"] <= before["head"]
        assert other.ok(sandbox, "jump")["head"] >= 3
        pumped.runner.renewed_s = 0.0
        pumped.serve(0.05)
        assert pumped.runner.hosted == {}, "the first runner notices that it is no longer its own"
        assert places.socket_path(sandbox.id).exists(), "and leaves the other's socket alone"
    finally:
        other.close()


def test_a_database_that_does_not_answer_is_said_and_worlds_that_are_awake_go_on(pumped, sandbox, monkeypatch):
    def down(*_: object) -> None:
        raise OperationalError("locked")

    begin(pumped, sandbox)
    monkeypatch.setattr(leases, "renew", down)
    monkeypatch.setattr(leases, "take", down)
    pumped.runner.renewed_s = 0.0
    pumped.serve(0.05)
    assert pumped.ok(sandbox, "step")["events"]
    monkeypatch.setattr(leases, "let_go", down)
    pumped.ok(sandbox, "sleep")
    assert "database" in pumped.ask(sandbox, "frame")["refused"]
    monkeypatch.undo()
    assert pumped.ok(sandbox, "frame")["time"]


def test_an_expired_sandbox_is_over_for_everybody(pumped, sandbox):
    begin(pumped, sandbox)
    Sandbox.objects.update(expires_at=timezone.now())
    assert sandboxes.expire_due() == [sandbox.id]
    pumped.runner.renewed_s = 0.0
    pumped.serve(0.05)
    assert pumped.runner.hosted == {}
    assert "over" in pumped.ask(sandbox, "frame")["refused"]
    sandboxes.expire_due()
    assert not places.directory(sandbox.id).exists()


def test_the_files_of_a_sandbox_whose_row_is_gone_are_removed_and_nobody_elses(pumped, sandbox, owner):
    begin(pumped, sandbox)
    other = sandboxes.make(name="Other", limits="member", owner=owner)
    begin(pumped, other)
    gone = places.directory(sandbox.id)
    sandbox.cluster.delete()
    pumped.runner.renewed_s = 0.0
    pumped.serve(0.05)
    sandboxes.expire_due()
    assert not gone.exists() and places.directory(other.id).exists()
    assert list(pumped.runner.hosted) == [other.id]


def test_kill_9_loses_no_action_that_was_accepted(sandbox, data, transactional_db):
    """A process that hosts it is killed while actions are accepted: a new one knows them all."""
    directory = places.directory(sandbox.id)
    script = (
        "import sys; from pathlib import Path\n"
        "from sandbox.runner.file_keeper import FileKeeper\n"
        "from engine.simulation.hosted.timeline import Timeline\n"
        "from engine.simulation.hosted.shape import Shape\n"
        "timeline = Timeline(7, Shape(), FileKeeper(Path(sys.argv[1]), b'k' * 32, 'b'))\n"
        "timeline.run(3)\n"
        "timeline.act({'do': 'create topic', 'topic': 'orders'})\n"
        "timeline.run(50)\n"
        "while True:\n"
        "    timeline.act({'do': 'produce', 'topic': 'orders', 'value': 'x'})\n"
        "    print(len(timeline.keeper.actions), flush=True)\n"
        "    timeline.run(400)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script, str(directory)], stdout=subprocess.PIPE, text=True)
    accepted = [int(process.stdout.readline()) for _ in range(30)]
    os.kill(process.pid, signal.SIGKILL)
    accepted += [int(line) for line in process.stdout.read().split()]
    process.wait()
    keeper = FileKeeper(directory, b"k" * 32, "b")
    assert len(keeper.actions) >= accepted[-1]
    hosted = server.wake(sandbox.id, 7, server.shape_of({}, server.limits_of("own")), keeper, server.limits_of("own"))
    while hosted.waking is not None:
        hosted.tick(0.0, 0.0)
    hosted.timeline.run(400)
    assert hosted.timeline.world.past.ledger.summary()["partitions"]["orders-0"]["end"] >= accepted[-1] - 1


def test_half_an_action_at_the_end_of_its_file_was_not_accepted(tmp_path):
    path = tmp_path / "actions"
    path.write_bytes(b'[1, 5, {"do": "kill"}]\n[2, 7, {"do"')
    assert [one.after for one in read_actions(path)] == [1]
    assert path.read_bytes() == b'[1, 5, {"do": "kill"}]\n'


def test_a_framed_file_forgets_half_a_piece(tmp_path):
    one = FramedFile(tmp_path / "past")
    one.append([b"first", b"second"])
    with (tmp_path / "past").open("ab") as file:
        file.write(b"\0\0\0\x09half")
    again = FramedFile(tmp_path / "past")
    assert [again.read(number) for number in range(len(again))] == [b"first", b"second"]
    again.append([b"third"])
    assert FramedFile(tmp_path / "past").read_all() == [b"first", b"second", b"third"]


def test_too_fast_a_writer_is_answered_later_and_told_so(pumped, owner, data):
    from sandbox.runner.rates import Bucket

    bucket = Bucket(50)
    assert bucket.draw(500, 100.0) == 0.0
    assert bucket.draw(100, 100.0) == 2.0
    assert bucket.draw(0, 112.0) == 0.0


def test_sockets_of_killed_runners_are_removed_and_those_of_living_ones_are_not(pumped):
    dead = places.control_path("dead")
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(dead))
    sockets.remove_dead(places.sockets())
    assert not dead.exists() and places.control_path("one").exists()


def test_states_and_leases():
    assert before(State.AWAKE) == [State.REQUESTED, State.ASLEEP]
    assert State.EXPIRED not in before(State.EXPIRED)
    assert set(TRANSITIONS) == set(State)
    assert may_take("", 0, "a", 5) and may_take("b", 5, "a", 5) and not may_take("b", 6, "a", 5)
    assert must_let_go(LEASE_S, LEASE_S - SAFETY_S) and not must_let_go(LEASE_S, 0)


def test_a_lease_is_one_runners(sandbox):
    assert leases.take(sandbox.id, "a")
    assert not leases.take(sandbox.id, "b")
    assert leases.renew([sandbox.id], "b") == []
    assert leases.holder(sandbox.id) == "a"
    leases.let_go(sandbox.id, "a")
    assert leases.take(sandbox.id, "b")


def test_too_many_sandboxes_are_refused_in_words(owner, sandbox):
    for number in range(4):
        sandboxes.make(name=str(number), limits="member", owner=owner)
    with pytest.raises(sandboxes.SandboxRefused, match="end one first"):
        sandboxes.make(name="Sixth", limits="member", owner=owner)


def test_so_many_run_at_once_and_one_that_is_put_to_sleep_makes_room(pumped, owner, data):
    one, two, three = (sandboxes.make(name=name, limits="member", owner=owner) for name in "123")
    for awake in (one, two):
        pumped.ok(awake, "pause")
    answer = pumped.ask(three, "watch")
    assert answer["field"] == "running" and "2 sandboxes of yours run" in answer["refused"]
    assert pumped.ask(three, "wake")["field"] == "running"
    branch = pumped.ok(one, "fork", name="Fork")["sandbox"]
    assert pumped.ok(branch, "frame"), "forks of what runs may run"
    pumped.ok(branch, "sleep")
    pumped.ok(two, "watch")
    pumped.ok(two, "sleep")
    told = {"sandbox": two.id.hex, "asleep": True, "asked": True}
    pumped.until(lambda: told in pumped.frames or pumped.frames.extend(pumped.lines()))
    assert pumped.ok(three, "watch") == {}
    assert "running" in pumped.ask(two, "frame")["field"]


def test_a_guest_keeps_their_sandbox_on_signing_in(owner, data):
    made = sandboxes.make(name="Guest's", limits="guest", guest="session-key")
    assert sandboxes.keep_for(owner, "session-key") == 1
    made.refresh_from_db()
    assert (made.owner, made.guest, made.limits) == (owner, "", "member")
    assert made.cluster.memberships.get().user == owner


def test_the_declared_actor_is_what_the_spec_says():
    assert parse(PRODUCER).rate == 50


def test_a_kill_behind_the_first_action_of_one_that_woke_loses_no_moment_of_it(pumped, sandbox):
    pumped.ok(sandbox, "step", events=3)
    pumped.ok(sandbox, "act", action={"do": "create topic", "topic": "orders", "partitions": 1})
    pumped.ok(sandbox, "step", events=100)
    pumped.ok(sandbox, "sleep")
    pumped.ok(sandbox, "act", action={"do": "kill"})
    before = pumped.ok(sandbox, "digest")
    pumped.runner.forget(sandbox.id)  # as a kill does
    after = pumped.ok(sandbox, "digest")
    assert after["events"] == after["head"] >= before["events"]
    assert pumped.ok(sandbox, "act", action={"do": "start"}), "and it goes on"
