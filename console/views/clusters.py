"""The list of clusters and the page of one."""

import uuid
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from console.kafka import cluster as kafka_cluster
from console.kafka.errors import KafkaError
from console.models import Cluster, Role
from console.permissions import VIEW, cluster_for, clusters_of, role_on
from console.services import outages
from console.services.clusters import connection_spec

LISTED_MAX = 100
ANSWERS_WITHIN_S = 3  # the whole list: each connection gives up sooner by itself


@dataclass(frozen=True, slots=True)
class ClusterRow:
    """One line of the list: what the cluster says of itself, or why it says nothing."""

    cluster: Cluster
    role: Role
    view: kafka_cluster.ClusterView | None
    problem: str | None


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
    place: str = "cluster"


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Where there is one cluster, its topics; else the list."""
    clusters = list(clusters_of(request.user)[:2])
    if len(clusters) == 1:
        return redirect("console:topic-list", cluster_id=clusters[0].pk)
    return redirect("console:cluster-list")


@require_safe
def cluster_list(request: HttpRequest) -> HttpResponse:
    """All clusters one may see, each asked at the same time: one that hangs costs the page no more than itself."""
    clusters = list(clusters_of(request.user)[:LISTED_MAX])
    roles = [role_on(request.user, cluster) for cluster in clusters]
    rows = _rows(clusters, roles)
    page = ClusterListPage(rows=rows, down=[row for row in rows if row.view is None])
    return render(request, "console/clusters/list.html", {"page": page})


@require_safe
def cluster_detail(request: HttpRequest, cluster_id: uuid.UUID) -> HttpResponse:
    """Is it all right, and why not; then its brokers."""
    cluster = cluster_for(request.user, cluster_id, needs=VIEW)
    view = kafka_cluster.describe(connection_spec(cluster))
    outages.answered(cluster.pk)
    return render(request, "console/clusters/detail.html", {"page": ClusterDetailPage(cluster=cluster, view=view)})


def _rows(clusters: list[Cluster], roles: list[Role]) -> list[ClusterRow]:
    pool = ThreadPoolExecutor(max(1, len(clusters)))
    asked = [pool.submit(_row, cluster, role) for cluster, role in zip(clusters, roles, strict=True)]
    wait(asked, timeout=ANSWERS_WITHIN_S)
    pool.shutdown(wait=False, cancel_futures=True)
    late = f"no answer within {ANSWERS_WITHIN_S} s"
    return [
        answer.result() if answer.done() and not answer.cancelled() else ClusterRow(cluster, role, None, late)
        for answer, cluster, role in zip(asked, clusters, roles, strict=True)
    ]


def _row(cluster: Cluster, role: Role) -> ClusterRow:
    try:
        view = kafka_cluster.describe(connection_spec(cluster))
    except KafkaError as error:
        return ClusterRow(cluster, role, None, error.reason)
    return ClusterRow(cluster, role, view, None)
