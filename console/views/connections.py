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

LESSER = "connections are added by an administrator of this installation"


@dataclass(frozen=True, slots=True)
class ConnectionPage:
    """Context of console/clusters/connection.html."""

    cluster: Cluster | None  # None: a new one
    form: MarksForm
    probe: Probe | None = None
    refused: str = ""
    place: str = "clusters"

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
    form = ConnectionForm(request.POST if request.method == "POST" else None, user_id=request.user.pk)
    return _answer(request, None, form)


@require_http_methods(["GET", "HEAD", "POST"])
def cluster_edit(request: HttpRequest, cluster_id: uuid.UUID) -> HttpResponse:
    """How it is reached and marked; of the embedded one only how it is marked."""
    cluster = cluster_for(request.user, cluster_id, needs=ADMINISTER, changes_cluster=False)
    typed = request.POST if request.method == "POST" else None
    if cluster.embedded:
        return _answer(request, cluster, MarksForm(typed, cluster=cluster))
    moves = bool(request.user.is_superuser)
    return _answer(request, cluster, ConnectionForm(typed, cluster=cluster, user_id=request.user.pk, moves=moves))


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


def _answer(request: HttpRequest, cluster: Cluster | None, form: MarksForm) -> HttpResponse:
    """Show the form, test what it says, or save it."""
    template = "console/clusters/connection.html"
    if request.method != "POST":
        return render(request, template, {"page": ConnectionPage(cluster, form)})
    if not form.is_valid():
        return render(request, template, {"page": ConnectionPage(cluster, form)}, status=409)
    actor = audit.actor_of(request)
    if request.POST.get("do") == "test":
        found = connections.test(actor, form.wanted)
        return render(request, template, {"page": ConnectionPage(cluster, form, found)})
    try:
        failed = connections.save(actor, form.wanted)
    except connections.ConnectionRefused as refused:
        return render(request, template, {"page": ConnectionPage(cluster, form, None, str(refused))}, status=409)
    if failed is not None:
        return render(request, template, {"page": ConnectionPage(cluster, form, failed)}, status=409)
    messages.success(request, f"{form.cleaned_data['name']} is {'saved' if cluster else 'added'}.")
    return redirect("console:cluster-list")
