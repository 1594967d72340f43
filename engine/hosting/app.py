"""The Celery application of broker processes. It knows no Django.

A broker process is a Celery worker with one queue of its own, `broker.<id>`, and the broker embedded by
a bootstep (bootstep.py). Celery is the control plane: losing Redis stops its tasks, never the broker.

Invariants:
- JSON only, no results, no remote control: what arrives through Redis can name a task of tasks.py, nothing more.
- The worker never gives up on Redis, at start or later: the broker would end with it.
- Every wait on a socket to Redis ends, also when Redis is frozen and not closed.

Not here: the console's own Celery application (console/project/celery.py).
Measured facts are in tests/engine/hosting/test_bootstep.py.
"""

import os
import warnings

from celery import Celery
from celery.exceptions import CPendingDeprecationWarning
from celery.exceptions import SecurityWarning as RootWarning

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
app.conf.update(
    accept_content=["json"],
    task_serializer="json",
    result_serializer="json",
    result_accept_content=["json"],
    task_ignore_result=True,
    # None: for ever. After Celery's 100 attempts the worker would exit and take the broker with it.
    broker_connection_max_retries=None,
    broker_connection_retry=True,
    broker_connection_retry_on_startup=True,
    broker_transport_options={"socket_connect_timeout": 3, "socket_timeout": 5, "health_check_interval": 10},
    worker_enable_remote_control=False,
    worker_send_task_events=False,
    worker_redirect_stdouts=False,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    worker_prefetch_multiplier=1,
    worker_log_format="%(levelname)s %(message)s",
    task_queue_max_priority=None,
    task_create_missing_queues=True,
)
