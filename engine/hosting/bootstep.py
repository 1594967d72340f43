"""One broker inside a Celery worker: there before the pool starts, stopped after it has drained.

The broker has a thread of its own with its own loop; Celery has the main thread and the signals.
SIGTERM is Celery's warm shutdown: tasks drain, then this step stops the broker.

Invariants:
- The pool requires this step, so it starts before the pool and, as steps stop in reverse, tasks are
  drained before the broker stops. (With the order the other way round a task outlives its broker; with
  no order given it changes from start to start.)
- The step belongs to the worker's blueprint, not the consumer's: that one restarts with Redis.
- The broker serves before Redis is contacted and whatever becomes of Redis.

Not here: the broker's thread (hosted.py), what is refused (checks.py).
Measured on Celery 5.7; tests/engine/hosting/test_bootstep.py pins it.
"""

from typing import Any

from celery import Celery, bootsteps
from celery.worker import components

from engine.hosting import checks
from engine.hosting.hosted import HostedBroker

_serving: list[HostedBroker] = []  # the broker that serves already, where the process started it before Celery


class EngineStep(bootsteps.StartStopStep):  # type: ignore[misc]
    """Embeds the broker named by ODRADEK_BROKER_PROPERTIES in this worker."""

    label = "Broker"
    requires = ()

    def __init__(self, worker: Any, **options: Any) -> None:
        checks.check_interpreter()
        checks.check_pool(worker.pool_cls)
        self.hosted = _serving[0] if _serving else HostedBroker(checks.load_config_of_process())
        super().__init__(worker, **options)

    def start(self, worker: Any) -> None:
        """Return when the broker serves."""
        if not self.hosted.ready.is_set():
            self.hosted.start()

    def stop(self, worker: Any) -> None:
        """Stop the broker; tasks have drained."""
        self.hosted.stop()

    def terminate(self, worker: Any) -> None:
        """Stop in the same way when Celery shuts down cold."""
        self.stop(worker)


def install(app: Celery, serving: HostedBroker | None = None) -> None:
    """Make the workers of this app host a broker: the one that serves already, or one that the worker starts."""
    if serving is not None:
        _serving.append(serving)
    app.steps["worker"].add(EngineStep)
    if EngineStep not in components.Pool.requires:
        components.Pool.requires = (*components.Pool.requires, EngineStep)
