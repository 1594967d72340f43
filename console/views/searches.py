"""Search over a topic: what to look for, and one search with what it found so far.

*Invariants*: a search has an address that who may view the cluster may open; only who began it or administers the
cluster cancels it; a wrong query is kept, with the place of the mistake. Searches are reads: the audit has none.
*Not here*: the language, its jobs (console/search), files (downloads.py).
"""

import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from console.forms.searches import FIELDS, ConditionForm
from console.kafka import scan, topics
from console.kafka.errors import ClusterUnreachable, KafkaError
from console.kafka.records import RecordView
from console.models import Cluster, Search, SearchHit, SearchPart, SearchState
from console.permissions import ADMINISTER, VIEW, cluster_for, role_on
from console.search import Filter, FilterError, jobs, parse
from console.search.language import NUMBER
from console.search.queue import NoQueue
from console.search.words import quoted
from console.services import outages, payloads
from console.services.clusters import connection_spec

HITS_SHOWN = 50
PARTS_SHOWN = 256
LISTED = 10
JSON_WORDS = ("true", "false", "null")
PAGES_MAX = jobs.HITS_MAX // HITS_SHOWN


@dataclass(frozen=True, slots=True)
class Mistake:
    """Where a query is wrong: the text before, what is wrong, the text after."""

    reason: str
    before: str
    wrong: str
    after: str

    @property
    def character(self) -> int:
        """The place, counted as people count."""
        return len(self.before) + 1


@dataclass(frozen=True, slots=True)
class Chip:
    """One condition that must hold, and the query without it."""

    words: str
    rest: str


@dataclass(frozen=True, slots=True)
class Query:
    """What was typed, and what it says."""

    text: str
    chips: list[Chip] = field(default_factory=list)
    mistake: Mistake | None = None
    fields: tuple[tuple[str, str], ...] = FIELDS


@dataclass(frozen=True, slots=True)
class SearchFormPage:
    """Context of console/searches/form.html."""

    cluster: Cluster
    name: str
    partitions: int | None  # None: not asked for
    query: Query
    refused: str
    condition: ConditionForm
    recent: list[Search]
    place: str = "topics"


@dataclass(frozen=True, slots=True)
class HitRow:
    """A record that matches; None where it cannot be shown."""

    hit: SearchHit
    record: RecordView | None
    key: payloads.Preview | None
    value: payloads.Preview | None
    gone: bool  # the cluster says that there is none any more


