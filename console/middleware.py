"""What every answer has in common: a strict content policy, and pages for clusters that disappoint.

*Invariants*: a dead, slow or refusing cluster never becomes a 500; a fragment asked for by htmx gets a fragment.
*Not here*: rights (permissions.py), what the errors mean (console/kafka/errors.py).
"""

from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import Any

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url

from console import guests
from console.kafka import errors
from console.networks import plain
from console.rest.errors import ApiError, response_of
from console.services import clusters, outages, sessions
from console.views import errors as pages
from console.views import live

BODY_DROPPED = "Odradek-Body-Dropped"  # a header that the web server sets, and takes off what clients send
GetResponse = Callable[[HttpRequest], HttpResponse]

POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "object-src 'none'",
        "frame-ancestors 'none'",
    ]
)


class ClientAddress:
    """REMOTE_ADDR is whom we talk to, past the proxies that settings name.

    What a client itself writes into X-Forwarded-For or X-Forwarded-Proto is believed from nobody else.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one request."""
        hops = request.META.pop("HTTP_X_FORWARDED_FOR", "").split(",")
        peer = request.META.get("REMOTE_ADDR") or ""
        if not is_proxy(peer):
            request.META.pop("HTTP_X_FORWARDED_PROTO", None)
        # Each proxy adds at the end whom it talked to: from there back, the first that is no proxy of ours.
        while is_proxy(peer) and hops and hops[-1].strip():
            peer = hops.pop().strip()[:100]
        request.META["REMOTE_ADDR"] = plain(peer)
        return self.get_response(request)


def is_proxy(address: str) -> bool:
    """Whether this is one of the proxies that settings name."""
    try:
        parsed = ip_address(plain(address))
    except ValueError:
        return False
    return any(parsed in ip_network(known, strict=False) for known in settings.PROXIES)


class WholeBody:
    """A body that was too long to be kept (console/project/bodies.py) is refused before anybody looks for it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one request."""
        limit = request.headers.get(BODY_DROPPED)
        if limit is None:
            return self.get_response(request)
        if request.path.startswith("/v3/"):
            return response_of(ApiError(413, 413, f"the body is longer than {limit[:20]} bytes"))
        return pages.too_long(int(limit) if limit.isascii() and limit.isdigit() else 0)


class SessionUse:
    """Sessions know when they were last used."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one request."""
        response = self.get_response(request)
        if request.session.session_key and request.user.is_authenticated:
            sessions.used(request.session.session_key)
        return response


class ContentSecurityPolicy:
    """Nothing but our own files, no inline script or style, no frame; and no page is kept by a cache.

    Pages show records, and one address answers whole or in part (htmx), so a kept copy would leak or be half.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one request."""
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "no-store"
        return response


class SignInForFragments:
    """A session that ended must not put the sign-in page into a table: the whole page is asked for again."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one request."""
        response = self.get_response(request)
        to_login = response.status_code == 302 and response.headers["Location"].startswith(
            f"{resolve_url(settings.LOGIN_URL)}?{REDIRECT_FIELD_NAME}="
        )
        if to_login and request.htmx:
            return HttpResponse(headers={"HX-Refresh": "true"})
        return response


class SignInOrGuest(LoginRequiredMiddleware):
    """Every view needs a login unless it says otherwise; one that is open to guests also takes who has sandboxes."""

    def process_view(
        self,
        request: HttpRequest,
        view_func: Callable[..., Any],
        view_args: tuple[Any, ...],
        view_kwargs: dict[str, Any],
    ) -> HttpResponse | None:
        """Let in, or lead to the form."""
        if getattr(view_func, guests.OPEN, False):
            request.user = guests.visitor(request.user, request.session)  # type: ignore[assignment]
            if isinstance(request.user, guests.Guest):
                return None
        return super().process_view(request, view_func, view_args, view_kwargs)


class LivePages:
    """A page that asks again by itself wakes no sandbox."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one request."""
        token = clusters.WAKES.set(not request.headers.get(live.HEADER))
        try:
            return self.get_response(request)
        finally:
            clusters.WAKES.reset(token)


class ClusterErrors:
    """The errors of console.kafka become pages or fragments that say what, since when, and what is next."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one request."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer for a cluster that did not, or would not."""
        cluster_id = request.resolver_match.kwargs.get("cluster_id") if request.resolver_match else None
        match error:
            case errors.ClusterUnreachable():
                return pages.cluster_unreachable(request, cluster_id, outages.failed(cluster_id, error.reason))
            case errors.SignInRefused():
                title = "The cluster does not sign this console in"
                return pages.cluster_refused(request, cluster_id, title, error.reason, 502)
            case errors.NotFound():
                return pages.not_in_cluster(request, cluster_id, error.reason)
            case errors.NotAuthorized():
                title = "The cluster does not allow this"
                return pages.cluster_refused(request, cluster_id, title, error.reason, 403)
            case errors.KafkaRefused():
                return pages.cluster_refused(request, cluster_id, "The cluster refused this", str(error), 502)
        return None
