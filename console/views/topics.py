"""The list of topics: searched, sorted and cut into pages by console.kafka.

*Not here*: one topic (records.py, partitions.py, configs.py).
"""

import re
import uuid
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from console.forms.topics import TopicListForm
from console.guests import open_to_guests
from console.kafka import topics
from console.models import Cluster
from console.permissions import VIEW, cluster_for
from console.services import outages
from console.services.clusters import connection_spec
from console.views.converters import TopicNameConverter
from console.views.live import how_fresh
from console.views.page_numbers import Paged


@dataclass(frozen=True, slots=True)
class TopicListPage(Paged):
    """Context of console/topics/list.html."""

    cluster: Cluster
    form: TopicListForm  # what is asked for, made valid
    found: topics.TopicPage
    nearest: str | None  # the closest name when nothing matches
    place: str = "topics"

    @property
    def part(self) -> tuple[int, int, int]:
        """Which part of the list it is."""
        return self.found.page, self.found.pages, len(self.found.topics)


@open_to_guests
@require_safe
def topic_list(request: HttpRequest, cluster_id: uuid.UUID) -> HttpResponse:
    """One page of topics."""
    cluster = cluster_for(request.user, cluster_id, needs=VIEW)
    form = TopicListForm.of(request.GET)
    spec = connection_spec(cluster)
    found = topics.topic_page(spec, page_size=Paged.page_size, **form.asked, **how_fresh(request))
    outages.answered(cluster.pk)
    nearest = None
    if form.asked["query"] and not found.matching:
        nearest = _nearest(form.asked["query"], topics.topic_names(spec))
    page = TopicListPage(cluster=cluster, form=form, found=found, nearest=nearest)
    template = "console/topics/list.html#rows" if request.htmx.target == "rows" else "console/topics/list.html"
    return render(request, template, {"page": page})


def _nearest(query: str, names: list[str]) -> str | None:
    """The name that shares the longest run of characters with the query (bounded work: names are short)."""
    wanted = query.lower()[:100]
    names = [name for name in names if re.fullmatch(TopicNameConverter.regex, name)]
    for length in range(len(wanted) - 1, 2, -1):
        runs = [wanted[start : start + length] for start in range(len(wanted) - length + 1)]
        for name in names[:10_000]:
            if any(run in name.lower() for run in runs):
                return name
    return None
