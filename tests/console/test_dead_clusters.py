"""The real client under the pages: clusters that refuse, hang, talk nonsense. Never a 500, never a hang."""

import socket
import threading
import time

import pytest

PAGES = ["", "topics/", "topics/orders.placed/", "topics/orders.placed/live/", "topics/orders.placed/records/0/0/"]
PAGES += ["groups/", "groups/readers/", "groups/readers/offset-reset/", "topics/orders.placed/groups/"]
CLUSTER_S = 2.0  # what a page waits for a cluster at most
ANSWER_S_MAX = CLUSTER_S + 3.0  # and some for a busy machine: a client that is not stopped waits much longer


def serve(answer: bytes | None) -> socket.socket:
    """A listener that takes connections and says this, or nothing at all."""
    listener = socket.create_server(("127.0.0.1", 0))
    held: list[socket.socket] = []

    def run() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            held.append(connection)
            if answer is not None:
                connection.recv(1000)
                connection.sendall(answer)

    threading.Thread(target=run, daemon=True).start()
    return listener


@pytest.fixture(params=["refuses", "is silent", "talks nonsense", "sends a giant frame", "has no name"])
def dead(request, cast):
    answers = {
        "is silent": None,
        "talks nonsense": b"HTTP/1.1 400\r\n\r\n",
        "sends a giant frame": b"\x7f\xff\xff\xff" * 8,
    }
    address = "127.0.0.1:1" if request.param == "refuses" else "no-such-host.invalid:9092"
    listener = serve(answers[request.param]) if request.param in answers else None
    if listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
    cast.cluster.bootstrap = address
    cast.cluster.save()
    yield cast
    if listener:
        listener.close()


def test_every_page_says_so_in_time(dead):
    for path in PAGES:
        started = time.monotonic()
        answer = dead.owner.get(f"/clusters/{dead.cluster.pk}/{path}")
        took = time.monotonic() - started
        assert answer.status_code == 503, path
        assert took < ANSWER_S_MAX, f"{path} took {took:.1f} s"
        assert dead.cluster.bootstrap in answer.content.decode()


def test_the_list_of_clusters_waits_for_none_and_each_line_says_so_in_time(dead):
    started = time.monotonic()
    answer = dead.owner.get("/clusters/")
    assert answer.status_code == 200 and time.monotonic() - started < CLUSTER_S
    started = time.monotonic()
    row = dead.owner.get(f"/clusters/{dead.cluster.pk}/row/")
    assert row.status_code == 200 and "Does not answer" in row.content.decode()
    assert time.monotonic() - started < ANSWER_S_MAX
