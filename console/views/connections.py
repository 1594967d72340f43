"""Connections: adding one with its test in five steps, editing, removing.

*Invariants*: only an administrator of the installation adds a connection or says where one goes; a GET changes nothing.
*Not here*: what is tested and saved (services/connections.py), the list (views/clusters.py).
"""

import uuid
from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from console.forms.connections import ConnectionForm, MarksForm
from console.kafka.probe import Probe
from console.models import Cluster
from console.permissions import ADMINISTER, cluster_for
from console.services import audit, connections
from console.services.clusters import next_colour

LESSER = "connections are added by an administrator of this installation"


@dataclass(frozen=True, slots=True)
class ConnectionPage:
    """Context of console/clusters/connection.html."""

    cluster: Cluster | None  # None: a new one
    form: MarksForm
    carries: str  # the secrets that were typed, sealed
    probe: Probe | None = None
    refused: str = ""
    place: str = "clusters"

    @property
    def seen(self) -> str:
        """What the page was made from."""
        return connections.mark_of(self.cluster) if self.cluster is not None else ""

    @property
    def embedded(self) -> bool:
        """Whether only its marks are one's to change."""
        return self.cluster is not None and self.cluster.embedded


@dataclass(frozen=True, slots=True)
class RemovalPage:
    """Context of console/clusters/remove.html."""

    cluster: Cluster
    members: int
    typed: str = ""
    refused: str = ""
    place: str = "clusters"


@require_http_methods(["GET", "HEAD", "POST"])
def cluster_add(request: HttpRequest) -> HttpResponse:
    """A new connection."""
    if not request.user.is_superuser:
        raise PermissionDenied(LESSER)
    return _answer(request, None, _form(request, None))


@require_http_methods(["GET", "HEAD", "POST"])
def cluster_edit(request: HttpRequest, cluster_id: uuid.UUID) -> HttpResponse:
    """How it is reached and marked; of the embedded one only how it is marked."""
    cluster = cluster_for(request.user, cluster_id, needs=ADMINISTER, changes_cluster=False)
    return _answer(request, cluster, _form(request, cluster))


@require_http_methods(["GET", "HEAD", "POST"])
def cluster_remove(request: HttpRequest, cluster_id: uuid.UUID) -> HttpResponse:
    """Forget a connection, once its name is typed."""
    cluster = cluster_for(request.user, cluster_id, needs=ADMINISTER, changes_cluster=False)
    members = cluster.memberships.count()
    if request.method != "POST":
        return render(request, "console/clusters/remove.html", {"page": RemovalPage(cluster, members)})
    name, typed = cluster.name, request.POST.get("name", "")[:200]
    try:
        connections.remove(audit.actor_of(request), cluster, typed.strip())
    except connections.ConnectionRefused as refused:
        page = RemovalPage(cluster, members, typed, str(refused))
        return render(request, "console/clusters/remove.html", {"page": page}, status=409)
    messages.success(request, f"{name} is removed. In the cluster itself nothing has changed.")
    return redirect("console:cluster-list")


def _form(request: HttpRequest, cluster: Cluster | None) -> MarksForm:
    """The form, with what was typed if something was."""
    typed = request.POST if request.method == "POST" else None
    if cluster is not None and cluster.embedded:
        return MarksForm(typed, cluster=cluster)
    carried = connections.carried(request.POST.get("carried", ""), person=request.user.pk, cluster=cluster)
    return ConnectionForm(
        typed,
        cluster=cluster,
        moves=bool(request.user.is_superuser),
        kept=connections.kept(cluster),
        carried=carried,
        colour=next_colour(),
    )


def _answer(request: HttpRequest, cluster: Cluster | None, form: MarksForm) -> HttpResponse:
    """Show the form, test what it says, or save it."""
    if request.method != "POST":
        return _show(request, cluster, form)
    wanted = connections.wanted(form, cluster)
    if wanted is None:
        return _show(request, cluster, form, status=409)
    actor = audit.actor_of(request)
    if request.POST.get("do") == "test":
        return _show(request, cluster, form, connections.test(actor, wanted))
    seen = request.POST.get("seen", "")
    if cluster is not None and seen and seen != connections.mark_of(cluster):
        return _show(request, cluster, form, refused=connections.CHANGED, status=409)
    try:
        failed = connections.save(actor, wanted)
    except connections.ConnectionRefused as refused:
        return _show(request, cluster, form, refused=str(refused), status=409)
    if failed is not None:
        return _show(request, cluster, form, failed, status=409)
    messages.success(request, f"{wanted.cluster.name} is {'saved' if cluster else 'added'}.")
    return redirect("console:cluster-list")


def _show(
    request: HttpRequest,
    cluster: Cluster | None,
    form: MarksForm,
    probe: Probe | None = None,
    *,
    refused: str = "",
    status: int = 200,
) -> HttpResponse:
    carries = connections.carry(form.typed_secrets, person=request.user.pk, cluster=cluster)
    page = ConnectionPage(cluster, form, carries, probe, refused)
    return render(request, "console/clusters/connection.html", {"page": page}, status=status)
