"""Connections to the web server: slow ones end, there are only so many, and those who are served do not notice."""

import http.client
import os
import signal
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from engine.launcher import free_port, start_process
from tests.brokers import running_broker
from tests.browser.installation import SET_UP, console_on
from tests.processes import wait_for

REQUEST_S = 2
LIMITS = {
    "ODRADEK_REQUEST_SECONDS": str(REQUEST_S),
    "ODRADEK_CONNECTIONS": "12",
    "ODRADEK_CONNECTIONS_PER_ADDRESS": "6",
}
OTHERS = "127.0.0.2"
LARGE_BYTES = 40_000_000  # of one topic: no buffer of a kernel holds them
KEYS = """
from django.test import Client
from console.models import User
client = Client()
client.force_login(User.objects.get())
print(client.cookies["odradek_session"].value)
"""


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    console = console_on(tmp_path_factory.mktemp("web"), **LIMITS)
    with running_broker(tmp_path_factory.mktemp("broker")) as broker:
        _, cluster_id = console.django(SET_UP.format(bootstrap=broker.bootstrap)).split()
        admin = AdminClient({"bootstrap.servers": broker.bootstrap})
        for made in admin.create_topics([NewTopic("t", 1, 1), NewTopic("large", 1, 1)]).values():
            made.result(20)
        producer = Producer({"bootstrap.servers": broker.bootstrap, "log_level": 0})
        for _ in range(LARGE_BYTES // 10_000):
            producer.produce("large", b"x" * 10_000)
        assert producer.flush(30) == 0
        with console as address:
            host, port = address.removeprefix("http://").split(":")
            yield Web(host, int(port), cluster_id, console.django(KEYS).strip(), console)


class Web(NamedTuple):
    host: str
    port: int
    cluster_id: str
    session: str
    console: console_on


@pytest.fixture
def connect(web):
    opened = []

    def connect(source="127.0.0.1"):
        opened.append(socket.create_connection(web[:2], timeout=10, source_address=(source, 0)))
        return opened[-1]

    yield connect
    for one in opened:
        one.close()
    time.sleep(0.2)


def answer(client):
    """What comes until the server closes."""
    found = b""
    try:
        while part := client.recv(65536):
            found += part
    except ConnectionError:
        pass
    return found.decode()


def are_open(clients):
    """Whether nothing comes of them, not even an end."""
    for client in clients:
        client.setblocking(False)
        with suppress(BlockingIOError):
            client.recv(1, socket.MSG_PEEK)
            return False
    return True


def page(web, source):
    client = http.client.HTTPConnection(*web[:2], timeout=10, source_address=(source, 0))
    client.request("GET", "/login/", headers={"Host": "localhost", "Connection": "close"})
    got = client.getresponse()
    got.read()
    return got.status


def trickle(client, text):
    """Send it byte by byte until the server says something; return for how long."""
    begun_s = time.monotonic()
    client.setblocking(False)
    for byte in text:
        try:
            client.send(byte.encode())
            client.recv(1, socket.MSG_PEEK)
            break
        except BlockingIOError:
            time.sleep(0.1)
        except ConnectionError:
            break
    client.settimeout(10)
    return time.monotonic() - begun_s


@pytest.mark.parametrize(
    "begun",
    ["", "POST /login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n"],
    ids=["a head", "a body"],
)
def test_what_comes_byte_by_byte_is_told_that_it_is_too_slow(connect, begun):
    client = connect()
    client.sendall(begun.encode())
    took_s = trickle(client, "GET /login/ HTTP/1.1\r\n" + "X-Slow: 1\r\n" * 30)
    assert answer(client).startswith("HTTP/1.1 408 ")
    assert REQUEST_S - 0.5 < took_s < REQUEST_S + 5


def test_who_asks_nothing_is_closed_without_a_word(connect):
    assert answer(connect()) == ""


def test_a_second_request_has_its_own_time_and_to_ask_nothing_more_takes_as_long_as_it_likes(web, connect):
    client = http.client.HTTPConnection(*web[:2], timeout=10)
    client.request("GET", "/login/", headers={"Host": "localhost"})
    client.getresponse().read()
    time.sleep(REQUEST_S + 2)
    client.request("GET", "/login/", headers={"Host": "localhost"})
    assert client.getresponse().read()
    trickle(client.sock, "GET /login/ HTTP/1.1\r\n" + "X-Slow: 1\r\n" * 30)
    assert answer(client.sock).startswith("HTTP/1.1 408 ")


def test_a_body_that_comes_steadily_has_its_time(connect):
    client, length = connect(), 8_000
    client.sendall(f"POST /login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n".encode())
    for _ in range(40):  # 4 s, twice as long as a request without a body may take
        client.sendall(b"x" * (length // 40))
        time.sleep(0.1)
    assert client.recv(65536).startswith(b"HTTP/1.1 403 ")


def test_one_address_has_so_many_and_who_asks_nothing_makes_room_for_its_own(web, connect):
    other = connect(OTHERS)
    kept = [connect() for _ in range(6)]
    time.sleep(0.2)
    assert page(web, "127.0.0.1") == 200
    assert answer(kept[0]) == ""
    assert are_open([other, *kept[1:]])


def test_of_many_at_once_no_more_are_kept_than_there_may_be(web, connect):
    pid = web.console.process.pid
    os.kill(pid, signal.SIGSTOP)
    many = [connect(f"127.0.0.{number}") for number in range(3, 11) for _ in range(5)]
    os.kill(pid, signal.SIGCONT)
    wait_for(lambda: sum(are_open([one]) for one in many) <= 12, timeout_s=5, what="40 are kept of 12")
    assert page(web, OTHERS) == 200


def test_when_there_are_as_many_as_may_be_who_asks_nothing_makes_room(web, connect):
    addresses = [f"127.0.0.{number}" for number in (3, 4)]
    kept = [connect(address) for address in addresses for _ in range(6)]
    time.sleep(0.2)
    assert page(web, OTHERS) == 200
    kept[0].settimeout(1)
    assert answer(kept[0]) == ""
    assert are_open([kept[1]])


def test_a_live_tail_is_no_request_that_comes_slowly_and_makes_no_room(web, connect):
    tail = connect()
    tail.sendall(
        f"GET /clusters/{web.cluster_id}/topics/t/live/socket HTTP/1.1\r\nHost: localhost:{web.port}\r\n"
        f"Origin: http://localhost:{web.port}\r\nCookie: odradek_session={web.session}\r\nConnection: Upgrade\r\n"
        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: MDEyMzQ1Njc4OTAxMjM0NQ==\r\n\r\n".encode()
    )
    assert tail.recv(65536).startswith(b"HTTP/1.1 101 ")
    time.sleep(REQUEST_S + 2)
    for address in ("127.0.0.3", "127.0.0.4"):
        for _ in range(6):
            connect(address)
    assert page(web, OTHERS) == 200
    tail.settimeout(1)
    with pytest.raises(TimeoutError):
        while tail.recv(65536):
            pass
        raise AssertionError("it was closed")


def test_a_file_for_a_slow_line_is_neither_kept_whole_nor_cut_to_make_room(web, connect):
    assert answer(downloading(web, connect(), "&limit=100", "Connection: close"))  # loads what such a page needs
    before_bytes = memory_bytes(web)
    slow = downloading(web, connect())
    assert slow.recv(65536).startswith(b"HTTP/1.1 200 ")
    time.sleep(3)  # enough for all of it
    assert memory_bytes(web) - before_bytes < LARGE_BYTES / 2
    kept = [connect(f"127.0.0.{number}") for number in (3, 4, 5) for _ in range(6)]
    assert page(web, OTHERS) == 200
    came_bytes = 0
    end = b""
    while not end.endswith(b"\r\n0\r\n\r\n"):
        part = slow.recv(1 << 20)
        assert part, f"cut after {came_bytes} bytes"
        came_bytes += len(part)
        end = (end + part)[-8:]
    assert came_bytes > LARGE_BYTES
    slow.sendall(b"GET /login/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert slow.recv(65536).startswith(b"HTTP/1.1 200 "), "the connection serves on"
    assert not are_open(kept[:1])


def downloading(web, client, query="", header="X-More: 1"):
    client.sendall(
        f"GET /clusters/{web.cluster_id}/topics/large/download/?format=jsonl{query} HTTP/1.1\r\n{header}\r\n"
        f"Host: localhost:{web.port}\r\nCookie: odradek_session={web.session}\r\n\r\n".encode()
    )
    return client


def memory_bytes(web):
    resident = Path(f"/proc/{web.console.process.pid}/statm").read_text().split()[1]
    return int(resident) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize("place", ["both families", "a file"])
def test_a_proxy_has_any_number_wherever_the_server_listens(web, place):
    port, path = free_port(), web.console.data / "web.socket"
    where = ["-b", "::", "-p", str(port)] if place == "both families" else ["-u", str(path)]

    def proxied():
        if place == "both families":
            return socket.create_connection(("127.0.0.1", port), timeout=10)
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(10)
        client.connect(str(path))
        return client

    def listens():
        with suppress(OSError):
            proxied().close()
            return True
        return False

    command = [sys.executable, "-m", "console.project.web", *where, "console.project.asgi:application"]
    environment = {**web.console.environment, "ODRADEK_PROXIES": "127.0.0.1"}
    with (web.console.data / "proxied.log").open("wb") as log:
        process = start_process(command, environment=environment, output=log)
        try:
            wait_for(listens, timeout_s=30, what="it does not listen")
            clients = [proxied() for _ in range(8)]
            for client in clients:
                client.sendall(b"GET /login/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert [answer(client)[:13] for client in clients] == ["HTTP/1.1 200 "] * 8
        finally:
            process.kill()
            process.wait()
