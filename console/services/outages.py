"""Since when a cluster does not answer, as this process has seen it.

*Invariants*: at most OUTAGES_MAX are remembered, the longest unused forgotten first; an answer ends an outage.
*Not here*: connections and their retries (console/kafka).
"""

import threading
import time
import uuid
from dataclasses import dataclass

OUTAGES_MAX = 1000
RETRY_S = 5  # how soon an open page asks again


@dataclass(frozen=True, slots=True)
class Outage:
    """A time without answers."""

    reason: str
    since: float  # wall time of the first failure, seconds
    tries: int = 1


_lock = threading.Lock()
_outages: dict[uuid.UUID | None, Outage] = {}


def failed(cluster_id: uuid.UUID | None, reason: str) -> Outage:
    """Note that a cluster did not answer; return since when."""
    with _lock:
        before = _outages.pop(cluster_id, None)
        outage = Outage(reason, before.since if before else time.time(), before.tries + 1 if before else 1)
        _outages[cluster_id] = outage
        while len(_outages) > OUTAGES_MAX:
            del _outages[next(iter(_outages))]
        return outage


def answered(cluster_id: uuid.UUID) -> None:
    """Note that a cluster answered."""
    with _lock:
        _outages.pop(cluster_id, None)
