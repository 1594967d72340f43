"""Records of a topic: a page of them from any place, its bytes, and the live tail's page.

*Invariants*: a record has an address of its own; long values are folded here, before they reach a browser.
*Not here*: the tail's socket (live/topic_tail.py), what bytes mean (services/payloads.py).
"""

import uuid
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from console.forms.records import RecordsForm
from console.forms.tail import RATES, TailForm
from console.guests import open_to_guests
from console.kafka import groups, records
from console.kafka.connection import ConnectionSpec
from console.kafka.errors import NotFound
from console.models import Cluster
from console.permissions import VIEW, cluster_for
from console.search import tail_filter
from console.services import outages, payloads, readings
from console.services.clusters import connection_spec
from console.services.readings import AUTO, CHOICES, Reading, reading_of
from console.views.topic_head import TopicHead, topic_head

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class RecordRow:
    """One line of the list."""

    record: records.RecordView
    key: payloads.Preview
    value: payloads.Preview


@dataclass(frozen=True, slots=True)
class RecordListPage:
    """Context of console/records/list.html."""

    cluster: Cluster
    head: TopicHead
    form: RecordsForm
    start: records.Start | None  # None: something is still to be typed in, or wrong
    found: records.RecordPage | None
    rows: list[RecordRow]
    place: str = "topics"
    tab: str = "records"
    readings: tuple[tuple[str, str], ...] = CHOICES

    @property
    def reading(self) -> Reading:
        """How keys and values are read."""
        return reading_of(self.form.data)

    @property
    def kept(self) -> str:
        """What another start keeps of the address."""
        return kept(self.form.data.get("partition"), self.reading)

    @property
    def gaps(self) -> int:
        """Offsets between rows of a partition that hold no record: compacted away, or markers of transactions."""
        missing = 0
        seen: dict[int, int] = {}
        for row in self.rows:
            before = seen.get(row.record.partition)
            missing += abs(row.record.offset - before) - 1 if before is not None else 0
            seen[row.record.partition] = row.record.offset
        return missing

    @property
    def moved(self) -> list[records.PartitionRange]:
        """Partitions whose log begins after the offset that was asked for."""
        if self.start is None or self.found is None or self.start.kind not in ("offset", "after"):
            return []
        asked = dict(self.start.positions)
        every = self.start.value if self.start.kind == "offset" else 0
        return [part for part in self.found.partitions if asked.get(part.partition, every) < part.start_offset]

    @property
    def chosen(self) -> str:
        """Which start is marked: a further page of the newest is still the newest."""
        asked = self.form.data.get("start") or "newest"
        return {"before": "newest", "after": "oldest"}.get(asked, asked)

    @property
    def newest_first(self) -> bool:
        """The order of the rows."""
        return self.start is not None and self.start.kind in ("newest", "before")

    @property
    def older(self) -> str:
        """The positions of older records, for an address."""
        return records.positions_text(self.found.older) if self.found and self.found.older else ""

    @property
    def newer(self) -> str:
        """The positions of newer records, for an address."""
        return records.positions_text(self.found.newer) if self.found and self.found.newer else ""

    @property
    def problems(self) -> list[records.PartitionRange]:
        """Partitions that could not be read."""
        return [part for part in self.found.partitions if part.error] if self.found else []


@dataclass(frozen=True, slots=True)
class RecordTailPage:
    """Context of console/records/tail.html."""

    cluster: Cluster
    head: TopicHead
    form: TailForm
    socket: str  # address of the tail, as far as it is understood
    reading: Reading
    place: str = "topics"
    tab: str = "records"
    chosen: str = "live"
    rates: tuple[int, ...] = RATES
    readings: tuple[tuple[str, str], ...] = CHOICES

    @property
    def kept(self) -> str:
        """What another start keeps of the address."""
        return kept(self.part, self.reading)

    @property
    def part(self) -> str:
        """The partition as other addresses of records have it: one, or none."""
        chosen = self.form.asked["partitions"]
        return str(chosen[0]) if chosen and len(chosen) == 1 else ""

    @property
    def rate(self) -> int:
        """Rows per second."""
        return int(self.form.asked["rows_per_s"])


def kept(partition: str | None, reading: Reading) -> str:
    """Partition and readings as the rest of an address: "&partition=3&key_as=long", or ""."""
    said = {"partition": partition or "", "key_as": reading.key, "value_as": reading.value}
    chosen = {name: value for name, value in said.items() if value and value != AUTO}
    return "&" + urlencode(chosen) if chosen else ""


@open_to_guests
@require_safe
def record_list(request: HttpRequest, cluster_id: uuid.UUID, name: str) -> HttpResponse:
    """The tab "Records"."""
    cluster = cluster_for(request.user, cluster_id, needs=VIEW)
    spec = connection_spec(cluster)
    head = topic_head(spec, name)
    form = RecordsForm(request.GET)
    start = form.reads_from() or _at_group(spec, name, form)
    found = None
    if start:
        found = records.read(spec, name, partition=form.cleaned_data["partition"], start=start, limit=PAGE_SIZE)
    outages.answered(cluster.pk)
    reading = reading_of(request.GET)
    rows = [
        RecordRow(
            record,
            readings.preview(record.key, reading.key),
            readings.preview(record.value, reading.value),
        )
        for record in (found.records if found else [])
    ]
    page = RecordListPage(cluster=cluster, head=head, form=form, start=start, found=found, rows=rows)
    template = "console/records/list.html#rows" if request.htmx.target == "rows" else "console/records/list.html"
    return render(request, template, {"page": page})


def _at_group(spec: ConnectionSpec, name: str, form: RecordsForm) -> records.Start | None:
    """The start at a group's position, if that is asked for; an error at its field if it is not known."""
    if not form.group_asked:
        return None
    try:
        return records.Start("after", positions=groups.positions(spec, form.group_asked, name))
    except NotFound as error:
        form.add_error("group", f"{error.reason[:1].upper()}{error.reason[1:]}.")
    return None


@open_to_guests
@require_safe
def record_tail(request: HttpRequest, cluster_id: uuid.UUID, name: str) -> HttpResponse:
    """The records tab, live: the frame; a socket fills it."""
    cluster = cluster_for(request.user, cluster_id, needs=VIEW)
    head = topic_head(connection_spec(cluster), name)
    outages.answered(cluster.pk)
    form = TailForm.of(request.GET, tail_filter, partitions=head.partitions)
    reading = reading_of(request.GET)
    socket = reverse("console:record-tail", args=[cluster.pk, name]) + "socket"
    socket += f"?{form.words}" if form.words else ""
    page = RecordTailPage(cluster=cluster, head=head, form=form, socket=socket, reading=reading)
    return render(request, "console/records/tail.html", {"page": page})


@open_to_guests
@require_safe
def record_bytes(
    request: HttpRequest, cluster_id: uuid.UUID, name: str, partition: int, offset: int, part: str
) -> HttpResponse:
    """The key or the value as it is, to be saved; a browser never interprets it."""
    cluster = cluster_for(request.user, cluster_id, needs=VIEW)
    if part not in ("key", "value"):
        raise Http404("a record has a key and a value")
    record = records.one(connection_spec(cluster), name, partition, offset)
    data = record.key if part == "key" else record.value
    if data is None:
        raise Http404("null has no bytes")
    response = HttpResponse(data, content_type="application/octet-stream")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}-{partition}-{offset}.{part}"'
    return response
