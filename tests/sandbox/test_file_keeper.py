"""The keeper of a timeline in files: what its writing thread may and may not be noticed by."""

import threading

import pytest

from engine.simulation import snapshots
from engine.simulation.past import seal
from engine.simulation.shared import Block
from engine.simulation.snapshots import Snapshot
from sandbox.runner.file_keeper import FileKeeper
from sandbox.runner.framed_file import FramedFile
from tests.engine.simulation.hosted.worlds import begin

KEY = b"k" * 32


@pytest.fixture
def held(monkeypatch):
    """Keyframes are written when this is set."""
    go_on, pack = threading.Event(), snapshots.pack

    def pack_later(*arguments):
        assert go_on.wait(10)
        return pack(*arguments)

    monkeypatch.setattr(snapshots, "pack", pack_later)
    yield go_on
    go_on.set()


def test_nobody_waits_for_a_keyframe_and_whoever_needs_it_has_it_whole(tmp_path, held):
    keeper = FileKeeper(tmp_path / "world", KEY, "build")
    world = begin(keeper=keeper).world
    keeper.keep_keyframe(world.events, snapshots.snapshot(world))
    assert not list(keeper.directory.glob("keyframe-*"))
    threading.Timer(0.05, held.set).start()
    events, copy = keeper.nearest(world.events)
    assert events == world.events and snapshots.restore(copy).events == events


def test_a_keyframe_that_cannot_be_written_is_said_by_the_next_that_needs_one(tmp_path, monkeypatch):
    keeper = FileKeeper(tmp_path / "world", KEY, "build")
    world = begin(keeper=keeper).world

    def full(self, name, content):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(FileKeeper, "_write", full)
        keeper.keep_keyframe(world.events, snapshots.snapshot(world))
        with pytest.raises(OSError, match="No space left"):
            keeper.nearest(world.events)
    assert keeper.nearest(world.events) is None
    keeper.keep_keyframe(world.events, snapshots.snapshot(world))
    found = keeper.nearest(world.events)
    assert found is not None and found[0] == world.events


def test_blocks_that_could_not_be_written_are_not_taken_for_those_that_come_next(tmp_path, monkeypatch):
    keeper, early, late = FileKeeper(tmp_path / "world", KEY, "build"), Block(("early",)), Block(("late",))

    def full(self, pieces):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(FramedFile, "append", full)
        keeper.keep_keyframe(1, Snapshot(b"", [early]))
        with pytest.raises(OSError, match="No space left"):
            keeper.settle()
    keeper.keep_keyframe(2, Snapshot(b"", [late, early]))
    keeper.settle()
    events, copy = FileKeeper(keeper.directory, KEY, "build").nearest(2)
    assert (events, [block.items for block in copy.blocks]) == (2, [("late",), ("early",)])


def test_what_is_forgotten_is_written_before_anybody_else_opens_its_files(pumped, sandbox, held):
    pumped.ok(sandbox, "step", events=3)
    hosted = pumped.runner.hosted[sandbox.id]
    hosted.keeper.keep_keyframe(hosted.timeline.world.events, snapshots.snapshot(hosted.timeline.world))
    threading.Timer(0.05, held.set).start()
    pumped.runner.forget(sandbox.id)
    assert list(hosted.keeper.directory.glob("keyframe-*"))


def test_whose_keyframe_is_being_written_has_its_files_counted_later(pumped, sandbox, held, monkeypatch):
    """Held for 10 s, which nobody would wait for; pumped as the runner is."""
    pumped.ok(sandbox, "step", events=3)
    hosted = pumped.runner.hosted[sandbox.id]
    kept: list[bool] = []
    monkeypatch.setattr(type(hosted), "keep_house", lambda one: kept.append(one.keeper.writes))
    hosted.keeper.keep_keyframe(hosted.timeline.world.events, snapshots.snapshot(hosted.timeline.world))
    pumped.runner.to_keep, pumped.runner.house_kept_s = [sandbox.id], pumped.runner.now_s
    pumped.serve(0.2)
    assert kept == [] and hosted.keeper.writes
    held.set()
    pumped.until(lambda: kept)
    assert kept == [False]


def test_a_block_of_the_past_that_somebody_changed_is_not_read(tmp_path):
    keeper = FileKeeper(tmp_path / "world", KEY, "build")
    keeper.keep_block(0, Block((seal([[1, 0, "wake", "p1", None, []]]),)))
    assert keeper.block(0) == seal([[1, 0, "wake", "p1", None, []]])
    content = (tmp_path / "world" / "past").read_bytes()
    (tmp_path / "world" / "past").write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert keeper.block(0) is None
