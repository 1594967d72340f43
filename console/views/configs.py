"""The settings of a topic: value, default, who set it, and what it means."""

import uuid
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from console.guests import open_to_guests
from console.kafka.configs import ConfigEntry
from console.models import Cluster
from console.permissions import VIEW, cluster_for
from console.services import outages
from console.services.clusters import connection_spec
from console.views.topic_head import TopicHead, topic_head


@dataclass(frozen=True, slots=True)
class ConfigListPage:
    """Context of console/topics/configs.html."""

    cluster: Cluster
    head: TopicHead
    rows: list[ConfigEntry]  # set ones first
    only_changed: bool
    place: str = "topics"
    tab: str = "configs"

    @property
    def set_by_somebody(self) -> int:
        """How many do not come from the defaults."""
        return sum(1 for entry in self.head.configs.values() if entry.changed)


@open_to_guests
@require_safe
def config_list(request: HttpRequest, cluster_id: uuid.UUID, name: str) -> HttpResponse:
    """The tab "Settings"."""
    cluster = cluster_for(request.user, cluster_id, needs=VIEW)
    head = topic_head(connection_spec(cluster), name)
    outages.answered(cluster.pk)
    only_changed = request.GET.get("changed") == "1"
    entries = [entry for entry in head.configs.values() if entry.changed or not only_changed]
    rows = sorted(entries, key=lambda entry: (not entry.changed, entry.name))
    page = ConfigListPage(cluster=cluster, head=head, rows=rows, only_changed=only_changed)
    template = "console/topics/configs.html"
    return render(request, f"{template}#rows" if request.htmx.target == "rows" else template, {"page": page})
