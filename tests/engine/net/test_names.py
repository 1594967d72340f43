"""Addresses of brokers, as clusters name them."""

import asyncio
import socket

import pytest

from engine.client.errors import NameNotFound
from engine.net.names import look_up


@pytest.mark.parametrize(
    ("host", "port"),
    [
        ("127.0.0.1\0.kafka.example", 9092),  # looked up, it would be 127.0.0.1
        ("127.0.0.1\n", 9092),
        ("\ud800", 9092),
        ("127.0.0.1", 0),
        ("127.0.0.1", -1),
        ("127.0.0.1", 65_536 + 22),  # looked up, it would be port 22
        ("localhost", 2**31 - 1),
        ("", 9092),
        ("a" * 4096, 9092),
    ],
)
def test_an_impossible_address_is_nobodys(host, port):
    with pytest.raises(NameNotFound):
        asyncio.run(look_up("broker", host, port))


@pytest.mark.parametrize(
    ("host", "family"), [("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6), ("::ffff:10.0.0.1", socket.AF_INET6)]
)
def test_what_is_an_address_already_needs_no_name_server(host, family, monkeypatch):
    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", None)
    assert asyncio.run(look_up("broker", host, 9092)) == [(family, host)]


def test_a_name_is_looked_up():
    assert asyncio.run(look_up("broker", "localhost", 9092))[0][1] in ("127.0.0.1", "::1")
