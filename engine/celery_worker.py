"""What every Celery worker of ours has in common: settings of its application, options of its worker, how it runs.

Three processes are such workers: a broker's (engine/hosting), the console's (console/project), a runner's of
sandboxes (sandbox/worker.py). Each adds what is its own.

Invariants:
- JSON only, no results, no remote control: what arrives through Redis can name a task, nothing more.
- A worker never gives up on Redis, at start or later: what it hosts would end with it.
- Every wait on a socket to Redis ends, also when Redis is frozen and not closed.

Not here: queues, tasks, schedules. Loads nothing of ours, and Celery only when a worker runs.
"""

from typing import Any

APPLICATION: dict[str, Any] = {
    "accept_content": ["json"],
    "task_serializer": "json",
    "result_serializer": "json",
    "result_accept_content": ["json"],
    "task_ignore_result": True,
    # None: for ever. After Celery's 100 attempts the worker would exit and take with it what it hosts.
    "broker_connection_max_retries": None,
    "broker_connection_retry": True,
    "broker_connection_retry_on_startup": True,
    "broker_transport_options": {"socket_connect_timeout": 3, "socket_timeout": 5, "health_check_interval": 10},
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    "worker_enable_remote_control": False,
    "worker_prefetch_multiplier": 1,
    "worker_redirect_stdouts": False,
    "worker_send_task_events": False,
    "worker_log_format": "%(levelname)s %(message)s",
}

# Gossip, mingling and heartbeats cost start-up time or noise when Redis goes away, and nobody needs them.
WORKER: dict[str, Any] = {
    "loglevel": "WARNING",
    "quiet": True,
    "without_gossip": True,
    "without_mingle": True,
    "without_heartbeat": True,
}


def run_worker(app: Any, **options: Any) -> int:
    """Run a Celery worker until it is told to stop; return its exit code.

    It says nothing when it starts or stops: Celery's line begins with "worker", whichever process it is.
    """
    from celery.apps.worker import Worker, install_worker_term_handler

    worker = Worker(app=app, **WORKER, **options)
    set_handlers = worker.install_platform_tweaks

    def set_handlers_quietly(worker: Any) -> None:
        set_handlers(worker)
        install_worker_term_handler(worker, verbose=False)

    worker.install_platform_tweaks = set_handlers_quietly
    worker.start()
    return int(worker.exitcode or 0)
