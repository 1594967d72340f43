"""The partitions of a topic: who leads, who follows, from where to where."""

import uuid
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from console.guests import open_to_guests
from console.kafka import topics
from console.models import Cluster
from console.permissions import VIEW, cluster_for
from console.services import outages
from console.services.clusters import connection_spec
from console.views.live import how_fresh
from console.views.topic_head import TopicHead, topic_head

LISTED_MAX = 1000


@dataclass(frozen=True, slots=True)
class PartitionListPage:
    """Context of console/topics/partitions.html."""

    cluster: Cluster
    head: TopicHead
    rows: list[topics.PartitionView]  # at most LISTED_MAX
    leaders: list[tuple[int, int]]  # (broker, how many it leads)
    place: str = "topics"
    tab: str = "partitions"


@open_to_guests
@require_safe
def partition_list(request: HttpRequest, cluster_id: uuid.UUID, name: str) -> HttpResponse:
    """The tab "Partitions"."""
    cluster = cluster_for(request.user, cluster_id, needs=VIEW)
    head = topic_head(connection_spec(cluster), name, **how_fresh(request))
    outages.answered(cluster.pk)
    leads: dict[int, int] = {}
    for partition in head.topic.partitions:
        if partition.leader is not None:
            leads[partition.leader] = leads.get(partition.leader, 0) + 1
    page = PartitionListPage(
        cluster=cluster, head=head, rows=head.topic.partitions[:LISTED_MAX], leaders=sorted(leads.items())
    )
    return render(request, "console/topics/partitions.html", {"page": page})
