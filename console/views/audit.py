"""The audit log: of one cluster for its admins, of everything for administrators of the installation.

*Not here*: reading it (services/audit_log.py), writing it (services/audit.py).
"""

import uuid
from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from console.forms.audit import AuditForm
from console.models import AuditEntry, Cluster, Result
from console.permissions import ADMINISTER, check_administrator, cluster_for
from console.services import audit_log
from console.services.audit_log import AuditPage, Change


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One line of the log."""

    entry: AuditEntry
    words: str


@dataclass(frozen=True, slots=True)
class AuditListPage:
    """Context of console/access/audit.html."""

    cluster: Cluster | None
    form: AuditForm
    rows: list[AuditRow]
    found: AuditPage
    unsettled: int  # intents without a result
    names: list[str]
    actions: list[str]
    clusters: list[Cluster]
    filtered: bool
    place: str = "audit"
    results = tuple(Result.choices)
    lines_max = audit_log.LINES_MAX


@dataclass(frozen=True, slots=True)
class AuditEntryPage:
    """Context of console/access/audit_entry.html."""

    cluster: Cluster | None  # whose log this is
    entry: AuditEntry
    words: str
    changes: list[Change]
    settled: bool
    place: str = "audit"

    @property
    def changed(self) -> int:
        """How many things differ."""
        return sum(change.changed for change in self.changes)


@require_safe
def audit_list(request: HttpRequest, cluster_id: uuid.UUID | None = None) -> HttpResponse:
    """Entries that match the filters of the address."""
    cluster = _log_of(request, cluster_id)
    form = AuditForm.of(request.GET)
    found = _found(cluster, form)
    paging = {name: form.cleaned_data.get(name) for name in ("older", "newer")}
    page = audit_log.page_of(found, **paging)
    names, actions = audit_log.choices(cluster)
    context = AuditListPage(
        cluster=cluster,
        form=form,
        rows=[AuditRow(entry, audit_log.words_of(entry)) for entry in page.entries],
        found=page,
        unsettled=audit_log.entries_of(cluster, result=Result.INTENDED).count(),
        names=names,
        actions=actions,
        clusters=[] if cluster else list(Cluster.objects.all()[: audit_log.CHOICES_MAX]),
        filtered=any(form.asked.values()),
    )
    template = "console/access/audit.html"
    return render(request, f"{template}#rows" if request.htmx.target == "rows" else template, {"page": context})


@require_safe
def audit_entry(request: HttpRequest, pk: int, cluster_id: uuid.UUID | None = None) -> HttpResponse:
    """One entry: before and after, who and how; under its row, or as a page."""
    cluster = _log_of(request, cluster_id)
    entry = get_object_or_404(audit_log.entries_of(cluster), pk=pk)
    page = AuditEntryPage(
        cluster=cluster,
        entry=entry,
        words=audit_log.words_of(entry),
        changes=audit_log.changes(entry),
        settled=audit_log.settled(entry),
    )
    template = "console/access/audit_entry.html"
    return render(request, f"{template}#entry" if request.htmx else template, {"page": page})


@require_safe
def audit_download(request: HttpRequest, cluster_id: uuid.UUID | None = None) -> HttpResponse:
    """What the filters match, as lines of JSON: the newest LINES_MAX of it."""
    cluster = _log_of(request, cluster_id)
    lines = "".join(audit_log.lines(_found(cluster, AuditForm.of(request.GET))))
    response = HttpResponse(lines, content_type="application/x-ndjson")
    response.headers["Content-Disposition"] = 'attachment; filename="audit.jsonl"'
    return response


def _log_of(request: HttpRequest, cluster_id: uuid.UUID | None) -> Cluster | None:
    """The door: of a cluster, or (None) of the installation."""
    if cluster_id is None:
        check_administrator(request.user)
        return None
    return cluster_for(request.user, cluster_id, needs=ADMINISTER, changes_cluster=False)


def _found(cluster: Cluster | None, form: AuditForm) -> QuerySet[AuditEntry]:
    asked = form.asked
    return audit_log.entries_of(cluster, cluster_id=asked.pop("cluster"), **asked)