@dataclass(frozen=True, slots=True)
class SearchPage:
    """Context of console/searches/detail.html."""

    cluster: Cluster
    name: str
    search: Search
    query: Query
    parts: list[SearchPart]
    rows: list[HitRow]
    kept: int  # addresses
    number: int  # of this page of them
    may_cancel: bool
    unread: str = ""  # why records are not shown
    place: str = "topics"

    @property
    def running(self) -> bool:
        """Whether it goes on."""
        return self.search.state == SearchState.RUNNING

    def _sum(self, name: str) -> int:
        return sum(getattr(part, name) for part in self.parts)

    @property
    def read(self) -> int:
        """Offsets that were passed."""
        return self._sum("read")

    @property
    def total(self) -> int:
        """Offsets that are to be passed."""
        return self._sum("total")

    @property
    def percent(self) -> int:
        """How much, rounded down."""
        return self.read * 100 // self.total if self.total else 100

    @property
    def records(self) -> int:
        """Records among them."""
        return self._sum("records")

    @property
    def has_gaps(self) -> bool:
        """Whether some of them hold no record: markers of transactions, what was compacted away."""
        return self.records < self.read - self.gone - self.damaged

    @property
    def found(self) -> int:
        """Records that match so far."""
        return self._sum("found")

    @property
    def bytes_read(self) -> int:
        """As they came from the cluster."""
        return self._sum("bytes_read")

    @property
    def damaged(self) -> int:
        """Offsets that could not be read."""
        return self._sum("damaged")

    @property
    def not_compared(self) -> int:
        """Records that were too large for what was asked."""
        return self._sum("not_compared")

    @property
    def gone(self) -> int:
        """Offsets that were deleted meanwhile."""
        return self._sum("gone")

    @property
    def trouble(self) -> str:
        """The first reason for what is damaged or not compared."""
        return next((part.trouble for part in self.parts if part.trouble), "")

    @property
    def failed(self) -> list[SearchPart]:
        """Partitions that could not be read to their end."""
        return [part for part in self.parts if part.state == jobs.Part.FAILED]

    @property
    def shown_parts(self) -> list[SearchPart]:
        """The partitions that are drawn."""
        return self.parts[:PARTS_SHOWN]

    @property
    def elapsed_s(self) -> float:
        """How long it has been read."""
        begin = self.search.started_at
        return ((self.search.ended_at or timezone.now()) - begin).total_seconds() if begin else 0.0

    @property
    def rate(self) -> int:
        """Records a second."""
        return int(self._sum("records") / self.elapsed_s) if self.elapsed_s > 0.2 else 0

    @property
    def left_s(self) -> int | None:
        """How long it still takes, at the rate so far."""
        if not self.running or not self.read or self.elapsed_s < 1:
            return None
        return max(1, round(self.elapsed_s * (self.total - self.read) / self.read))

    @property
    def waiting_s(self) -> int:
        """How long no worker has said anything."""
        return int((timezone.now() - self.search.seen_at).total_seconds()) if self.running else 0

    @property
    def pages(self) -> int:
        """Pages of addresses."""
        return max(1, -(-self.kept // HITS_SHOWN))

    @property
    def previous_number(self) -> int:
        """The page before."""
        return self.number - 1

    @property
    def next_number(self) -> int:
        """The page after."""
        return self.number + 1

    @property
    def last(self) -> int:
        """The number of the last row."""
        return self.first + len(self.rows) - 1

    @property
    def first(self) -> int:
        """The number of the first row."""
        return (self.number - 1) * HITS_SHOWN + 1


@require_http_methods(["GET", "HEAD", "POST"])
def search_form(request: HttpRequest, cluster_id: uuid.UUID, name: str) -> HttpResponse:
    """The query; with POST a search begins, or a condition is added."""
    cluster = cluster_for(request.user, cluster_id, needs=VIEW)
    spec = connection_spec(cluster)
    refused, condition = "", ConditionForm()
    text = request.GET.get("q", "")
    if request.method == "POST":
        text = request.POST.get("q", "").strip()
        if "add" in request.POST:
            condition = ConditionForm(request.POST)
            added = _added(text, condition) if condition.is_valid() else None
            if added is not None:
                return redirect(f"{reverse('console:search-form', args=[cluster.pk, name])}?{_q(added)}")
        else:
            try:
                asked = parse(text)
                if asked.is_empty:
                    refused = "Type what to look for; a word is found in keys, values and headers."
                else:
                    search = jobs.begin(request.user, cluster, spec, name, asked)
                    return redirect("console:search-detail", cluster_id=cluster.pk, name=name, search_id=search.pk)
            except FilterError:
                pass  # said below, at its place
            except jobs.SearchRefused as error:
                refused = str(error)
            except ClusterUnreachable as error:
                refused = f"The cluster did not answer: {error}"
    partitions = len(topics.describe_topic(spec, name).partitions) if request.method != "POST" else None
    if partitions is not None:
        outages.answered(cluster.pk)
    recent = Search.objects.filter(cluster=cluster, topic=name, user=request.user)[:LISTED]
    page = SearchFormPage(cluster, name, partitions, query_of(text), refused, condition, list(recent))
    status = 409 if request.method == "POST" else 200
    return render(request, "console/searches/form.html", {"page": page}, status=status)


@require_safe
def search_detail(request: HttpRequest, cluster_id: uuid.UUID, name: str, search_id: uuid.UUID) -> HttpResponse:
    """One search. While it runs, its progress is asked for once a second; rows come only when there are new ones."""
    cluster = cluster_for(request.user, cluster_id, needs=VIEW)
    search = search_for(cluster, name, search_id)
    if search.state == SearchState.RUNNING:
        with suppress(NoQueue):  # the page says how long nobody has read
            jobs.tend(search)
    asked = request.GET.get("page", "")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 and 0 < int(asked) <= PAGES_MAX else 1
    hits = list(search.hits.all()[(number - 1) * HITS_SHOWN : number * HITS_SHOWN])
    polls = request.htmx.target == "progress"
    same = request.GET.get("shown") == str(len(hits)) and search.state == SearchState.RUNNING
    rows, unread = ([], "") if polls and same else _rows(cluster, search, hits)
    page = SearchPage(
        cluster=cluster,
        name=name,
        search=search,
        query=query_of(search.query),
        parts=list(search.parts.all()),
        rows=rows,
        kept=search.hits.count(),
        number=number,
        may_cancel=_may_cancel(request, cluster, search),
        unread=unread,
    )
    template = "console/searches/detail.html"
    if polls and same:
        return render(request, f"{template}#progress", {"page": page, "shown": len(hits)})
    if polls or request.htmx.target == "rows":
        response = render(request, f"{template}#rows", {"page": page, "shown": len(hits)})
        response.headers["HX-Retarget"] = "#rows"
        return response
    return render(request, template, {"page": page, "shown": len(hits)})


@require_POST
def search_cancel(request: HttpRequest, cluster_id: uuid.UUID, name: str, search_id: uuid.UUID) -> HttpResponse:
    """End a search; what was found stays."""
    cluster = cluster_for(request.user, cluster_id, needs=VIEW)
    search = search_for(cluster, name, search_id)
    if not _may_cancel(request, cluster, search):
        raise PermissionDenied(f"this search was begun by {search.user.get_username()}; admins may cancel it too")
    jobs.cancel(search)
    return redirect("console:search-detail", cluster_id=cluster.pk, name=name, search_id=search.pk)


def search_for(cluster: Cluster, name: str, search_id: uuid.UUID) -> Search:
    """A search of this topic; Http404 if it is another's, or forgotten."""
    search = Search.objects.select_related("user").filter(pk=search_id, cluster=cluster, topic=name).first()
    if search is None:
        raise Http404("there is no such search; searches are kept for a day")
    return search


def query_of(text: str) -> Query:
    """What a text says, or where it is wrong."""
    text = text.strip()
    try:
        asked: Filter = parse(text)
    except FilterError as error:
        end = max(error.end, error.begin + 1)
        mistake = Mistake(error.reason, text[: error.begin], text[error.begin : end], text[end:])
        return Query(text, mistake=mistake)
    return Query(text, [Chip(text[part.begin : part.end], asked.without(part)) for part in asked.parts])


def _added(text: str, form: ConditionForm) -> str | None:
    """The query with one condition more; None if that is none, said at its field."""
    asked = form.cleaned_data
    value = quoted(asked["text"])
    match asked["field"]:
        case "":
            condition = value
        case "key" | "value" | "header" if not asked["name"]:
            condition = f"{asked['field']}:{value}"
        case "field" | "header":
            if not asked["name"]:
                form.add_error("name", "Which field? A path has dots: ship_to.city")
                return None
            place = "header" if asked["field"] == "header" else "value"
            path = _path(asked["name"], whole=place == "header")
            is_word = place == "value" and (NUMBER.fullmatch(asked["text"]) or asked["text"] in JSON_WORDS)
            condition = f"{place}.{path}={asked['text']}" if is_word else f"{place}.{path}:{value}"
        case "since" | "until":
            condition = f"time{'>=' if asked['field'] == 'since' else '<'}{asked['text'].strip().replace(' ', 'T')}"
        case _:
            condition = f"partition:{asked['text'].strip()}"
    try:
        parse(condition)
    except FilterError as error:
        form.add_error("text", error.reason)
        return None
    text = f"({text})" if " or " in f" {text.lower()} " else text
    return f"{text} {condition}".strip()


def _path(name: str, *, whole: bool) -> str:
    segments = [name] if whole else name.split(".")
    return ".".join(
        segment if segment.replace("_", "").isalnum() and segment.isascii() else quoted(segment) for segment in segments
    )


def _rows(cluster: Cluster, search: Search, hits: list[SearchHit]) -> tuple[list[HitRow], str]:
    """Hits with their records; and why these cannot be shown."""
    records: dict[tuple[int, int], RecordView | None] = {}
    unread = ""
    try:
        if hits:
            records = scan.pick(connection_spec(cluster), search.topic, [(hit.partition, hit.offset) for hit in hits])
    except KafkaError as error:
        unread = str(error)
    rows = []
    for hit in hits:
        place = (hit.partition, hit.offset)
        record = records.get(place)
        shown = (payloads.preview(record.key), payloads.preview(record.value)) if record else (None, None)
        rows.append(HitRow(hit, record, *shown, gone=place in records and record is None))
    return rows, unread


def _may_cancel(request: HttpRequest, cluster: Cluster, search: Search) -> bool:
    return search.user_id == request.user.pk or role_on(request.user, cluster) >= ADMINISTER


def _q(text: str) -> str:
    return urlencode({"q": text})
