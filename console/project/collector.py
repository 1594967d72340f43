"""Python's collector of cycles, in the process that serves everybody.

Nearly all memory goes back without it. What it does is stop every thread while it goes through what lives: with a
cluster of 100,000 partitions in view that was half a second, again and again, for it looks at all whenever a quarter
is new. Here what was loaded at the start is out of its sight, it looks at young objects by itself, and at all of them
once a minute, when no long answer is being taken apart.

*Not here*: what is long (console/kafka/beside.py), the same for hosted worlds (sandbox/runner/collector.py).
"""

import gc
import threading
import time
from collections.abc import Callable

YOUNG, MIDDLE, NEVER = 5_000, 5, 1 << 30  # Python's own are 700, 10, 10
EVERY_S = 60.0
LATE_S = 600.0  # then it is done all the same
LOOK_S = 1.0


def calm_collector(is_busy: Callable[[], bool]) -> None:
    """From now on; to be called once all is loaded."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, NEVER)
    threading.Thread(target=_collect_for_ever, args=(is_busy,), name="collector", daemon=True).start()


def _collect_for_ever(is_busy: Callable[[], bool]) -> None:
    last_s = time.monotonic()
    while True:
        time.sleep(LOOK_S)
        age_s = time.monotonic() - last_s
        if age_s >= LATE_S or (age_s >= EVERY_S and not is_busy()):
            gc.collect()
            last_s = time.monotonic()
