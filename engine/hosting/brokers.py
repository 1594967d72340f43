"""The brokers that live in this process: how a task finds its own.

Invariant: written by the bootstep alone, before the pool starts and after it has drained.
Not here: broker processes (engine/launcher.py).
"""

from engine.net.broker_shell import BrokerShell, BrokerStopped

_running: dict[int, BrokerShell] = {}


def add(node_id: int, broker: BrokerShell) -> None:
    """Make a broker that serves known to the tasks."""
    assert node_id not in _running, "one broker per id and process"
    _running[node_id] = broker


def remove(node_id: int) -> None:
    """Forget a broker that is about to stop."""
    _running.pop(node_id, None)


def ask(name: str) -> None:
    """Ask every broker of this process for its part of a task, and return at once.

    BrokerStopped, when there is none (any more), is a normal answer while the process shuts down.
    """
    if not _running:
        raise BrokerStopped("no broker is running in this process")
    for broker in list(_running.values()):
        broker.task(name)
