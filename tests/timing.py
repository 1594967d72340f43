"""How much processor time something needs, on a machine that others use too.

Not here: how fast anything is (`manage.py bench`). This is for what must never take long, whatever it is given.
"""

import time
from collections.abc import Callable


def least_cpu_s(work: Callable[[], object], tries: int = 3) -> float:
    """Return the least processor time of some tries: who runs beside this takes caches away, never gives any."""
    took_s = []
    for _ in range(tries):
        began_s = time.process_time()
        work()
        took_s.append(time.process_time() - began_s)
    return min(took_s)
