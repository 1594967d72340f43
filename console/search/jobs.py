"""Searches as jobs: begun, cancelled, looked after, forgotten.

A search is cut into its partitions. Who dies while reading one loses its hold on it after LEASE_S; the partition is
then read on from where it was last written down, and the search says that this happened.

*Invariants*: one person has at most RUNNING_PER_USER searches running, all together RUNNING_MAX; a search ends after
RUN_MAX at the latest and is forgotten after KEPT. State changes are conditional: of two that come at once, one wins.
*Not here*: reading (work.py), words and rights (views/searches.py).
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone

from console.kafka import scan
from console.kafka.connection import ConnectionSpec
from console.models import Cluster, Search, SearchPart, SearchState, User
from console.search.language import Filter
from console.search.queue import NoQueue, ask_worker
from console.search.scan import bounds

RUNNING_PER_USER = 2
RUNNING_MAX = 20
READERS = 2  # processes that read one search at once
HITS_MAX = 10_000  # addresses that are kept
LEASE_S = 15
INTERRUPTIONS_MAX = 3
RUN_MAX = timedelta(minutes=15)
UNTAKEN_MAX = timedelta(minutes=10)
QUIET_MAX = timedelta(seconds=20)  # then the worker is asked again
KEPT = timedelta(hours=24)

Part = SearchPart.State


class SearchRefused(Exception):
    """It cannot be begun; `str(error)` says why, for people."""


def begin(user: User, cluster: Cluster, spec: ConnectionSpec, topic: str, asked: Filter) -> Search:
    """Begin a search; the end of each partition is fixed here."""
    _check_room(user)
    wanted = bounds(asked)
    planned = scan.plan(spec, topic, since_ms=wanted.since_ms)
    first, last = wanted.offsets
    parts = []
    for stretch in planned:
        if not wanted.holds(stretch.partition):
            continue
        start = min(max(stretch.start, first), stretch.end)
        end = max(start, min(stretch.end, last + 1))
        state = Part.FAILED if stretch.error else Part.WAITING if end > start else Part.DONE
        parts.append(
            SearchPart(
                partition=stretch.partition, start=start, end=end, position=start, state=state, reason=stretch.error
            )
        )
    if not parts:
        raise SearchRefused(f"The topic has {len(planned)} partitions, and the filter asks for none of them.")
    search = Search(user=user, cluster=cluster, topic=topic, query=asked.text, partitions=len(planned))
    with transaction.atomic():
        _check_room(user)
        search.save()
        for part in parts:
            part.search = search
        SearchPart.objects.bulk_create(parts)
        settle(search)
    waiting = sum(part.state == Part.WAITING for part in parts)
    if waiting:
        try:
            ask_worker(search.pk, messages=min(waiting, READERS))
        except NoQueue as error:
            search.delete()
            raise SearchRefused(
                f"Search cannot run now: {error}. Pages, records and live tails work without it."
            ) from error
    return search


def _check_room(user: User) -> None:
    running = Search.objects.filter(state=SearchState.RUNNING)
    if running.filter(user=user).count() >= RUNNING_PER_USER:
        raise SearchRefused(f"You have {RUNNING_PER_USER} searches running. Cancel one, or wait for it to end.")
    if running.count() >= RUNNING_MAX:
        raise SearchRefused(f"{RUNNING_MAX} searches are running here, which is all there may be. Try again soon.")


def cancel(search: Search) -> bool:
    """End a search, keep what was found; False if it had ended already."""
    return _end(search, SearchState.CANCELLED, "")


def fail(search: Search, reason: str) -> None:
    """End a search that cannot go on."""
    _end(search, SearchState.FAILED, reason)


def settle(search: Search) -> None:
    """End a search of which every partition is read, or cannot be."""
    parts = list(search.parts.all())
    if any(part.state in (Part.WAITING, Part.READING) for part in parts):
        return
    failed = [part for part in parts if part.state == Part.FAILED]
    state = SearchState.DONE if not failed else SearchState.PARTLY
    if failed and len(failed) == len(parts):
        state = SearchState.FAILED
    _end(search, state, failed[0].reason if failed else "")


def tend(search: Search, *, now: datetime | None = None) -> None:
    """Look after one running search: take partitions from readers that are gone, end what is too old, ask again.

    NoQueue when the worker cannot be asked.
    """
    now = now or timezone.now()
    with transaction.atomic():
        lost = search.parts.filter(state=Part.READING, held_until__lt=now)
        if lost.update(state=Part.WAITING, holder="", held_until=None):
            Search.objects.filter(pk=search.pk).update(interruptions=F("interruptions") + 1)
    search.refresh_from_db()
    if search.state != SearchState.RUNNING:
        return
    if search.interruptions > INTERRUPTIONS_MAX:
        words = f"The worker that read it ended {search.interruptions} times while it did. Its log says why."
        _end(search, SearchState.FAILED, words)
    elif search.started_at is None and now - search.created_at > UNTAKEN_MAX:
        _end(search, SearchState.FAILED, "No worker took it within 10 minutes: the background worker does not run.")
    elif search.started_at is not None and now - search.started_at > RUN_MAX:
        _end(search, SearchState.PARTLY, "It reached the limit of 15 minutes. Narrow it by time or partitions.")
    elif not search.parts.filter(state=Part.READING).exists():
        quiet = Search.objects.filter(pk=search.pk, seen_at__lt=now - QUIET_MAX, asked_at__lt=now - QUIET_MAX)
        if quiet.update(asked_at=now):  # its message was lost, with a worker or with Redis
            ask_worker(search.pk)
    search.refresh_from_db()


def tend_all() -> None:
    """Look after every search, forget what is old."""
    now = timezone.now()
    for search in Search.objects.filter(state=SearchState.RUNNING):
        tend(search, now=now)
    for search in Search.objects.exclude(state=SearchState.RUNNING).filter(ended_at__lt=now - KEPT)[:50]:
        search.delete()


def found_count(search: Search) -> int:
    """How many records match, as far as it was read."""
    return search.parts.aggregate(found=Sum("found"))["found"] or 0


def _end(search: Search, state: SearchState, reason: str) -> bool:
    changed = Search.objects.filter(pk=search.pk, state=SearchState.RUNNING).update(
        state=state, reason=reason, ended_at=timezone.now()
    )
    search.refresh_from_db()
    return bool(changed)
