"""`python -m sandbox.worker`: a Celery worker that hosts worlds, as `up` starts it.

The runner has a thread of its own and serves before Celery is loaded; Celery's main thread takes the tasks of the
queue `sandbox` one at a time (pool solo). SIGTERM is Celery's warm shutdown: then this step stops the runner, and
every world falls asleep.

*Invariants*: worlds are hosted whatever becomes of Redis; a runner that ends by itself ends the process, so that a
supervisor starts another; kill -9 at any point loses no action that was accepted.
*Not here*: what the runner does (runner/server.py). More of these processes are more sandboxes.
"""

import os
import signal
import sys
import threading
import uuid
from typing import Any

import django
from django.conf import settings

from engine.celery_worker import run_worker
from engine.launcher import end_process, tell_ready
from sandbox.runner.collector import calm_collector

EX_SOFTWARE = 70  # sysexits.h: the runner ended by itself
STOP_S_MAX = 20.0


class HostedRunner:
    """A runner, its thread, and where it stands."""

    def __init__(self) -> None:
        from sandbox.runner.server import Runner

        self.runner = Runner(uuid.uuid4().hex[:12])
        self.stopping = False
        self.thread = threading.Thread(target=self._run, name="runner", daemon=True)

    def start(self) -> None:
        """Serve."""
        self.thread.start()

    def stop(self) -> None:
        """Put every world to sleep and end."""
        self.stopping = True
        self.runner.stop()
        self.thread.join(STOP_S_MAX)

    def _run(self) -> None:
        try:
            self.runner.run()
        except BaseException:  # noqa: BLE001 - nobody above sees what ends this thread
            sys.excepthook(*sys.exc_info())
        if not self.stopping:
            sys.stderr.write("The runner of sandboxes ended by itself; so does its process.\n")
            sys.stderr.flush()
            os._exit(EX_SOFTWARE)


def main() -> int:
    """Host worlds until told to stop; return the exit code."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.project.settings")
    django.setup()
    hosted = HostedRunner()

    def stop_before_celery(*_: Any) -> None:
        hosted.stop()
        sys.exit(0)

    signal.signal(signal.SIGTERM, stop_before_celery)  # until Celery has handlers of its own
    hosted.start()
    tell_ready()
    if not settings.REDIS_URL:
        sys.stderr.write(
            "REDIS_URL is empty: this process hosts sandboxes all the same, and nobody tells it to end "
            "those whose time is over.\n"
        )
        calm_collector()
        hosted.thread.join()
        return 0
    return work(hosted)


def work(hosted: HostedRunner) -> int:
    """Load Celery and run a worker around a runner that serves already."""
    from celery import bootsteps
    from celery.worker import components

    from sandbox.tasks import QUEUE, app

    class RunnerStep(bootsteps.StartStopStep):
        """Stops the runner when the tasks have drained."""

        label = "Runner"
        requires = ()

        def stop(self, worker: Any) -> None:
            hosted.stop()

        def terminate(self, worker: Any) -> None:
            hosted.stop()

    app.steps["worker"].add(RunnerStep)
    components.Pool.requires = (*components.Pool.requires, RunnerStep)
    calm_collector()
    hostname = f"{hosted.runner.name}@%h"
    return run_worker(app, pool_cls="solo", concurrency=1, queues=QUEUE, hostname=hostname)


if __name__ == "__main__":
    end_process(main())
