"""What the console's worker does: read searches (queue "heavy"), look after them (from beat).

*Invariants*: a task that is done twice, or not at all, does no harm: what is to be done stands in the database.
*Not here*: the schedule (project/celery.py), what reading is (search/work.py).
"""

from typing import Any

from celery import shared_task
from celery.signals import worker_shutting_down

from console.kafka.errors import ClusterUnreachable
from console.models import Search
from console.search import jobs, work
from console.search.queue import TASK, ask_worker
from console.services.clusters import connection_spec


@shared_task(name=TASK)
def read_search(search_id: str) -> None:
    """Read on in a search for a slice of time, then let others have their turn."""
    search = Search.objects.select_related("cluster").filter(pk=search_id).first()
    if search is None:
        return
    try:
        spec = connection_spec(search.cluster)
    except ClusterUnreachable as error:  # it needs somebody: a sandbox that cannot be woken, a secret that is lost
        jobs.fail(search, error.reason)
        return
    if work.read_on(search, spec):
        ask_worker(search.pk)


@worker_shutting_down.connect
def _on_stop(**_: Any) -> None:
    work.ending.value = True  # seen by the processes that read: Celery waits for them, and tells them nothing


@shared_task(name="console.tasks.tend_searches")
def tend_searches() -> None:
    """Look after running searches, forget old ones."""
    jobs.tend_all()
