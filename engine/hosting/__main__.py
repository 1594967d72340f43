"""`python -m engine.hosting`: one broker in its Celery worker, as `up` starts it.

The same worker as `celery -A engine.hosting worker --pool=threads -Q broker.<id>`, but the broker serves first and
Celery is loaded beside it (loading it takes longer than everything the broker does), and without Celery's command
line, which would bring an interactive shell of 10 MB.

Not here: what the worker does with the broker (bootstep.py). ODRADEK_BROKER_PROPERTIES names the properties file.
"""

import signal
import sys
from typing import Any

from engine.celery_worker import run_worker
from engine.hosting import checks
from engine.hosting.hosted import HostedBroker
from engine.launcher import end_process


def main() -> int:
    """Run the worker until it is told to stop; return its exit code."""
    checks.check_interpreter()
    hosted = HostedBroker(checks.load_config_of_process())

    def stop_before_celery(*_: Any) -> None:
        hosted.stop()
        sys.exit(0)

    signal.signal(signal.SIGTERM, stop_before_celery)  # until Celery has handlers of its own
    hosted.start()
    return work(hosted)


def work(hosted: HostedBroker) -> int:
    """Load Celery and run a worker around a broker that serves already."""
    from engine.hosting.app import app
    from engine.hosting.bootstep import install

    install(app, hosted)
    node_id = hosted.config.node_id
    name = f"broker-{node_id}"
    return run_worker(app, pool_cls="threads", concurrency=2, queues=f"broker.{node_id}", hostname=f"{name}@%h")


if __name__ == "__main__":
    end_process(main())
