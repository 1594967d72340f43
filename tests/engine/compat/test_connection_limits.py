"""Limits on connections, of our broker and of Apache Kafka: who waits, who is closed, and what counts as idle."""

import socket
import time
from contextlib import contextmanager

import pytest

from engine.wire.frames import encode_request
from engine.wire.messages.api_versions import ApiVersionsRequest
from tests.apache_kafka import apache_kafka
from tests.brokers import running_broker

ASKED = encode_request(ApiVersionsRequest(), 0, 1, "limits")


@contextmanager
def ours(directory, settings):
    with running_broker(directory, **{name.replace(".", "_"): value for name, value in settings.items()}) as broker:
        yield broker.bootstrap


@contextmanager
def theirs(directory, settings):
    with apache_kafka(settings) as bootstrap:
        yield bootstrap


@pytest.fixture(params=[ours, theirs], ids=["ours", "Apache Kafka"])
def broker_with(request, tmp_path):
    return lambda **settings: request.param(tmp_path, {name.replace("_", "."): to for name, to in settings.items()})


def connected(bootstrap):
    host, _, port = bootstrap.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=20)


def answer(client, wait_s=20.0):
    """What becomes of a request: it is answered, the connection is closed, or nobody says anything."""
    client.settimeout(wait_s)
    try:
        client.sendall(ASKED)
        return "answered" if client.recv(4096) else "closed"
    except TimeoutError:
        return "silent"
    except ConnectionError:
        return "closed"


def test_one_more_than_there_may_be_waits_for_another_to_go(broker_with):
    with broker_with(max_connections="3") as bootstrap:
        kept = [connected(bootstrap) for _ in range(3)]
        assert [answer(client) for client in kept] == ["answered"] * 3
        more = connected(bootstrap)
        assert answer(more, 1.5) == "silent"
        assert answer(kept[0]) == "answered", "those that are served do not notice"
        kept.pop().close()
        more.settimeout(20)
        assert more.recv(4096), "it was asked before"


def test_one_more_than_an_address_may_have_is_closed_and_a_trickle_is_not_idle(broker_with):
    with broker_with(max_connections_per_ip="2", connections_max_idle_ms="2000") as bootstrap:
        idle, trickle = connected(bootstrap), connected(bootstrap)
        assert [answer(client) for client in (idle, trickle)] == ["answered"] * 2
        assert answer(connected(bootstrap)) == "closed"
        begun_s = time.monotonic()
        for sent in range(10):
            time.sleep(0.5)
            trickle.sendall(ASKED[sent : sent + 1])
        trickle.sendall(ASKED[10:])
        assert trickle.recv(4096)
        idle.settimeout(20)
        assert idle.recv(1) == b"" and time.monotonic() - begun_s < 20
