"""More partitions for a topic: which keys would go elsewhere, what readers must know, and with POST the deed.

*Invariants*: a GET changes nothing; what cannot be undone is agreed to by a tick, for the number that was seen.
*Not here*: hashes (services/partitioners.py), the write (services/topics.py).
"""

import uuid
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from console.forms.topics import PartitionsForm
from console.guests import open_to_guests
from console.kafka import records, topics
from console.kafka.connection import ConnectionSpec
from console.kafka.errors import ClusterUnreachable, KafkaError, NotFound
from console.models import Cluster
from console.permissions import OPERATE, cluster_for
from console.services import audit, outages
from console.services import topics as writes
from console.services.clusters import connection_spec
from console.services.key_moves import KeyMoves, key_moves
from console.services.topic_commands import partitions_command
from console.services.topic_costs import moved_share
from console.views.topic_outcomes import outcome

SAMPLE = 200  # newest records whose keys are looked at


@dataclass(frozen=True, slots=True)
class PartitionAdditionPage:
    """Context of console/topics/add_partitions.html."""

    cluster: Cluster
    topic: topics.TopicDetail
    form: PartitionsForm
    errors: dict[str, str]
    moves: KeyMoves | None  # once a number is asked for
    count: int | None
    command: str
    place: str = "topics"

    @property
    def now(self) -> int:
        """How many there are."""
        return len(self.topic.partitions)

    @property
    def suggested(self) -> int:
        """What stands in the form at first."""
        return self.now * 2

    @property
    def share(self) -> int:
        """How many keys of 1000 go elsewhere."""
        return round(1000 * moved_share(self.now, self.count)) if self.count else 0

    @property
    def refusal(self) -> str:
        """Why not at all."""
        return writes.INTERNAL if self.topic.internal else ""


@open_to_guests
@require_http_methods(["GET", "HEAD", "POST"])
def partition_add(request: HttpRequest, cluster_id: uuid.UUID, name: str) -> HttpResponse:
    """The form and its review; with POST more partitions."""
    cluster = cluster_for(request.user, cluster_id, needs=OPERATE)
    posted = request.method == "POST"
    data = request.POST if posted else request.GET
    form = PartitionsForm(data if "count" in data else None)
    errors = {key: str(words[0]) for key, words in form.errors.items()}
    count = form.cleaned_data.get("count") if form.is_bound and not errors else None
    if posted and count is not None:
        try:
            if not form.cleaned_data["agreed"] or not form.cleaned_data["seen"]:
                raise writes.NotDone("tick that you have seen that it cannot be undone", "agreed")
            seen = form.cleaned_data["seen"]
            writes.add_partitions(cluster, audit.actor_of(request), name, count, seen)
            messages.success(request, f"{name} has {count} partitions now; it had {seen}.")
            return redirect("console:partition-list", cluster_id=cluster.pk, name=name)
        except (writes.Gone, writes.PerhapsDone, ClusterUnreachable) as error:
            return outcome(request, cluster, name, error)
        except writes.NotDone as error:
            errors["count" if error.field == "partitions" else error.field or "all"] = str(error)
    try:
        spec = connection_spec(cluster)
        topic = topics.describe_topic(spec, name)
    except (NotFound, ClusterUnreachable) as error:
        if posted:
            lost = writes.Gone(str(error)) if isinstance(error, NotFound) else error
            return outcome(request, cluster, name, lost)
        raise
    outages.answered(cluster.pk)
    moves = None
    if count is not None and "count" not in errors:
        moves = _review(spec, topic, count, errors)
    page = PartitionAdditionPage(
        cluster=cluster,
        topic=topic,
        form=form,
        errors=errors,
        moves=moves,
        count=count if moves else None,
        command=partitions_command(spec.bootstrap, name, count) if moves and count else "",
    )
    return render(request, "console/topics/add_partitions.html", {"page": page}, status=409 if errors else 200)


def _review(spec: ConnectionSpec, topic: topics.TopicDetail, count: int, errors: dict[str, str]) -> KeyMoves | None:
    """Which keys would move; None with an error if the cluster would not do it."""
    if topic.internal:
        return None
    try:
        writes.check_partitions(spec, topic.name, count)
    except writes.NotDone as error:
        errors["count" if error.field == "partitions" else error.field or "all"] = str(error)
        return None
    try:
        found = records.read(spec, topic.name, limit=SAMPLE).records
    except KafkaError:
        found = []  # examples are shown instead
    return key_moves([(record.key, record.partition) for record in found], len(topic.partitions), count)
