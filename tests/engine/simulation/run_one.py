"""Run in another process: a world from its seed, or from a snapshot on stdin, and print its history.

Usage: run_one.py SEED EVENTS JUNK  or  run_one.py wake EVENTS
"""

import pickle
import sys

from engine.simulation import snapshots, swarm
from engine.simulation.driver import run


def main() -> None:
    if sys.argv[1] == "wake":
        world = snapshots.restore(pickle.loads(sys.stdin.buffer.read()))
    else:
        junk = [object() for _ in range(int(sys.argv[3]))]  # another heap, so other addresses
        world = swarm.build(int(sys.argv[1]))
        del junk[::2]
    run(world, int(sys.argv[2]) - world.events)
    print(world.history.sha256(), world.events, len(world.observations))


main()
