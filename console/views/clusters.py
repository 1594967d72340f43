"""The list of clusters and the page of one.

*Invariants*: the list is sent within FIRST_ANSWERS_S, whatever hangs; who has not answered by then is a line that
asks again by itself.
*Not here*: adding, editing, removing (views/connections.py).
"""

import uuid
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from console.guests import open_to_guests
from console.kafka import cluster as kafka_cluster
from console.kafka import features
from console.kafka.errors import KafkaError
from console.kafka.features import Features
from console.models import Cluster, Role
from console.permissions import ADMINISTER, VIEW, cluster_for, listed_clusters_of, manages, role_on
from console.services import outages
from console.services.clusters import connection_spec

LISTED_MAX = 100
FIRST_ANSWERS_S = 0.4  # how long the list waits; a line that comes later asks for itself


@dataclass(frozen=True, slots=True)
class ClusterRow:
    """One line of the list: what the cluster says of itself, or why it says nothing."""

    cluster: Cluster
    role: Role
    view: kafka_cluster.ClusterView | None
    problem: str | None  # None with no view: not answered yet

    @property
    def is_down(self) -> bool:
        """Whether it is known not to answer."""
        return self.problem is not None

    @property
    def may_edit(self) -> bool:
        """Whether the connection is this person's to change."""
        return self.role >= ADMINISTER


@dataclass(frozen=True, slots=True)
class ClusterListPage:
    """Context of console/clusters/list.html."""

    rows: list[ClusterRow]
    down: list[ClusterRow]  # those that do not answer
    place: str = "clusters"


@dataclass(frozen=True, slots=True)
class ClusterDetailPage:
    """Context of console/clusters/detail.html."""

    cluster: Cluster
    view: kafka_cluster.ClusterView
    features: Features | None  # what it can; None if it did not say
    may_edit: bool
    place: str = "cluster"


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Where there is one cluster, its topics; for learners their sandboxes; else the list."""
    clusters = list(listed_clusters_of(request.user)[:2])
    if len(clusters) == 1:
        return redirect("console:topic-list", cluster_id=clusters[0].pk)
    if not clusters and request.user.is_learner:
        return redirect("sandbox:sandbox-list")
    return redirect("console:cluster-list")


@require_safe
def cluster_list(request: HttpRequest) -> HttpResponse:
    """All clusters one may see, each asked at the same time: one that hangs costs the page no more than itself."""
    clusters = list(listed_clusters_of(request.user)[:LISTED_MAX])
    roles = [role_on(request.user, cluster) for cluster in clusters]
    rows = _rows(clusters, roles)
    page = ClusterListPage(rows=rows, down=[row for row in rows if row.is_down])
    return render(request, "console/clusters/list.html", {"page": page})


@require_safe
def cluster_row(request: HttpRequest, cluster_id: uuid.UUID) -> HttpResponse:
    """One line of the list, once its cluster has answered or is known not to."""
    cluster = cluster_for(request.user, cluster_id, needs=VIEW)
    row = _row(cluster, role_on(request.user, cluster))
    return render(request, "console/clusters/list.html#row", {"row": row})


@open_to_guests
@require_safe
def cluster_detail(request: HttpRequest, cluster_id: uuid.UUID) -> HttpResponse:
    """Is it all right, and why not; then its brokers, and what it can."""
    cluster = cluster_for(request.user, cluster_id, needs=VIEW)
    spec = connection_spec(cluster)
    view = kafka_cluster.describe(spec)
    outages.answered(cluster.pk)
    try:
        found = features.features(spec)
    except KafkaError:
        found = None
    may_edit = manages(request.user, cluster)
    page = ClusterDetailPage(cluster=cluster, view=view, features=found, may_edit=may_edit)
    return render(request, "console/clusters/detail.html", {"page": page})


def _rows(clusters: list[Cluster], roles: list[Role]) -> list[ClusterRow]:
    pool = ThreadPoolExecutor(max(1, len(clusters)))
    asked = [pool.submit(_row, cluster, role) for cluster, role in zip(clusters, roles, strict=True)]
    wait(asked, timeout=FIRST_ANSWERS_S)
    pool.shutdown(wait=False, cancel_futures=True)
    return [
        answer.result() if answer.done() and not answer.cancelled() else ClusterRow(cluster, role, None, None)
        for answer, cluster, role in zip(asked, clusters, roles, strict=True)
    ]


def _row(cluster: Cluster, role: Role) -> ClusterRow:
    try:
        view = kafka_cluster.describe(connection_spec(cluster))
    except KafkaError as error:
        return ClusterRow(cluster, role, None, error.reason)
    return ClusterRow(cluster, role, view, None)
