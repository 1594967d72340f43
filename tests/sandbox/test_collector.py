"""What lets the collector of cycles rest in a runner: the machines of worlds leave it next to nothing."""

import gc
import subprocess
import sys

import pytest

from sandbox.runner import collector
from sandbox.runner.collector import GROWN_BUSY, GROWN_QUIET, Calm
from tests.engine.simulation.hosted.worlds import busy

FEW = 2_000  # objects in cycles that a whole life may leave: far below what one keyframe weighs


def test_a_world_that_lived_and_a_fork_of_it_leave_few_cycles():
    busy(5, 300)
    gc.collect()
    gc.disable()
    try:
        world = busy(7, 4_500)
        branch = world.fork(2_000)
        branch.run(500)
        del world, branch
        assert gc.collect() < FEW
    finally:
        gc.enable()


def test_a_calm_collector_passes_over_what_was_loaded_and_looks_when_it_is_told_to():
    told = subprocess.run(
        [sys.executable, "-c", "import gc\nfrom sandbox.runner.collector import calm_collector\ncalm_collector()\n"
         "print(gc.isenabled(), gc.get_freeze_count() > 1_000)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert told.stdout == "False True\n"


@pytest.mark.parametrize(("quiet", "grown"), [(True, GROWN_QUIET), (False, GROWN_BUSY)])
def test_it_looks_when_memory_has_grown_and_sooner_when_nothing_else_is_to_be_done(monkeypatch, quiet, grown):
    blocks, looks = [1_000], []
    monkeypatch.setattr(collector.sys, "getallocatedblocks", lambda: blocks[0])
    monkeypatch.setattr(collector.gc, "collect", lambda: looks.append(blocks[0]))
    calm = Calm(1_000)
    assert not calm.look(quiet=quiet)
    blocks[0] = int(1_000 * grown) + 1
    assert calm.look(quiet=quiet) and looks == blocks
    assert not calm.look(quiet=quiet), "it has grown from here"
    blocks[0] = 500
    assert not calm.look(quiet=quiet)
    blocks[0] = int(500 * grown) + 1
    assert calm.look(quiet=quiet), "and from less, when worlds fell asleep"


def test_a_runner_looks_for_cycles_when_it_renews_its_leases(pumped, sandbox, monkeypatch):
    pumped.ok(sandbox, "pause")
    looks: list[bool] = []
    monkeypatch.setattr(Calm, "look", lambda calm, *, quiet: looks.append(quiet))
    pumped.runner.renewed_s = 0.0
    pumped.serve(0.1)
    pumped.ok(sandbox, "play", speed="max")
    pumped.runner.renewed_s = 0.0
    pumped.serve(0.1)
    assert looks == [True, False]
