"""One broker inside a Celery worker: started before the pool, stopped after it.

The broker runs in a thread of its own with its own loop; Celery has the main thread and the signals.
SIGTERM is Celery's warm shutdown: tasks drain, then this step stops the broker.

Invariants:
- The pool requires this step, so it starts before the pool and, as steps stop in reverse, tasks are
  drained before the broker stops. (With the order the other way round a task outlives its broker; with
  no order given it changes from start to start.)
- The step belongs to the worker's blueprint, not the consumer's: that one restarts with Redis.
- The broker serves before Redis is contacted and whatever becomes of Redis.
- A broker that ends by itself ends the process: a supervisor can restart that, but not a worker without a broker.
- Stopping need not happen: kill -9 at any point loses nothing that was acknowledged.

Not here: what the broker does (engine/net/broker_shell.py), what is refused (checks.py).
Spec: style.md 4.7, performance.md 5 (measured on Celery 5.7).
"""

import os
import sys
import threading
from pathlib import Path
from typing import Any

from celery import Celery, bootsteps
from celery.worker import components

from engine.broker.config import BrokerConfig
from engine.hosting import brokers, checks
from engine.launcher import tell_ready
from engine.net.broker_shell import BrokerShell, StartRefused

# A task must not hold the interpreter for the default 5 ms: each of the broker's reads and writes would wait for it.
SWITCH_INTERVAL_S = 50e-6
START_S_MAX = 60.0
EX_SOFTWARE = 70  # sysexits.h: the broker ended by itself


class EngineStep(bootsteps.StartStopStep):  # type: ignore[misc]
    """Embeds the broker named by ODRADEK_BROKER_PROPERTIES in this worker."""

    label = "Broker"
    requires = ()

    def __init__(self, worker: Any, **options: Any) -> None:
        checks.check_interpreter()
        checks.check_pool(worker.pool_cls)
        self.config: BrokerConfig = checks.load_config_of_process()
        self.shell: BrokerShell | None = None
        self.thread: threading.Thread | None = None
        self.ready = threading.Event()
        self.stopping = False
        super().__init__(worker, **options)

    def start(self, worker: Any) -> None:
        """Start the broker and return when it serves."""
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        self.shell = BrokerShell(self.config, Path(self.config.log_dirs[0]))
        self.thread = threading.Thread(target=self._run, args=(self.shell,), name="broker", daemon=True)
        self.thread.start()
        if not self.ready.wait(START_S_MAX):
            checks.refuse(f"The broker was not ready within {START_S_MAX:g} s.")
        brokers.add(self.config.node_id, self.shell)
        tell_ready()

    def stop(self, worker: Any) -> None:
        """Stop the broker in order: it closes its sockets, syncs its logs and leaves the mark of a clean stop."""
        self.stopping = True
        brokers.remove(self.config.node_id)
        if self.shell is not None and self.thread is not None:
            self.shell.stop()
            self.thread.join(START_S_MAX)

    def terminate(self, worker: Any) -> None:
        """Stop in the same way when Celery shuts down cold."""
        self.stop(worker)

    def _run(self, shell: BrokerShell) -> None:
        try:
            shell.run(self._on_ready)
        except StartRefused as error:
            checks.refuse(str(error))
        except BaseException:  # noqa: BLE001 - nobody above sees what ends this thread
            sys.excepthook(*sys.exc_info())
        if not self.stopping:
            sys.stderr.write("The broker ended by itself; so does its process.\n")
            sys.stderr.flush()
            os._exit(EX_SOFTWARE)

    def _on_ready(self, port: int) -> None:
        self.ready.set()


def install(app: Celery) -> None:
    """Make every worker of this app host a broker."""
    app.steps["worker"].add(EngineStep)
    if EngineStep not in components.Pool.requires:
        components.Pool.requires = (*components.Pool.requires, EngineStep)
