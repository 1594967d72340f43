import os
import pickle
import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from engine.simulation import snapshots, swarm
from engine.simulation.driver import run
from engine.simulation.world import World

ROOT = Path(__file__).parents[3]
EVENTS = 5_000


def world_after(seed: int, events: int) -> World:
    world = swarm.build(seed)
    run(world, events)
    return world


@pytest.mark.parametrize("seed", [2, 9])
def test_a_world_restored_at_any_event_continues_as_the_original(seed):
    reference = world_after(seed, EVENTS)
    world = swarm.build(seed)
    copies = []
    for moment in sorted(random.Random(seed).sample(range(1, EVENTS), 12)):
        run(world, moment - world.events)
        copies.append((moment, snapshots.snapshot(world)))
    run(world, EVENTS - world.events)
    assert world.history.sha256() == reference.history.sha256(), "taking copies changes nothing"
    for moment, copy in copies:
        restored = snapshots.restore(copy)
        assert restored.events == moment
        run(restored, EVENTS - moment)
        assert restored.history.sha256() == reference.history.sha256(), f"the copy of event {moment} went another way"
        assert list(restored.observations) == list(reference.observations)


def test_a_world_continues_in_another_process():
    world = world_after(5, 1_500)
    copy = pickle.dumps(snapshots.snapshot(world))
    run(world, 1_500)
    command = [sys.executable, "-m", "tests.engine.simulation.run_one", "wake", "3000"]
    environment = {**os.environ, "PYTHONHASHSEED": "4242"}
    woken = subprocess.run(command, cwd=ROOT, input=copy, env=environment, check=True, capture_output=True)
    assert woken.stdout.decode().split()[0] == world.history.sha256()


def test_a_fork_with_one_change_differs_only_from_there():
    world = world_after(6, 1_000)
    fork = snapshots.fork(world)
    assert fork.history.sha256() == world.history.sha256()
    fork.push(fork.now_us + 1, "kill", swarm.BROKER)
    run(world, 1_500)
    before = world_after(6, 2_500)
    assert world.history.sha256() == before.history.sha256(), "the original does not know of its fork"
    run(fork, 1_500)
    assert fork.history.sha256() != world.history.sha256()


def test_copies_share_what_is_old():
    world = world_after(7, 4_000)
    copy = snapshots.snapshot(world)
    other = snapshots.restore(copy)
    assert other.observations.blocks and copy.blocks
    assert all(mine is its for mine, its in zip(world.observations.blocks, other.observations.blocks, strict=True))


@pytest.mark.parametrize("foreign", [threading.Lock, lambda: os.system, lambda: pickle.loads, lambda: snapshots.fork])
def test_nothing_foreign_is_copied_or_restored(foreign):
    world = world_after(1, 10)
    world.observations.append(foreign())
    with pytest.raises((pickle.UnpicklingError, TypeError)):
        snapshots.fork(world)
