"""The door of the REST API: who calls, which method, and errors as JSON.

A program shows a token (`Authorization: Bearer`); then cookies are not looked at and no CSRF token is needed. A page
of ours may use its session instead, and then unsafe methods need the CSRF token, as every form does.

*Invariants*: nobody comes in without one of both; whatever goes wrong, the answer is {"error_code", "message"}.
*Not here*: which cluster somebody may see (permissions.py, clusters.py), what is answered (the handlers).
"""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.middleware.csrf import CsrfViewMiddleware
from django.views.decorators.csrf import csrf_exempt

from console.kafka.errors import KafkaError
from console.models import User
from console.rest.errors import ApiError, not_found, of_kafka, of_refusal, response_of
from console.services import tokens
from console.services.audit import Refusal

Handler = Callable[..., HttpResponse]
SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")


def endpoint(**handlers: Handler) -> Handler:
    """A view of the handlers for these methods: GET=..., POST=..."""
    if "GET" in handlers:
        handlers.setdefault("HEAD", handlers["GET"])
    allowed = ", ".join(sorted(handlers))

    def view(request: HttpRequest, **where: Any) -> HttpResponse:
        try:
            _let_in(request)
            handler = handlers.get(request.method or "")
            if handler is None:
                raise ApiError(405, 405, "HTTP 405 Method Not Allowed")
            return handler(request, **where)
        except ApiError as error:
            response = response_of(error)
        except KafkaError as error:
            response = response_of(of_kafka(error))
        except PermissionDenied as error:
            response = response_of(ApiError(403, 40301, str(error)))
        except Http404:
            response = response_of(not_found())
        except RequestDataTooBig as error:
            response = response_of(ApiError(413, 413, str(error)))
        except Refusal as error:
            response = response_of(of_refusal(error))
        if response.status_code == 401:
            why = ', error="invalid_token"' if "Authorization" in request.headers else ""
            response.headers["WWW-Authenticate"] = f'Bearer realm="odradek"{why}'
        if response.status_code == 405:
            response.headers["Allow"] = allowed
        return response

    view.methods = tuple(handlers)  # type: ignore[attr-defined]  # what the access matrix walks
    return csrf_exempt(login_not_required(view))


def _let_in(request: HttpRequest) -> None:
    header = request.headers.get("Authorization", "")
    scheme, _, value = header.partition(" ")
    if header:
        if scheme.lower() != "bearer" or not value.strip():
            raise ApiError(401, 40101, "Authorization is for a token: Bearer <token>")
        try:
            request.user = tokens.owner_of(value.strip())
        except tokens.TokenRefused as refused:
            raise ApiError(401, 40101, str(refused)) from None
        return
    if not isinstance(request.user, User) or not request.user.is_authenticated:
        raise ApiError(401, 40101, "a token is needed: Authorization: Bearer <token>")
    if request.method not in SAFE:
        request.POST = QueryDict()  # the token is in a header: a body that says it is a form is not read as one
        check = _CsrfCheck(lambda _: HttpResponse())
        check.process_request(request)
        request.csrf_processing_done = False  # type: ignore[attr-defined]
        if check.process_view(request, _protected, (), {}) is not None:
            raise ApiError(403, 403, "this comes with a session and without its CSRF token: use a token of the API")


class _CsrfCheck(CsrfViewMiddleware):
    """Django's own check, for a view that answers in JSON."""


def _protected(request: HttpRequest) -> HttpResponse:
    raise AssertionError("only looked at, never called")
