"""The Celery application of sandbox processes, and its tasks: doors, not rooms.

*Invariants*: those of engine/celery_worker.py.
*Not here*: when tasks run (console/project/celery.py has the schedule), hosting (worker.py).
"""

import warnings

from celery import Celery
from celery.exceptions import SecurityWarning as RootWarning
from django.conf import settings

from engine import celery_worker
from sandbox.services import sandboxes

QUEUE = "sandbox"

warnings.filterwarnings("ignore", category=RootWarning)  # it may run as root in a container: JSON only, below

app = Celery("sandbox", broker=settings.REDIS_URL or None)
app.conf.update(celery_worker.APPLICATION, task_default_queue=QUEUE)


@app.task(name="sandbox.tasks.expire")
def expire() -> None:
    """End the sandboxes whose time is over, and remove their files."""
    sandboxes.expire_due()
