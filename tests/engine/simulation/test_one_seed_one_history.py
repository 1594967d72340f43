import os
import subprocess
import sys
from pathlib import Path

from engine.simulation import swarm
from engine.simulation.driver import run

ROOT = Path(__file__).parents[3]
SEEDS = (3, 8, 21)
EVENTS = 4_000


def history_elsewhere(seed: int, hash_seed: str, junk: int) -> str:
    command = [sys.executable, "-m", "tests.engine.simulation.run_one", str(seed), str(EVENTS), str(junk)]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    return done.stdout


def test_one_seed_has_one_history_in_every_process():
    for seed in SEEDS:
        world = swarm.build(seed)
        run(world, EVENTS)
        here = f"{world.history.sha256()} {world.events} {len(world.observations)}\n"
        for hash_seed, junk in (("0", 0), ("1", 50_021), ("random", 7)):
            assert history_elsewhere(seed, hash_seed, junk) == here


def test_other_seeds_have_other_histories():
    histories = set()
    for seed in range(5):
        world = swarm.build(seed)
        run(world, 300)
        histories.add(world.history.sha256())
    assert len(histories) == 5
