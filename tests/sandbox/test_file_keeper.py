"""The keeper of a timeline in files: what its writing thread may and may not be noticed by."""

import threading

import pytest

from engine.simulation import snapshots
from sandbox.runner.file_keeper import FileKeeper
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


def test_what_is_forgotten_is_written_before_anybody_else_opens_its_files(pumped, sandbox, held):
    pumped.ok(sandbox, "step", events=3)
    hosted = pumped.runner.hosted[sandbox.id]
    hosted.keeper.keep_keyframe(hosted.timeline.world.events, snapshots.snapshot(hosted.timeline.world))
    threading.Timer(0.05, held.set).start()
    pumped.runner.forget(sandbox.id)
    assert list(hosted.keeper.directory.glob("keyframe-*"))
