"""Asking the console's worker for a search: a message on the queue "heavy", by the name of its task.

*Invariants*: nobody waits longer than a few seconds for a Redis that is gone; a message that no worker takes expires.
*Not here*: the task (tasks.py), the worker and its own Celery application (project/celery.py), which this process
need not load.
"""

import uuid
from functools import cache

from celery import Celery
from django.conf import settings
from kombu.exceptions import OperationalError

TASK = "console.tasks.read_search"
QUEUE = "heavy"
EXPIRES_S = 60


class NoQueue(Exception):
    """The worker cannot be asked; `str(error)` says why."""


def ask_worker(search_id: uuid.UUID, *, messages: int = 1) -> None:
    """Ask that some more of a search be read, by so many processes at once."""
    if not settings.REDIS_URL:
        raise NoQueue("REDIS_URL is not set, and without Redis there is no background worker")
    try:
        for _ in range(messages):
            _sender().send_task(TASK, [str(search_id)], queue=QUEUE, expires=EXPIRES_S, retry=False, ignore_result=True)
    except (OperationalError, OSError) as error:
        reason = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
        raise NoQueue(f"Redis does not answer ({reason})") from error


@cache
def _sender() -> Celery:
    sender = Celery("console-sender", broker=settings.REDIS_URL, set_as_current=False)
    sender.conf.update(
        task_serializer="json",
        broker_transport_options={"socket_connect_timeout": 2, "socket_timeout": 3, "max_retries": 0},
        broker_connection_retry=False,
        broker_connection_max_retries=0,
    )
    return sender
