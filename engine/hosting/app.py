"""The Celery application of broker processes. It knows no Django.

A broker process is a Celery worker with one queue of its own, `broker.<id>`, and the broker embedded by
a bootstep (bootstep.py). Celery is the control plane: losing Redis stops its tasks, never the broker.

Invariants: those of engine/celery_worker.py; what arrives through Redis can name a task of tasks.py, nothing more.

Not here: the console's own Celery application (console/project/celery.py).
Measured facts are in tests/engine/hosting/test_bootstep.py.
"""

import os
import warnings

from celery import Celery
from celery.exceptions import CPendingDeprecationWarning
from celery.exceptions import SecurityWarning as RootWarning

from engine import celery_worker

REDIS_URL_DEFAULT = "redis://127.0.0.1:6379/0"

# A broker may run as root in a container (JSON only, below), and what a lost connection cancels is decided below.
warnings.filterwarnings("ignore", category=RootWarning)
warnings.filterwarnings("ignore", category=CPendingDeprecationWarning)

app = Celery(
    "engine.hosting",
    broker=os.environ.get("REDIS_URL") or REDIS_URL_DEFAULT,
    include=["engine.hosting.tasks"],
    fixups=[],  # Celery's own would load Django wherever DJANGO_SETTINGS_MODULE is set
)
app.conf.update(celery_worker.APPLICATION)
