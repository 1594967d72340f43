"""Resetting the offsets of a group: ask, look at what it means, agree.

*Invariants*: a GET changes nothing; a POST commits exactly what the review showed, or nothing, with the reason.
*Not here*: what may be reset and where to (services/offset_resets.py).
"""

import uuid
from dataclasses import dataclass
from operator import attrgetter

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from console.forms.groups import ConfirmForm, ResetForm, seen_words
from console.guests import open_to_guests
from console.kafka.connection import ConnectionSpec
from console.kafka.group_resets import Move
from console.models import Cluster
from console.permissions import OPERATE, cluster_for
from console.services import audit, lag_trends, offset_resets, outages
from console.services.clusters import connection_spec
from console.services.reset_commands import command

LISTED_MAX = 1000
OFFERED_MAX = 100  # topics; typing finds the others
BEFORE, AFTER = attrgetter("before"), attrgetter("after")
KINDS = (("earliest", "Oldest"), ("latest", "Newest"), ("time", "A time"), ("offset", "An offset"), ("shift", "By ±n"))


@dataclass(frozen=True, slots=True)
class ResetPage:
    """Context of console/groups/reset.html."""

    cluster: Cluster
    name: str  # the group
    state: offset_resets.ResetState
    form: ResetForm
    offered: list[
        tuple[str, bool]
    ]  # topics to choose from, at most OFFERED_MAX, and whether the group has commits in it
    not_offered: int  # how many more would fit
    chosen: str  # kind of target
    review: offset_resets.Review | None  # once something is asked for
    command: str | None
    refused: offset_resets.ResetFailed | None  # why nothing, or not all, was changed
    place: str = "groups"
    kinds: tuple[tuple[str, str], ...] = KINDS

    @property
    def incomplete(self) -> bool:
        """Whether something was changed, and not all of it."""
        return isinstance(self.refused, offset_resets.ResetIncomplete)

    @property
    def seen(self) -> str:
        """The review as the form sends it back."""
        return seen_words(self.review.changing) if self.review else ""

    @property
    def rows(self) -> list[Move]:
        """The moves to show; those that change something first when there are many."""
        moves = self.review.moves if self.review else ()
        return sorted(moves, key=lambda move: not move.changes)[:LISTED_MAX] if len(moves) > LISTED_MAX else list(moves)


@open_to_guests
@require_http_methods(["GET", "HEAD", "POST"])
def offset_reset(request: HttpRequest, cluster_id: uuid.UUID, group: str) -> HttpResponse:
    """The form, its review, and with POST the reset itself."""
    cluster = cluster_for(request.user, cluster_id, needs=OPERATE)
    spec = connection_spec(cluster)
    form = ResetForm(request.GET if "to" in request.GET else None)
    refused = None
    if request.method == "POST":
        refused = _reset(request, cluster, group, form)
        if refused is None:
            return redirect("console:group-detail", cluster_id=cluster.pk, group=group)
    if request.htmx.target == "topics":
        form = ResetForm(request.GET)
    page = reset_page(cluster, spec, group, form, refused)
    outages.answered(cluster.pk)
    if request.htmx.target == "topics":
        return render(request, "console/groups/reset.html#topics", {"page": page})
    status = 409 if request.method == "POST" else 200
    return render(request, "console/groups/reset.html", {"page": page}, status=status)


def _offered(state: offset_resets.ResetState, typed: str) -> tuple[list[tuple[str, bool]], int]:
    """Topics whose names hold what is typed, those with commits first; a whole name offers the others too."""
    wanted = "" if typed in state.topics or typed in state.others else typed.casefold()
    fitting = [(name, True) for name in state.topics if wanted in name.casefold()]
    fitting += [(name, False) for name in state.others if wanted in name.casefold()]
    return fitting[:OFFERED_MAX], max(0, len(fitting) - OFFERED_MAX)


def _reset(request: HttpRequest, cluster: Cluster, group: str, form: ResetForm) -> offset_resets.ResetFailed | None:
    """Do it; or say why it was not done, or not all of it."""
    confirmed = ConfirmForm(request.POST)
    if form.wish is None or not confirmed.is_valid():
        return offset_resets.ResetRefused("this review cannot be read; look at it anew")
    agreed = confirmed.cleaned_data
    topic, moves = form.wish.topic, agreed["seen"]
    before, after = ({str(move.partition): offset(move) for move in moves} for offset in (BEFORE, AFTER))
    actor = audit.actor_of(request)
    try:
        with audit.writing(actor, "offsets.reset", f"{group}: {topic}", cluster=cluster, before=before, after=after):
            done = offset_resets.reset(connection_spec(cluster), group, topic, moves, skips_seen=agreed["skips"])
    except offset_resets.ResetFailed as refused:
        return refused
    finally:
        lag_trends.moved((cluster.pk, group))  # after half a reset, or one without an answer, too
    words = "1 partition" if done == 1 else f"{done} partitions"
    messages.success(request, f"{words} of {topic} reset. The group goes on from there when it starts again.")
    return None


def reset_page(
    cluster: Cluster, spec: ConnectionSpec, group: str, form: ResetForm, refused: offset_resets.ResetFailed | None
) -> ResetPage:
    """What the page shows: the state of the group now, and the review of what is asked for now."""
    state = offset_resets.reset_state(spec, group)
    review, line = None, None
    form.check_topic({*state.topics, *state.others})
    wish = form.wish if form.is_bound else None
    if wish is not None:
        try:
            review = offset_resets.review(spec, group, wish)
            line = command(spec.bootstrap, group, wish, secure=spec.tls is not None or spec.sasl is not None)
        except offset_resets.ResetRefused as refusal:
            refused = refused or refusal
    offered, not_offered = _offered(state, str(form.data.get("topic") or ""))
    return ResetPage(
        cluster=cluster,
        name=group,
        state=state,
        form=form,
        offered=offered,
        not_offered=not_offered,
        chosen=str(form.data.get("to") or "earliest"),
        review=review,
        command=line,
        refused=refused,
    )
