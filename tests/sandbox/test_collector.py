"""What lets the collector of cycles rest in a runner: the machines of worlds leave it next to nothing."""

import gc
import subprocess
import sys

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


def test_a_calm_collector_passes_over_what_was_loaded_and_looks_seldom():
    told = subprocess.run(
        [sys.executable, "-c", "import gc\nfrom sandbox.runner.collector import calm_collector\ncalm_collector()\n"
         "print(gc.isenabled(), gc.get_freeze_count() > 1_000, gc.get_threshold())"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert told.stdout == "True True (20000, 20, 50)\n"
