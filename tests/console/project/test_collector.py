"""The collector of cycles of the web process: seldom, and not while a long answer is taken apart."""

import subprocess
import sys

SCRIPT = """
import gc, time
from console.project import collector
collector.EVERY_S, collector.LOOK_S, collector.LATE_S = 0.2, 0.02, {late}
class Cycle:
    def __init__(self): self.me = self
    def __del__(self): gone.append(time.monotonic())
gone = []
Cycle()
busy = [True]
collector.calm_collector(lambda: busy[0])
assert len(gone) == 1 and gc.get_threshold()[2] == collector.NEVER and gc.get_freeze_count() > 1000
old = Cycle()
gc.collect(0), gc.collect(1)  # it is old now
del old
time.sleep(0.6)
assert len(gone) == {then}, gone
busy[0] = False
time.sleep(0.4)
assert len(gone) == 2, gone
"""


def test_it_waits_for_long_answers():
    subprocess.run([sys.executable, "-c", SCRIPT.format(late=60, then=1)], check=True, timeout=30)


def test_it_does_not_wait_for_ever():
    subprocess.run([sys.executable, "-c", SCRIPT.format(late=0.4, then=2)], check=True, timeout=30)
