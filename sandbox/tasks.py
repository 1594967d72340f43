"""The Celery application of sandbox processes, and its tasks: doors, not rooms.

*Invariants*: JSON only; a worker never gives up on Redis, and its worlds do not notice that it is gone.
*Not here*: when tasks run (console/project/celery.py has the schedule), hosting (worker.py).
"""

import warnings

from celery import Celery
from celery.exceptions import SecurityWarning as RootWarning
from django.conf import settings

from sandbox.services import sandboxes

QUEUE = "sandbox"

warnings.filterwarnings("ignore", category=RootWarning)  # it may run as root in a container: JSON only, below

app = Celery("sandbox", broker=settings.REDIS_URL or None)
app.conf.update(
    accept_content=["json"],
    task_serializer="json",
    result_serializer="json",
    result_accept_content=["json"],
    task_ignore_result=True,
    task_default_queue=QUEUE,
    broker_connection_max_retries=None,
    broker_connection_retry_on_startup=True,
    broker_transport_options={"socket_connect_timeout": 3, "socket_timeout": 5, "health_check_interval": 10},
    worker_cancel_long_running_tasks_on_connection_loss=False,
    worker_enable_remote_control=False,
    worker_send_task_events=False,
    worker_redirect_stdouts=False,
    worker_log_format="%(levelname)s %(message)s",
)


@app.task(name="sandbox.tasks.expire")
def expire() -> None:
    """End the sandboxes whose time is over, and remove their files."""
    sandboxes.expire_due()
