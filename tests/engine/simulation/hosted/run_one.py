"""Run in another process: a busy world, and its digest."""

import sys

from tests.engine.simulation.hosted.worlds import busy

junk = [object() for _ in range(int(sys.argv[2]))]  # another heap, so other addresses
timeline = busy(int(sys.argv[1]), int(sys.argv[3]))
print(timeline.world.history.sha256(), timeline.head, timeline.world.past.ledger.summary())
