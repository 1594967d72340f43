"""Deleting a topic, or records of it: what would be lost is counted first, and the topic's name typed.

*Invariants*: a GET deletes nothing; a POST deletes of the topic that was seen, up to the offsets that were seen, or
nothing, with the reason. What arrives after the review stays.
*Not here*: the writes (services/topics.py).
"""

import uuid
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from console.forms.topics import OFFSET_MAX, DeleteRecordsForm, DeletionForm
from console.guests import open_to_guests
from console.kafka import deletions, groups
from console.kafka.connection import ConnectionSpec
from console.kafka.errors import ClusterUnreachable, KafkaError, NotFound
from console.models import Cluster
from console.permissions import ADMINISTER, cluster_for
from console.services import audit, outages
from console.services import topics as writes
from console.services.clusters import connection_spec
from console.services.figures import thin
from console.services.topic_commands import delete_command, delete_records_command
from console.services.topics import Cut
from console.views.topic_head import TopicHead, topic_head
from console.views.topic_outcomes import outcome

LISTED_MAX = 200  # each is a field of the form
GROUPS_SHOWN = 20
COMMAND_MAX = 50  # partitions in a command that one can still read
KINDS = (("all", "All there are now"), ("time", "Older than a time"), ("offset", "Before an offset"))


@dataclass(frozen=True, slots=True)
class TopicDeletionPage:
    """Context of console/topics/delete.html."""

    cluster: Cluster
    head: TopicHead
    readers: list[str] | None  # groups that lose it; None if that is not known
    command: str
    typed: str
    errors: dict[str, str]
    place: str = "topics"

    @property
    def refusal(self) -> str:
        """Why not at all."""
        return writes.INTERNAL if self.head.topic.internal else ""

    @property
    def readers_shown(self) -> list[str]:
        """The first of them."""
        return (self.readers or [])[:GROUPS_SHOWN]


@open_to_guests
@require_http_methods(["GET", "HEAD", "POST"])
def topic_delete(request: HttpRequest, cluster_id: uuid.UUID, name: str) -> HttpResponse:
    """What would be lost; with POST it is."""
    cluster = cluster_for(request.user, cluster_id, needs=ADMINISTER)
    errors: dict[str, str] = {}
    form = DeletionForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        actor = audit.actor_of(request)
        try:
            lost = writes.delete(cluster, actor, name, topic_id=asked["topic_id"], typed=asked["typed"])
        except (writes.Gone, writes.PerhapsDone, ClusterUnreachable) as error:
            return outcome(request, cluster, name, error, deletes=True)
        except writes.NotDone as error:
            errors[error.field or "all"] = str(error)
        else:
            held = "" if lost.records is None else f" with {thin(lost.records)} records"
            messages.success(request, f"Topic {name} was deleted{held}.")
            return redirect("console:topic-list", cluster_id=cluster.pk)
    try:
        spec = connection_spec(cluster)
        head = topic_head(spec, name)
    except (NotFound, ClusterUnreachable) as error:
        if request.method == "POST":
            return outcome(request, cluster, name, _lost(error), deletes=True)
        raise
    outages.answered(cluster.pk)
    page = TopicDeletionPage(
        cluster=cluster,
        head=head,
        readers=_readers(spec, name),
        command=delete_command(spec.bootstrap, name),
        typed=str(form.data.get("typed", ""))[:300],
        errors=errors,
    )
    return render(request, "console/topics/delete.html", {"page": page}, status=409 if errors else 200)


@dataclass(frozen=True, slots=True)
class RecordDeletionPage:
    """Context of console/topics/delete_records.html."""

    cluster: Cluster
    head: TopicHead
    form: DeleteRecordsForm
    chosen: str
    offsets: dict[int, str]  # as typed
    cuts: list[deletions.Planned] | None  # once it is asked for
    command: str
    typed: str
    errors: dict[str, str]
    place: str = "topics"
    kinds: tuple[tuple[str, str], ...] = KINDS

    @property
    def refusal(self) -> str:
        """Why not at all."""
        return writes.refusal_of_records(internal=self.head.topic.internal, deletes=self.head.deletes)

    @property
    def rows(self) -> list[tuple[deletions.Planned, str, str]]:
        """(partition, what was typed, what is wrong with it)."""
        planned = self.cuts if self.cuts is not None else [
            deletions.Planned(part.index, part.start_offset, part.end_offset, part.start_offset)
            for part in self.head.topic.partitions
        ]  # fmt: skip
        return [
            (one, self.offsets.get(one.partition, ""), self.errors.get(f"offset.{one.partition}", ""))
            for one in planned[:LISTED_MAX]
        ]

    @property
    def lost(self) -> int:
        """Records that would be deleted."""
        return sum(one.lost for one in self.cuts or ())

    @property
    def error_of_all(self) -> str:
        """What is wrong and belongs to no field in sight."""
        return self.errors.get("all", "") or ("" if self.agreeable else self.errors.get("typed", ""))

    @property
    def agreeable(self) -> bool:
        """Whether there is something to agree to, and nothing wrong with it."""
        return bool(self.lost) and not set(self.errors) - {"typed", "all"}

    @property
    def seen(self) -> str:
        """The review as the form sends it back."""
        return ",".join(f"{one.partition}:{one.start}:{one.to}" for one in self.cuts or () if one.lost)


