"""`python -m console.project.worker`: the console's Celery worker with beat, as `up` starts it.

The same as `celery -A console.project.celery worker -B -Q console,heavy -c 2 --scheduler=celery.beat:Scheduler`,
without Celery's command line, whose interactive shell costs half a second and 10 MB.

Not here: what it works on (celery.py).
"""

import sys

from django.conf import settings

from console.project.celery import app
from engine.celery_worker import run_worker
from engine.launcher import end_process

EX_CONFIG = 78  # sysexits.h
QUEUES = ("console", "heavy")  # "heavy" is what takes long, in slices: so neither waits long for the other


def main() -> int:
    """Run the worker until it is told to stop; return its exit code."""
    if not settings.REDIS_URL:
        sys.stderr.write("REDIS_URL is empty: this process works on what comes through Redis, so there is no work.\n")
        return EX_CONFIG
    return run_worker(
        app,
        pool_cls="prefork",
        concurrency=2,  # the partitions of a search are read side by side
        queues=list(QUEUES),
        beat=True,
        scheduler="celery.beat:Scheduler",  # in memory: what is due is due again after a restart
        hostname="console@%h",
    )


if __name__ == "__main__":
    end_process(main())
