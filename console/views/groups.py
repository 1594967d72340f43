"""Consumer groups: the list, one group, and the groups of a topic. All of them refresh themselves.

*Not here*: resets (offset_resets.py), who is in a group (console.kafka).
"""

import difflib
import uuid
from collections import Counter
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from console.forms.groups import GroupListForm
from console.guests import open_to_guests
from console.kafka import groups
from console.models import Cluster
from console.permissions import OPERATE, VIEW, cluster_for, refusal_of, role_on
from console.services import lag_trends, outages
from console.services.clusters import connection_spec
from console.views.live import how_fresh
from console.views.page_numbers import Paged
from console.views.topic_head import TopicHead, topic_head

LISTED_MAX = 1000  # members and partitions of one group
NAME_CHARACTERS_MAX = 249
NAMES_MAX = 5000
REASONS_MAX = 3


@dataclass(frozen=True, slots=True)
class GroupListPage(Paged):
    """Context of console/groups/list.html."""

    cluster: Cluster
    form: GroupListForm  # what is asked for, made valid
    found: groups.GroupPage
    nearest: str | None  # the closest name when nothing matches
    rows: list[tuple[groups.GroupSummary, lag_trends.Trend | None]]  # each with the trend of its lag
    place: str = "groups"

    @property
    def part(self) -> tuple[int, int, int]:
        """Which part of the list it is."""
        return self.found.page, self.found.pages, len(self.found.groups)


@dataclass(frozen=True, slots=True)
class TopicRows:
    """The partitions of one topic that a group reads or has read."""

    topic: str
    partitions: list[groups.GroupPartition]
    lag: int | None


@dataclass(frozen=True, slots=True)
class GroupDetailPage:
    """Context of console/groups/detail.html."""

    cluster: Cluster
    group: groups.GroupDetail
    topics: list[TopicRows]  # at most LISTED_MAX partitions
    hidden: int  # partitions that are not shown
    worst: int  # the largest lag of a partition: the bars share its scale
    reset_refusal: str  # why this person may not reset its offsets; "" if they may
    trend: lag_trends.Trend | None  # of the lag
    place: str = "groups"
    members_max: int = LISTED_MAX

    @property
    def untimed_reasons(self) -> list[tuple[str, int]]:
        """Why times behind are not known, and for how many partitions; the most frequent first."""
        return Counter(one.behind_why for one in self.group.untimed).most_common(REASONS_MAX)


@dataclass(frozen=True, slots=True)
class TopicGroupsPage:
    """Context of console/topics/groups.html."""

    cluster: Cluster
    head: TopicHead
    found: groups.TopicGroups
    place: str = "topics"
    tab: str = "groups"


@open_to_guests
@require_safe
def group_list(request: HttpRequest, cluster_id: uuid.UUID) -> HttpResponse:
    """One page of groups."""
    cluster = cluster_for(request.user, cluster_id, needs=VIEW)
    form = GroupListForm.of(request.GET)
    found = groups.group_page(connection_spec(cluster), page_size=Paged.page_size, **form.asked, **how_fresh(request))
    outages.answered(cluster.pk)
    nearest = _nearest(form.asked["query"], found.names)
    rows = [(group, lag_trends.seen((cluster.pk, group.name), group.lag, group.committed)) for group in found.groups]
    page = GroupListPage(cluster=cluster, form=form, found=found, nearest=nearest, rows=rows)
    return render(request, _page_or_rows(request, "console/groups/list.html"), {"page": page})


@open_to_guests
@require_safe
def group_detail(request: HttpRequest, cluster_id: uuid.UUID, group: str) -> HttpResponse:
    """One group: its members, and how far it is in each partition."""
    cluster = cluster_for(request.user, cluster_id, needs=VIEW)
    detail = groups.describe_group(connection_spec(cluster), group, **how_fresh(request))
    outages.answered(cluster.pk)
    shown = detail.partitions[:LISTED_MAX]
    by_topic: dict[str, list[groups.GroupPartition]] = {}
    for partition in shown:
        by_topic.setdefault(partition.topic, []).append(partition)
    page = GroupDetailPage(
        cluster=cluster,
        group=detail,
        topics=[TopicRows(topic, rows, _lag(rows)) for topic, rows in by_topic.items()],
        hidden=len(detail.partitions) - len(shown),
        worst=max((partition.lag or 0 for partition in shown), default=0),
        reset_refusal=refusal_of(role_on(request.user, cluster), cluster, needs=OPERATE),
        trend=lag_trends.seen((cluster.pk, detail.name), detail.lag, detail.committed),
    )
    return render(request, _page_or_rows(request, "console/groups/detail.html"), {"page": page})


@open_to_guests
@require_safe
def topic_groups(request: HttpRequest, cluster_id: uuid.UUID, name: str) -> HttpResponse:
    """The tab "Groups" of a topic."""
    cluster = cluster_for(request.user, cluster_id, needs=VIEW)
    spec = connection_spec(cluster)
    head = topic_head(spec, name)
    page = TopicGroupsPage(cluster=cluster, head=head, found=groups.groups_of_topic(spec, name))
    outages.answered(cluster.pk)
    return render(request, _page_or_rows(request, "console/topics/groups.html"), {"page": page})


def _page_or_rows(request: HttpRequest, template: str) -> str:
    return f"{template}#rows" if request.htmx.target == "rows" else template


def _lag(partitions: list[groups.GroupPartition]) -> int | None:
    known = [partition.lag for partition in partitions if partition.lag is not None]
    return sum(known) if known else None


def _nearest(query: str, names: list[str]) -> str | None:
    """The name most like what was asked for (bounded work, whatever the groups are called)."""
    if not query:
        return None
    short = [name for name in names if len(name) <= NAME_CHARACTERS_MAX][:NAMES_MAX]
    found = difflib.get_close_matches(query, short, n=1, cutoff=0.5)
    return found[0] if found else None
