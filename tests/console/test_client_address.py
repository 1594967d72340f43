"""Whom a request comes from, with and without proxies."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from console.middleware import ClientAddress


def seen(settings, proxies, peer, forwarded=None, proto=None):
    settings.PROXIES = proxies
    headers = {"REMOTE_ADDR": peer}
    headers |= {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded is not None else {}
    headers |= {"HTTP_X_FORWARDED_PROTO": proto} if proto else {}
    request = RequestFactory().get("/", **headers)
    ClientAddress(lambda _: HttpResponse())(request)
    return request


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "address"),
    [
        ([], "10.0.0.9", "1.2.3.4", "10.0.0.9"),
        (["10.0.0.9"], "10.0.0.9", "1.2.3.4", "1.2.3.4"),
        (["10.0.0.0/8"], "10.0.0.9", "6.6.6.6, 1.2.3.4, 10.0.0.8", "1.2.3.4"),
        (["10.0.0.9"], "10.0.0.9", "6.6.6.6, 10.0.0.8", "10.0.0.8"),
        (["10.0.0.9"], "10.0.0.7", "1.2.3.4", "10.0.0.7"),
        (["10.0.0.9"], "10.0.0.9", "", "10.0.0.9"),
        (["10.0.0.9"], "10.0.0.9", None, "10.0.0.9"),
        (["::1"], "::1", "2001:db8::1", "2001:db8::1"),
        (["10.0.0.9"], "10.0.0.9", "<script>" * 90, ("<script>" * 90)[:100]),
        (["10.0.0.9"], "", "1.2.3.4", ""),
        (["10.0.0.0/8"], "::ffff:10.0.0.9", "1.2.3.4", "1.2.3.4"),
        ([], "::ffff:127.0.0.1", None, "127.0.0.1"),  # who is at this very machine may be a guest
    ],
)
def test_a_forwarded_address_is_believed_from_named_proxies_only(settings, proxies, peer, forwarded, address):
    assert seen(settings, proxies, peer, forwarded).META["REMOTE_ADDR"] == address


def test_https_is_believed_from_named_proxies_only(settings):
    assert seen(settings, ["10.0.0.9"], "10.0.0.9", "1.2.3.4", "https").is_secure()
    assert not seen(settings, [], "10.0.0.9", "1.2.3.4", "https").is_secure()
