"""Pages for what went wrong: each says what, why, and what still works.

*Invariants*: a page that needs the database or a cluster is never used to report that it failed.
*Not here*: which error leads here (console/middleware.py, Django's handlers).
"""

import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig, TooManyFieldsSent
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from console.models import Cluster
from console.permissions import clusters_of, manages
from console.services.figures import ago
from console.services.outages import RETRY_S, Outage

# Where the navigation stands, by the name of a route or the first word of it; elsewhere it stands at the topics.
PLACES = {
    "group": "groups",
    "offset-reset": "groups",
    "cluster-detail": "cluster",
    "broker": "cluster",
    "cluster-audit-list": "audit",
    "cluster": "clusters",
    "member": "members",
    "partition-calculator": "calculator",
    "user": "users",
    "invite": "users",
    "audit": "audit",
}


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """What base.html needs around a message."""

    cluster: Cluster | None
    place: str = "topics"
    may_edit: bool = False  # whether where and how it is reached is this person's to change


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: who one is and what it would need. The cluster that it happened in stays around it."""
    context = {"page": _around(request, _cluster_of(request)), "reason": str(exception or "")}
    return render(request, "errors/403.html", context, status=403)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400, or 413 for a form that is too long: it is not read any further, and nothing of it was done."""
    if isinstance(exception, (RequestDataTooBig, TooManyFieldsSent)):
        return too_long(settings.DATA_UPLOAD_MAX_MEMORY_SIZE, many=isinstance(exception, TooManyFieldsSent))
    return HttpResponse(render_to_string("errors/400.html"), status=400)


def too_long(limit: int, *, many: bool = False) -> HttpResponse:
    """413: how much a form takes."""
    return HttpResponse(render_to_string("errors/413.html", {"limit": limit, "many": many}), status=413)


def form_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form without its token: it is old, or another site sent it."""
    words = "this form is too old, or it came from another site; go back, reload the page and send it again"
    return forbidden(request, PermissionDenied(words))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: nothing here, or not for you; the page does not tell which. A cluster that one sees stays around it."""
    context = {"page": _around(request, _cluster_of(request))}
    return render(request, page_or_part(request, "errors/404.html"), context, status=404)


def not_in_cluster(request: HttpRequest, cluster_id: uuid.UUID | None, reason: str) -> HttpResponse:
    """404: the cluster is there for you, and this topic or record is not."""
    context = {"page": _around(request, cluster_id), "reason": reason}
    return render(request, page_or_part(request, "errors/404.html"), context, status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: our own fault. Uses no context processor, because anything may be broken."""
    return HttpResponse(render_to_string("errors/500.html"), status=500)


def cluster_unreachable(request: HttpRequest, cluster_id: uuid.UUID | None, outage: Outage) -> HttpResponse:
    """503: what was tried, since when, and when the next try is."""
    context = {
        "page": _around(request, cluster_id),
        "outage": outage,
        "retry_s": RETRY_S,
        "since": datetime.fromtimestamp(outage.since, UTC),
        "lasted": ago(time.time() - outage.since),
        "again": request.get_full_path(),
    }
    response = render(request, page_or_part(request, "errors/cluster_unreachable.html"), context, status=503)
    response.headers["Retry-After"] = str(RETRY_S)
    return response


def cluster_refused(
    request: HttpRequest, cluster_id: uuid.UUID | None, title: str, reason: str, status: int
) -> HttpResponse:
    """The cluster answered and said no."""
    template = page_or_part(request, "errors/cluster_refused.html")
    context = {"page": _around(request, cluster_id), "title": title, "reason": reason}
    return render(request, template, context, status=status)


def page_or_part(request: HttpRequest, template: str) -> str:
    """The template, or only its message where htmx wants to replace a part of a page."""
    details = getattr(request, "htmx", None)  # missing when a middleware before ours failed
    return f"{template}#message" if details and details.target != "main" else template


def _cluster_of(request: HttpRequest) -> uuid.UUID | None:
    match = request.resolver_match
    found = match.kwargs.get("cluster_id") if match else None
    return found if isinstance(found, uuid.UUID) else None  # the API's addresses have Kafka's own ids


def _around(request: HttpRequest, cluster_id: uuid.UUID | None) -> ErrorPage:
    """The cluster, if it is there for this person, and the place of the navigation that the address belongs to."""
    cluster = clusters_of(request.user).filter(pk=cluster_id).first() if cluster_id else None
    match = request.resolver_match
    name = match.url_name or "" if match else ""
    place = PLACES.get(name) or PLACES.get(name.partition("-")[0], "topics")
    fixed = cluster is None or cluster.embedded or cluster.unix_path  # its address is nobody's to change here
    return ErrorPage(cluster, place, not fixed and manages(request.user, cluster))
