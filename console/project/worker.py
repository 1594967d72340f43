"""`python -m console.project.worker`: the console's Celery worker with beat, as `up` starts it.

The same as `celery -A console.project.celery worker -B -Q console,heavy -c 2 --scheduler=celery.beat:Scheduler`,
without Celery's command line, whose interactive shell costs half a second and 10 MB.

Not here: what it works on (celery.py).
"""

from console.project.celery import app
from engine.launcher import end_process, run_worker

QUEUES = ("console", "heavy")  # "heavy" is what takes long, in slices: so neither waits long for the other


def main() -> int:
    """Run the worker until it is told to stop; return its exit code."""
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
