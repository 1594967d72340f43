"""One broker: what it leads and holds, its log directories, and its configuration.

*Invariants*: what the cluster does not tell this console is a sentence in its place; the rest of the page comes.
*Not here*: all brokers side by side (views/clusters.py), configs of topics (configs.py). Nothing is changed from here.
"""

import uuid
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from console.guests import open_to_guests
from console.kafka import cluster as kafka_cluster
from console.kafka import configs
from console.kafka.configs import ConfigEntry
from console.kafka.errors import KafkaRefused, NotAuthorized, NotFound
from console.models import Cluster
from console.permissions import VIEW, cluster_for
from console.services import outages
from console.services.clusters import connection_spec


@dataclass(frozen=True, slots=True)
class BrokerPage:
    """Context of console/clusters/broker.html."""

    cluster: Cluster
    view: kafka_cluster.ClusterView
    node: kafka_cluster.NodeView
    configs: list[ConfigEntry]
    configs_refused: str  # why there are none
    only_changed: bool
    place: str = "cluster"

    @property
    def rows(self) -> list[ConfigEntry]:
        """Those that are shown: set ones first."""
        entries = [entry for entry in self.configs if entry.changed or not self.only_changed]
        return sorted(entries, key=lambda entry: (not entry.changed, entry.name))

    @property
    def set_by_somebody(self) -> int:
        """How many do not come from the defaults."""
        return sum(entry.changed for entry in self.configs)


@open_to_guests
@require_safe
def broker_detail(request: HttpRequest, cluster_id: uuid.UUID, node_id: int) -> HttpResponse:
    """One broker."""
    cluster = cluster_for(request.user, cluster_id, needs=VIEW)
    spec = connection_spec(cluster)
    view = kafka_cluster.describe(spec)
    outages.answered(cluster.pk)
    node = next((node for node in view.nodes if node.id == node_id), None)
    if node is None:
        raise NotFound(f"no broker {node_id} is registered now; it is down, or there is none of this number")
    entries, refused = [], ""
    try:
        entries = configs.broker_configs(spec, node_id)
    except (NotAuthorized, KafkaRefused) as error:
        refused = str(error)
    page = BrokerPage(cluster, view, node, entries, refused, request.GET.get("changed") == "1")
    template = "console/clusters/broker.html"
    return render(request, f"{template}#rows" if request.htmx.target == "rows" else template, {"page": page})
