"""The console's Celery application: background work in processes that own no log, and the schedule.

Beat runs in this worker and asks each broker, on the queue that only its process reads, to enforce retention.
The broker does the same by itself when nobody asks, so a stopped worker or Redis costs nothing but time.

Invariants: JSON only; a message that a stopped broker did not take expires before the next one is sent.
Not here: the broker's tasks (engine/hosting/tasks.py), asked for by name: of the engine this process loads the client.
"""

import os
import signal
from typing import Any

from celery import Celery
from celery.signals import beat_embedded_init, worker_process_init, worker_ready
from django.conf import settings

from engine import celery_worker
from engine.launcher import die_with_parent, find_brokers, tell_ready

end_with_worker = die_with_parent(os.getpid(), signal.SIGKILL)


# The brokers' tasks, each with the broker config that says how often, and that config's default in ms.
BROKER_TASKS = {
    "enforce_retention": ("log.retention.check.interval.ms", 300_000),
    "expire_offsets": ("offsets.retention.check.interval.ms", 600_000),
}

# What beat sends to this worker, and how often in seconds.
OWN_TASKS = {"console.tasks.tend_searches": 15.0}


SANDBOX_EXPIRY_S = 60.0


def schedule() -> dict[str, dict[str, Any]]:
    """Return what beat sends to brokers: an entry for each task of each broker of the data directory."""
    entries = {}
    for broker in find_brokers(settings.DATA_DIR):
        for task, (config, default_ms) in BROKER_TASKS.items():
            seconds = int(broker.properties.get(config, default_ms)) / 1000
            entries[f"{task} on broker {broker.node_id}"] = {
                "task": f"engine.hosting.tasks.{task}",
                "schedule": seconds,
                "options": {"queue": broker.queue, "expires": seconds},
            }
    entries["expire sandboxes"] = {
        "task": "sandbox.tasks.expire",
        "schedule": SANDBOX_EXPIRY_S,
        "options": {"queue": "sandbox", "expires": SANDBOX_EXPIRY_S},
    }
    return entries


def own_schedule() -> dict[str, dict[str, Any]]:
    """Return what beat sends to this worker."""
    return {
        task: {"task": task, "schedule": seconds, "options": {"expires": seconds}}
        for task, seconds in OWN_TASKS.items()
    }


app = Celery("console", broker=settings.REDIS_URL or None)
app.conf.update(
    celery_worker.APPLICATION,
    task_default_queue="console",
    imports=["console.tasks"],
    beat_schedule=schedule() | own_schedule(),
)


@worker_ready.connect
def _on_ready(**_: Any) -> None:
    tell_ready()


@beat_embedded_init.connect
@worker_process_init.connect
def _on_process(**_: Any) -> None:
    # What the worker forks must end with it also when it is killed with -9. Celery asks for that in pool processes
    # alone, and does not see a worker that was gone before it asked.
    end_with_worker()
