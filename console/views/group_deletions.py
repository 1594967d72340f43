"""Deleting a group: what is lost, and its name typed to agree.

*Not here*: the deletion itself and its audit entry (services/group_deletions.py).
"""

import uuid
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from console.guests import open_to_guests
from console.kafka import groups
from console.models import Cluster
from console.permissions import ADMINISTER, cluster_for
from console.services import audit, group_deletions, outages
from console.services.clusters import connection_spec
from console.services.reset_commands import delete_command

TYPED_MAX = 2000


@dataclass(frozen=True, slots=True)
class GroupDeletionPage:
    """Context of console/groups/delete.html."""

    cluster: Cluster
    group: groups.GroupDetail
    refusal: str  # why it is not deleted now
    command: str
    typed: str = ""
    refused: str = ""
    place: str = "groups"

    @property
    def commits(self) -> int:
        """Partitions whose commit is lost."""
        return sum(one.committed is not None for one in self.group.partitions)


@open_to_guests
@require_http_methods(["GET", "HEAD", "POST"])
def group_delete(request: HttpRequest, cluster_id: uuid.UUID, group: str) -> HttpResponse:
    """The form, and with POST the deletion."""
    cluster = cluster_for(request.user, cluster_id, needs=ADMINISTER)
    spec = connection_spec(cluster)
    detail = groups.describe_group(spec, group)
    outages.answered(cluster.pk)
    typed = request.POST.get("typed", "").strip()[:TYPED_MAX]
    refused = ""
    if request.method == "POST":
        try:
            group_deletions.delete(cluster, audit.actor_of(request), detail, typed)
        except group_deletions.NotDeleted as error:
            refused = str(error)
        else:
            messages.success(request, f"Group {group} was deleted.")
            return redirect("console:group-list", cluster_id=cluster.pk)
    command = delete_command(spec.bootstrap, group, secure=spec.tls is not None or spec.sasl is not None)
    page = GroupDeletionPage(cluster, detail, group_deletions.refusal(detail), command, typed, refused)
    return render(request, "console/groups/delete.html", {"page": page}, status=409 if refused else 200)
