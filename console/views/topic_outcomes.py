"""When a write to a topic ends without an answer or without its topic: a sentence, and the form as it was filled.

*Invariants*: nothing that was typed is lost: the way back carries it.
*Not here*: refusals that belong to a field, which the form shows itself.
"""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from console.kafka.errors import ClusterUnreachable
from console.models import Cluster
from console.services.topics import Gone, NotDone, PerhapsDone

ONE_TIME = ("csrfmiddlewaretoken", "do", "seen", "agreed", "typed", "topic_id")  # not to be sent a second time


@dataclass(frozen=True, slots=True)
class OutcomePage:
    """Context of console/topics/outcome.html."""

    cluster: Cluster
    title: str
    reason: str
    tone: str
    back: str  # the form, filled
    look: str  # where one sees what is so
    look_words: str
    place: str = "topics"


def outcome(
    request: HttpRequest, cluster: Cluster, name: str, error: NotDone | ClusterUnreachable, *, deletes: bool = False
) -> HttpResponse:
    """The page for what went wrong with the whole of it."""
    listed = reverse("console:topic-list", args=[cluster.pk])
    look, words = listed, "The list of topics"
    if isinstance(error, Gone):
        title, tone, status = "The topic is not there any more", "warn", 409
    elif isinstance(error, PerhapsDone):
        title, tone, status = "Perhaps it was done", "warn", 503
        if not deletes:
            look, words = reverse("console:topic-detail", args=[cluster.pk, name]), "Look at the topic"
    else:
        title, tone, status = "Nothing was done: the cluster does not answer", "bad", 503
    page = OutcomePage(cluster, title, str(error), tone, back_to_form(request), look, words)
    return render(request, "console/topics/outcome.html", {"page": page}, status=status)


def back_to_form(request: HttpRequest) -> str:
    """The address of the form with what was typed into it."""
    typed = request.GET.copy()
    for key in request.POST:
        typed[key] = request.POST[key]
    for key in list(typed):
        if key in ONE_TIME or not typed[key]:
            del typed[key]
    return f"{request.path}?{typed.urlencode()}" if typed else request.path
