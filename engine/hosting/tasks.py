"""The tasks on a broker's own queue: doors, not rooms.

Each asks the broker of this process for something and returns at once; the work happens on the
broker's loop, in the same reconcile that the broker does by itself when nobody asks.

Invariant: no task computes or waits here. One CPU-bound task slows the data plane 28 to 160 times.
Not here: when they run (console/project/celery.py has the schedule), heavy work (the console's worker).
"""

from contextlib import suppress

from engine.hosting import brokers
from engine.hosting.app import app
from engine.net.broker_shell import BrokerStopped


@app.task(name="engine.hosting.tasks.enforce_retention")  # type: ignore[untyped-decorator]
def enforce_retention() -> None:
    """Let the broker delete what its topics' retention no longer keeps."""
    with suppress(BrokerStopped):
        brokers.ask("enforce_retention")


@app.task(name="engine.hosting.tasks.expire_offsets")  # type: ignore[untyped-decorator]
def expire_offsets() -> None:
    """Let the broker forget commits of groups that nobody has used for offsets.retention.minutes."""
    with suppress(BrokerStopped):
        brokers.ask("expire_offsets")


@app.task(name="engine.hosting.tasks.replicate")  # type: ignore[untyped-decorator]
def replicate() -> None:
    """Let the broker compare its replicas with the metadata image and put right what differs."""
    with suppress(BrokerStopped):
        brokers.ask("replicate")
