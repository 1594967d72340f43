"""One record: what it says, how it was read, where it lives, and the records beside it.

*Invariants*: a record has an address of its own; from it one comes to the first, previous, next and last that there
is, whatever gaps lie between; a place without a record says why, and leads on.
*Not here*: lists (views/records.py), how bytes are read (services/readings.py).
"""

import uuid
from dataclasses import dataclass
from typing import get_args

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from console.guests import open_to_guests
from console.kafka import records
from console.kafka.errors import NotFound
from console.models import Cluster, Protocol
from console.permissions import OPERATE, VIEW, cluster_for, refusal_of, role_on
from console.services import outages, payloads, readings
from console.services.clusters import connection_spec
from console.services.kcat import read_command
from console.services.readings import CHOICES, Reading, reading_of
from console.views.records import kept

HEADERS_SHOWN = 100
STEPS = get_args(records.Step)
EDGES = {
    "first": "This partition holds no record now.",
    "last": "This partition holds no record now.",
    "previous": "There is no record before this one: it is the oldest that this partition keeps.",
    "next": "There is no record after this one yet: it is the newest of this partition.",
}


@dataclass(frozen=True, slots=True)
class RecordDetailPage:
    """Context of console/records/detail.html."""

    cluster: Cluster
    name: str
    record: records.RecordView
    reading: Reading
    key: payloads.Payload
    value: payloads.Payload
    headers: list[tuple[str, payloads.Preview]]
    everything: bool  # whether a long value was asked for unfolded
    stepped_from: int | None  # the offset that a step came from
    edge: str  # why a step led nowhere
    kcat: str  # a command that reads it
    produce_refusal: str  # why this person may not produce it again; "" if they may
    place: str = "topics"
    readings: tuple[tuple[str, str], ...] = CHOICES

    @property
    def kept(self) -> str:
        """The readings, as the rest of an address."""
        return kept(None, self.reading)

    @property
    def gap(self) -> int:
        """Offsets without a record that the step to this one passed over."""
        return 0 if self.stepped_from is None else abs(self.record.offset - self.stepped_from) - 1


@dataclass(frozen=True, slots=True)
class RecordMissingPage:
    """Context of console/records/missing.html."""

    cluster: Cluster
    name: str
    partition: int
    offset: int | None
    reason: str
    place: str = "topics"


@open_to_guests
@require_safe
def record_detail(request: HttpRequest, cluster_id: uuid.UUID, name: str, partition: int, offset: int) -> HttpResponse:
    """One record, or why there is none at this place."""
    cluster = cluster_for(request.user, cluster_id, needs=VIEW)
    whole = not request.htmx or request.htmx.target == "main"
    try:
        record = records.one(connection_spec(cluster), name, partition, offset)
    except NotFound as error:
        if not whole:
            raise
        return _missing(request, cluster, name, partition, offset, error.reason)
    outages.answered(cluster.pk)
    everything = request.GET.get("all") == "1"
    reading = reading_of(request.GET)
    stepped_from = request.GET.get("from", "")
    page = RecordDetailPage(
        cluster=cluster,
        name=name,
        record=record,
        reading=reading,
        key=readings.payload(record.key, reading.key, everything=everything),
        value=readings.payload(record.value, reading.value, everything=everything),
        headers=[(key, readings.preview(value)) for key, value in record.headers[:HEADERS_SHOWN]],
        everything=everything,
        stepped_from=int(stepped_from)
        if stepped_from.isascii() and stepped_from.isdigit() and len(stepped_from) < 20
        else None,
        edge=EDGES.get(request.GET.get("edge", ""), ""),
        kcat=read_command(
            cluster.bootstrap, name, partition, offset, secure=cluster.security_protocol != Protocol.PLAINTEXT
        ),
        produce_refusal=refusal_of(role_on(request.user, cluster), cluster, needs=OPERATE),
    )
    template = "console/records/detail.html"
    return render(request, template if whole else f"{template}#record", {"page": page})


@open_to_guests
@require_safe
def record_end(request: HttpRequest, cluster_id: uuid.UUID, name: str, partition: int, step: str) -> HttpResponse:
    """Go to the first or the last record of a partition."""
    cluster = cluster_for(request.user, cluster_id, needs=VIEW)
    if step not in ("first", "last"):
        raise Http404("a partition has a first and a last record")
    found = records.neighbour(connection_spec(cluster), name, partition, step)
    if found is None:
        return _missing(request, cluster, name, partition, None, EDGES[step].rstrip("."))
    return _to(request, cluster, name, found)


@open_to_guests
@require_safe
def record_step(
    request: HttpRequest, cluster_id: uuid.UUID, name: str, partition: int, offset: int, step: str
) -> HttpResponse:
    """Go to the record before or after."""
    cluster = cluster_for(request.user, cluster_id, needs=VIEW)
    if step not in ("previous", "next"):
        raise Http404("beside a record are the previous and the next one")
    spec = connection_spec(cluster)
    found = records.neighbour(spec, name, partition, step, offset)
    if found is not None:
        return _to(request, cluster, name, found, stepped_from=offset)
    # From a place without a record, the nearest one is on its other side.
    other = records.neighbour(spec, name, partition, "next" if step == "previous" else "previous", offset)
    try:
        return _to(request, cluster, name, records.one(spec, name, partition, offset), edge=step)
    except NotFound:
        if other is None:
            return _missing(request, cluster, name, partition, None, EDGES["first"].rstrip("."))
        return _to(request, cluster, name, other, edge=step)


def _to(
    request: HttpRequest,
    cluster: Cluster,
    name: str,
    record: records.RecordView,
    *,
    stepped_from: int | None = None,
    edge: str = "",
) -> HttpResponse:
    address = reverse("console:record-detail", args=[cluster.pk, name, record.partition, record.offset])
    query = kept(None, reading_of(request.GET))
    if stepped_from is not None and abs(record.offset - stepped_from) > 1:
        query += f"&from={stepped_from}"
    if edge:
        query += f"&edge={edge}"
    return redirect(address + (f"?{query[1:]}" if query else ""))


def _missing(
    request: HttpRequest, cluster: Cluster, name: str, partition: int, offset: int | None, reason: str
) -> HttpResponse:
    page = RecordMissingPage(cluster, name, partition, offset, reason)
    return render(request, "console/records/missing.html", {"page": page}, status=404)
