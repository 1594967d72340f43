"""Headers of every address that there is, whatever it answers: the strict policy, nothing sniffed, nothing kept.

The addresses are read from the URLconf, so a new route is asked without being named here.
"""

import pytest
from django.urls import URLPattern, get_resolver
from django.urls.exceptions import NoReverseMatch

EXAMPLES = {
    "name": "orders.placed", "group": "readers", "partition": 3, "offset": 84002117, "part": "value",
    "slug": "value", "pk": 1, "token": "abc", "user_id": 1, "number": 1, "id": 1,
}  # fmt: skip
POLICY = {
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "base-uri 'none'", "object-src 'none'",
    "frame-ancestors 'none'", "form-action 'self'",
}  # fmt: skip


def patterns(resolver=None) -> list[URLPattern]:
    found = []
    for part in (resolver or get_resolver()).url_patterns:
        found += [part] if isinstance(part, URLPattern) else patterns(part)
    return found


ROUTES = [pattern.name for pattern in patterns()]


def address(cast, name: str) -> str:
    """The address of a route, with example arguments where it takes some."""
    from django.urls import reverse

    pattern = next(pattern for pattern in patterns() if pattern.name == name)
    takes = pattern.pattern.converters
    given = {"cluster_id": cast.cluster.pk, **EXAMPLES}
    try:
        return reverse(f"console:{name}", kwargs={key: given.get(key, 1) for key in takes})
    except NoReverseMatch:
        return reverse(f"console:{name}", kwargs={key: given.get(key, "a" * 32) for key in takes})


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
def test_every_route_answers_with_the_strict_headers(cast, kafka, name):
    where = address(cast, name)
    for client in (cast.owner, cast.stranger, cast.nobody):
        must_be_strict(client.get(where))
    must_be_strict(cast.owner.post(where))


@pytest.mark.parametrize("name", ROUTES)
def test_a_broken_cluster_changes_no_header(cast, kafka, name):
    kafka.die()
    must_be_strict(cast.owner.get(address(cast, name)))


def test_what_is_not_there_has_them_too(cast, kafka):
    must_be_strict(cast.owner.get("/nothing/here/"))
    must_be_strict(cast.nobody.get("/nothing/here/"))
