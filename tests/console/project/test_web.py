"""Bodies of requests at the web server itself: what is kept of them while they come, and what their senders hear."""

import http.client
import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from console.project import bodies
from tests.browser.installation import SET_UP, console_on

MIB = 1 << 20


KEYS = """
from django.test import Client
from console.models import Role, User
from console.services import tokens
client, admin = Client(), User.objects.get()
client.force_login(admin)
print(client.cookies["odradek_session"].value, tokens.create(admin, "ci", Role.ADMIN, clusters=None, days=None)[1])
"""


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    """Address, process id, the cookie of somebody signed in, and the key of a program."""
    console = console_on(tmp_path_factory.mktemp("web"))
    console.django(SET_UP.format(bootstrap="127.0.0.1:9"))
    session, token = console.django(KEYS).split()
    with console as address:
        yield address, console.process.pid, f"Cookie: odradek_session={session}", f"Authorization: Bearer {token}"
        log = (console.data / "web.log").read_text()
        told = [words for words in ("Not Found: ", "Forbidden", "Request Entity", "too large") if words in log]
        assert not told, log


def kept_bytes(pid: int) -> int:
    """What lies in files of this process that have no name any more."""
    found = 0
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            if "(deleted)" in os.readlink(entry):
                found += entry.stat().st_size
        except FileNotFoundError:
            continue
    return found


class Upload:
    """A body that comes slowly."""

    def __init__(self, address: str, path: str, length: int, *headers: str) -> None:
        host, port = address.removeprefix("http://").split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=20)
        head = [f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Length: {length}", "Connection: close", *headers]
        self.socket.sendall(("\r\n".join(head) + "\r\n\r\n").encode())

    def send(self, count: int) -> None:
        self.socket.sendall(b"x" * count)

    def answer(self) -> str:
        found = b""
        while part := self.socket.recv(65536):
            found += part
        self.socket.close()
        return found.decode()


@pytest.mark.parametrize("cookie", [None, "odradek_session=made-up", "odradek_session"])
def test_of_somebody_unknown_next_to_nothing_is_kept(web, cookie):
    address, pid, _, _ = web
    upload = Upload(address, "/login/", 40 * MIB, *([f"Cookie: {cookie}"] if cookie else []))
    most = 0
    for _ in range(39):
        upload.send(MIB)
        most = max(most, kept_bytes(pid))
    upload.send(MIB)
    answer = upload.answer()
    assert answer.startswith("HTTP/1.1 413") and "This is too long for a form" in answer
    assert "Content-Security-Policy" in answer
    assert kept_bytes(pid) < MIB and most < 2 * bodies.BODY_BYTES_MAX


def test_of_somebody_signed_in_a_form_is_kept_and_no_more(web):
    address, pid, cookie, _ = web
    fits = Upload(address, "/account/password/", 4 * MIB, cookie)
    fits.send(4 * MIB)
    assert not fits.answer().startswith("HTTP/1.1 413"), "it is the view that answers"
    upload = Upload(address, "/account/password/", 100 * MIB, cookie)
    for _ in range(100):
        upload.send(MIB)
        assert kept_bytes(pid) <= 2 * bodies.BODY_BYTES_MAX
    assert "This is too long for a form" in upload.answer()
    assert kept_bytes(pid) < MIB


def test_a_form_full_of_line_ends_holds_up_nobody_else(web):
    address, _, cookie, _ = web
    field = b'--B\r\nContent-Disposition: form-data; name="value"\r\n\r\n' + b"\n" * (6 * MIB) + b"\r\n--B--\r\n"
    multipart = "Content-Type: multipart/form-data; boundary=B"
    upload = Upload(address, "/account/password/", len(field), cookie, multipart)
    upload.socket.sendall(field)
    longest_s = 0.0
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(upload.answer)
        while not answer.done():
            begun_s = time.monotonic()
            connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=60)
            connection.request("GET", "/login/")
            assert connection.getresponse().read()
            longest_s = max(longest_s, time.monotonic() - begun_s)
    assert answer.result().startswith("HTTP/1.1 403"), "it is a form without its token"
    assert longest_s < 3.0


def posted(address: str, path: str, length: int, *headers: str) -> str:
    upload = Upload(address, path, length, *headers)
    upload.send(length)
    return upload.answer()


def test_a_program_hears_it_in_json_and_its_token_counts(web):
    address, _, _, key = web
    path = "/v3/clusters/x/topics"
    unknown = posted(address, path, MIB)
    assert unknown.startswith("HTTP/1.1 413") and '{"error_code": 413, "message": "the body is longer' in unknown
    assert posted(address, path, MIB, key).startswith("HTTP/1.1 404")
    assert "longer than" in posted(address, path, 20 * MIB, key)


def test_a_body_without_a_length_is_bounded_too(web):
    connection = http.client.HTTPConnection(web[0].removeprefix("http://"), timeout=20)
    connection.request("POST", "/login/", body=(b"x" * 65536 for _ in range(32)), encode_chunked=True)
    assert connection.getresponse().status == 413


def test_refused_forms_and_pages_that_are_not_there_are_no_lines_of_the_log(web):
    address, _, cookie, _ = web
    assert posted(address, "/account/password/", 10, cookie).startswith("HTTP/1.1 403")
    assert posted(address, "/nowhere/", 10, cookie).startswith("HTTP/1.1 404")


def test_no_client_says_that_its_body_was_dropped(web):
    connection = http.client.HTTPConnection(web[0].removeprefix("http://"), timeout=20)
    connection.request("GET", "/login/", headers={"Odradek-Body-Dropped": "1"})
    assert connection.getresponse().status == 200
