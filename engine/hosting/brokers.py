"""The brokers that live in this process: how a task finds its own.

Invariant: written by the bootstep alone, before the pool starts and after it has drained.
Not here: broker processes (engine/launcher.py).
"""

from typing import Protocol


class Broker(Protocol):
    """What a task may ask of a running broker: both return at once, from any thread."""

    def task(self, name: str) -> None:
        """Ask the broker's loop to do its part of a Celery task."""


class BrokerStopped(Exception):
    """There is no running broker in this process (any more): a normal answer while it shuts down."""


_running: dict[int, Broker] = {}


def add(node_id: int, broker: Broker) -> None:
    """Make a broker that serves known to the tasks."""
    assert node_id not in _running, "one broker per id and process"
    _running[node_id] = broker


def remove(node_id: int) -> None:
    """Forget a broker that is about to stop."""
    _running.pop(node_id, None)


def ask(name: str) -> None:
    """Ask every broker of this process for its part of a task, and return at once."""
    if not _running:
        raise BrokerStopped(name)
    for broker in list(_running.values()):
        broker.task(name)
