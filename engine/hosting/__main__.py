"""`python -m engine.hosting`: one broker in its Celery worker, as `up` starts it.

The same worker as `celery -A engine.hosting worker --pool=threads -Q broker.<id>`, without Celery's command
line, which loads an interactive shell first: ready 0.4 s sooner and 10 MB smaller.

Not here: what the worker does (bootstep.py). The properties file is named by ODRADEK_BROKER_PROPERTIES.
"""

import sys

from celery.apps.worker import Worker

from engine.hosting import checks
from engine.hosting.app import app
from engine.hosting.bootstep import install


def main() -> int:
    """Run the worker until it is told to stop; return its exit code."""
    node_id = checks.load_config_of_process().node_id
    install(app)
    worker = Worker(
        app=app,
        pool_cls="threads",
        concurrency=2,
        queues=f"broker.{node_id}",
        hostname=f"broker-{node_id}@%h",
        loglevel="WARNING",
        quiet=True,
        # Each costs start-up time or noise when Redis goes away, and a broker needs none of them.
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    worker.start()
    return int(worker.exitcode or 0)


if __name__ == "__main__":
    sys.exit(main())