@open_to_guests
@require_http_methods(["GET", "HEAD", "POST"])
def record_delete(request: HttpRequest, cluster_id: uuid.UUID, name: str) -> HttpResponse:
    """Up to where, the review, and with POST the deletion."""
    cluster = cluster_for(request.user, cluster_id, needs=ADMINISTER)
    errors: dict[str, str] = {}
    agreed = DeletionForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        answer = _delete_records(request, cluster, name, agreed, errors)
        if answer is not None:
            return answer
    try:
        spec = connection_spec(cluster)
        head = topic_head(spec, name)
    except (NotFound, ClusterUnreachable) as error:
        if request.method == "POST":
            return outcome(request, cluster, name, _lost(error), deletes=True)
        raise
    outages.answered(cluster.pk)
    form = DeleteRecordsForm(request.GET if "to" in request.GET else None)
    offsets = {
        part.index: request.GET.get(f"offset.{part.index}", "")[:25] for part in head.topic.partitions[:LISTED_MAX]
    }
    cuts = _planned(spec, head, form, offsets, errors) if form.is_bound and form.is_valid() else None
    errors |= {key: str(words[0]) for key, words in form.errors.items()}
    lines = [(one.partition, one.to) for one in cuts or () if one.lost and one.to is not None]
    page = RecordDeletionPage(
        cluster=cluster,
        head=head,
        form=form,
        chosen=str(form.data.get("to") or "all"),
        offsets=offsets,
        cuts=cuts,
        command=delete_records_command(spec.bootstrap, name, lines) if lines and len(lines) <= COMMAND_MAX else "",
        typed=str(agreed.data.get("typed", ""))[:300],
        errors=errors,
    )
    return render(request, "console/topics/delete_records.html", {"page": page}, status=409 if errors else 200)


def _delete_records(
    request: HttpRequest, cluster: Cluster, name: str, form: DeletionForm, errors: dict[str, str]
) -> HttpResponse | None:
    if not form.is_valid():
        errors["all"] = str(next(iter(form.errors.values()))[0])
        return None
    asked = form.cleaned_data
    cuts = [Cut(*part) for part in asked["seen"]]
    actor = audit.actor_of(request)
    try:
        done = writes.delete_records(cluster, actor, name, cuts, topic_id=asked["topic_id"], typed=asked["typed"])
    except (writes.Gone, writes.PerhapsDone, ClusterUnreachable) as error:
        return outcome(request, cluster, name, error)
    except writes.NotDone as error:
        errors[error.field or "all"] = str(error)
        return None
    words = "1 record was" if done == 1 else f"{thin(done)} records were"
    messages.success(request, f"{words} deleted from {name}.")
    return redirect("console:partition-list", cluster_id=cluster.pk, name=name)


def _planned(
    spec: ConnectionSpec, head: TopicHead, form: DeleteRecordsForm, offsets: dict[int, str], errors: dict[str, str]
) -> list[deletions.Planned] | None:
    asked = form.cleaned_data
    wanted: dict[int, int] = {}
    if asked["to"] == "offset":
        for index, text in offsets.items():
            if text.strip():
                if not (text.strip().isascii() and text.strip().isdigit()) or int(text) > OFFSET_MAX:
                    errors[f"offset.{index}"] = "An offset is a whole number."
                else:
                    wanted[index] = int(text)
    found = deletions.planned(spec, head.topic, asked["to"], asked["time"], wanted)
    for one in found:
        if one.beyond:
            errors[f"offset.{one.partition}"] = f"The log ends at {one.end}."
    return found


def _readers(spec: ConnectionSpec, name: str) -> list[str] | None:
    try:
        return [group.name for group in groups.groups_of_topic(spec, name).rows]
    except KafkaError:
        return None


def _lost(error: NotFound | ClusterUnreachable) -> writes.NotDone | ClusterUnreachable:
    return writes.Gone(str(error)) if isinstance(error, NotFound) else error
