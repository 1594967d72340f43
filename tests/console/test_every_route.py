"""Headers of every address that there is, whatever it answers: the strict policy, nothing sniffed, nothing kept.

The addresses are read from the URLconf, so a new route is asked without being named here.
"""

import uuid

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.console.access_matrix import WHERE
from tests.console.fake_api import FakeApi
from tests.console.fake_groups import FakeGroups
from tests.console.fake_producer import FakeProducer
from tests.console.fake_scan import FakeScan
from tests.console.fake_writes import FakeWrites

EXAMPLES = {
    **WHERE, "pk": 1, "step": "next", "secret": "abc", "search_id": uuid.UUID(int=1), "sending_id": uuid.UUID(int=2),
    "sandbox_id": uuid.UUID(int=3), "slug": "first-event", "number": 0,
}  # fmt: skip
POLICY = {
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "base-uri 'none'", "object-src 'none'",
    "frame-ancestors 'none'", "form-action 'self'",
}  # fmt: skip


def routes(resolver: URLResolver | None = None, space: str = "") -> dict[str, URLPattern]:
    """All routes by name with namespace: two namespaces may use one name."""
    found: dict[str, URLPattern] = {}
    for part in (resolver or get_resolver()).url_patterns:
        if isinstance(part, URLPattern):
            found[f"{space}{part.name}"] = part
        else:
            found |= routes(part, f"{space}{part.namespace}:" if part.namespace else space)
    return found


ROUTES = routes()


@pytest.fixture
def faked(kafka, monkeypatch):
    """Everything that any route asks of a cluster."""
    for fake in (FakeGroups(kafka), FakeWrites(kafka), FakeApi(kafka), FakeProducer(), FakeScan([])):
        fake.put_in_place(monkeypatch)
    return kafka


def address(cast, name: str) -> str:
    """The address of a route, with example arguments where it takes some."""
    given = {**EXAMPLES, "cluster_id": cast.cluster.pk}
    if name == "console:session-end":
        given["name"] = "a-session"  # every other `name` is a topic's
    return reverse(name, kwargs={key: given[key] for key in ROUTES[name].pattern.converters})


def must_be_strict(answer) -> None:
    headers = answer.headers
    policy = set(headers["Content-Security-Policy"].split("; "))
    assert policy >= POLICY and "unsafe" not in headers["Content-Security-Policy"] and "*" not in str(policy)
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"
    assert "camera=()" in headers["Permissions-Policy"]
    assert "no-store" in headers["Cache-Control"]


@pytest.mark.parametrize("name", ROUTES)
def test_every_route_answers_with_the_strict_headers(cast, faked, name):
    where = address(cast, name)
    for client in (cast.owner, cast.stranger, cast.nobody):
        must_be_strict(client.get(where))
    must_be_strict(cast.owner.post(where))


@pytest.mark.parametrize("name", ROUTES)
def test_a_broken_cluster_changes_no_header(cast, faked, name):
    faked.die()
    must_be_strict(cast.owner.get(address(cast, name)))


def test_what_is_not_there_has_them_too(cast, kafka):
    must_be_strict(cast.owner.get("/nothing/here/"))
    must_be_strict(cast.nobody.get("/nothing/here/"))
