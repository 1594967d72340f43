"""What a worker process does for a search: hold a partition, read on, write down how far.

*Invariants*: position and what was found up to it are written in one transaction, by the holder alone, about once a
second; a process works for SLICE_S at most, so that searches take turns; at most HITS_MAX addresses are kept of a
search, and counting goes on.
*Not here*: messages (queue.py, tasks.py), the bytes (scan.py).
"""

import time
import uuid
from ctypes import c_bool
from datetime import timedelta
from multiprocessing.sharedctypes import RawValue

from django.db import transaction
from django.utils import timezone

from console.kafka import scan as topic_scan
from console.kafka.connection import ConnectionSpec
from console.kafka.errors import ClusterUnreachable, KafkaError
from console.models import Search, SearchHit, SearchPart, SearchState
from console.search.jobs import HITS_MAX, LEASE_S, Part, settle
from console.search.language import parse
from console.search.scan import Scan

SLICE_S = 5.0
SAVE_EVERY_S = 0.7
TRIES_MAX = 5
PAUSE_S = 1.0
# Whether the worker is being stopped: memory that it shares with the processes that it forks. A slice then ends at the
# next answer, and what is left waits for whoever runs next.
ending = RawValue(c_bool, False)


class _Lost(Exception):
    """The search ended, or somebody else holds the partition."""


def read_on(search: Search, spec: ConnectionSpec, *, slice_s: float = SLICE_S) -> bool:
    """Read partitions of a search for a while; say whether somebody should go on."""
    until_s = time.monotonic() + slice_s
    while time.monotonic() < until_s and not ending.value:
        part = _hold(search)
        if part is None:
            return False
        try:
            _read_part(search, part, spec, until_s)
        except _Lost:
            return False
    return search.parts.filter(state=Part.WAITING).exists()


def _hold(search: Search) -> SearchPart | None:
    now = timezone.now()
    with transaction.atomic():
        running = Search.objects.filter(pk=search.pk, state=SearchState.RUNNING)
        part = search.parts.filter(state=Part.WAITING).first()
        if part is None or not running.update(seen_at=now):
            return None
        running.filter(started_at=None).update(started_at=now)
        part.state, part.holder = Part.READING, uuid.uuid4().hex
        part.held_until = now + timedelta(seconds=LEASE_S)
        part.save(update_fields=["state", "holder", "held_until"])
    return part


def _read_part(search: Search, part: SearchPart, spec: ConnectionSpec, until_s: float) -> None:
    scan = Scan(parse(search.query), part.start, part.end, part.position)
    tries, saved_s = 0, time.monotonic()
    while not scan.is_done:
        before = scan.position
        try:
            stretch = topic_scan.Stretch(part.partition, scan.position, part.end)
            for chunk in topic_scan.chunks(spec, search.topic, stretch):
                scan.take(chunk)
                now_s = time.monotonic()
                if (now_s >= until_s or ending.value) and not scan.is_done:
                    _save(part, scan, Part.WAITING)
                    return
                if now_s - saved_s >= SAVE_EVERY_S:
                    _save(part, scan, Part.READING)
                    saved_s = now_s
            assert scan.is_done, "chunks end at the end"
        except KafkaError as error:
            tries = tries + 1 if scan.position == before else 1
            if tries >= TRIES_MAX or not isinstance(error, ClusterUnreachable):
                _save(part, scan, Part.FAILED, str(error))
                return
            if ending.value:
                _save(part, scan, Part.WAITING)
                return
            _save(part, scan, Part.READING)
            time.sleep(PAUSE_S)
    _save(part, scan, Part.DONE)


def _save(part: SearchPart, scan: Scan, state: Part, reason: str = "") -> None:
    now = timezone.now()
    held = state == Part.READING
    with transaction.atomic():
        search = Search.objects.filter(pk=part.search_id, state=SearchState.RUNNING).first()
        if search is None:
            raise _Lost
        changed = SearchPart.objects.filter(pk=part.pk, holder=part.holder, state=Part.READING).update(
            position=scan.position, state=state, reason=reason,
            holder=part.holder if held else "", held_until=now + timedelta(seconds=LEASE_S) if held else None,
            records=part.records + scan.records, bytes_read=part.bytes_read + scan.bytes_read,
            found=part.found + scan.found_count, damaged=part.damaged + scan.damaged,
            not_compared=part.not_compared + scan.not_compared, gone=part.gone + scan.gone,
            trouble=part.trouble or scan.trouble,
        )  # fmt: skip
        if not changed:
            raise _Lost
        found = scan.taken()
        room = HITS_MAX - search.hits.count() if found else 0
        SearchHit.objects.bulk_create(
            SearchHit(search=search, partition=part.partition, offset=offset, timestamp_ms=timestamp_ms)
            for offset, timestamp_ms in found[:room]
        )
        Search.objects.filter(pk=search.pk).update(seen_at=now)
        settle(search)
