"""Others who share a runner: second tabs, closed laptops, the deaf, the greedy, those who speak no Kafka."""

import json
import socket
from contextlib import contextmanager, suppress

import pytest

from sandbox import places
from sandbox.runner import links
from sandbox.services import sandboxes
from tests.sandbox.test_runner import begin


def test_who_asks_for_much_at_once_lets_others_ask_in_between(pumped, sandbox, owner):
    begin(pumped, sandbox)
    other = sandboxes.make(name="Other", limits="member", owner=owner)
    pumped.ok(other, "pause")
    with socket.socket(socket.AF_UNIX) as greedy:
        greedy.connect(str(places.control_path("one")))
        for number in range(30):
            step = f'{{"do":"step","events":2000,"id":{number},"sandbox":"{sandbox.id}"}}'
            greedy.sendall(step.encode() + b"\n")
        pumped.serve(0.01)
        events = pumped.runner.hosted[sandbox.id].timeline.head
        pumped.ok(other, "frame")
        assert pumped.runner.hosted[sandbox.id].timeline.head - events <= 4_000, "not behind all thirty"
        greedy.setblocking(False)
        answers = bytearray()

        def answered() -> bool:
            with suppress(BlockingIOError):
                answers.extend(greedy.recv(1 << 20))
            return answers.count(b"\n") == 30

        pumped.until(answered, 120)


def test_a_line_without_end_is_cut_off_also_behind_a_whole_one(pumped, sandbox):
    with socket.socket(socket.AF_UNIX) as endless:
        endless.connect(str(places.control_path("one")))
        endless.setblocking(False)
        left = bytearray(b"{}\n" + b"x" * (3 << 20))

        def cut_off() -> bool:
            try:
                del left[: endless.send(left)]
            except BlockingIOError:
                return False
            except OSError:
                return True
            return False

        pumped.until(cut_off)
    assert pumped.ok(sandbox, "frame")


def test_a_second_tab_sees_the_same_and_both_may_act(pumped, sandbox):
    pumped.ok(sandbox, "pause")
    pumped.ok(sandbox, "watch")
    with second(pumped) as (tab, lines):
        tab.sendall(f'{{"id":1,"do":"watch","sandbox":"{sandbox.id}"}}\n'.encode())
        pumped.until(lambda: any("frame" in line for line in lines()))
        tab.sendall(f'{{"id":2,"do":"step","events":3,"sandbox":"{sandbox.id}"}}\n'.encode())
        found: list[dict] = []
        shown = lambda: any(one.get("frame", {}).get("time", {}).get("events") == 3 for one in found)  # noqa: E731
        pumped.until(lambda: shown() or found.extend(pumped.lines()))
        assert pumped.ok(sandbox, "act", action={"do": "create topic", "topic": "orders"})["action"]
        assert any(line.get("id") == 2 for line in lines())


def test_a_laptop_that_was_closed_costs_three_frames_and_nobody_waits_for_it(pumped, sandbox):
    """Its socket stays open, nothing is read and nothing acknowledged."""
    begin(pumped, sandbox)
    with second(pumped) as (tab, _):
        tab.sendall(f'{{"id":1,"do":"watch","sandbox":"{sandbox.id}"}}\n'.encode())
        pumped.ok(sandbox, "play", speed=10)
        pumped.serve(1.0)
        (gone,) = (link for link in pumped.runner.links if getattr(link, "watches", None))
        assert gone.watches[sandbox.id].seq == 3
        before = pumped.ok(sandbox, "frame")["time"]["events"]
        pumped.serve(0.2)
        assert pumped.ok(sandbox, "frame")["time"]["events"] > before
        assert gone.watches[sandbox.id].seq == 3 and len(gone.out) < 1 << 20
    pumped.serve(0.05)
    assert gone not in pumped.runner.links


def test_who_asks_and_never_reads_is_cut_off_or_waits_and_the_others_are_answered(pumped, sandbox):
    begin(pumped, sandbox)
    ask = f'{{"id":1,"do":"history","count":500,"sandbox":"{sandbox.id}"}}\n'.encode()
    with second(pumped) as (deaf, _):
        with suppress(BlockingIOError, BrokenPipeError, ConnectionResetError):
            for _ in range(400):
                deaf.sendall(ask)
                pumped.serve(0.002)
        assert all(len(link.out) <= links.OUT_BYTES_MAX + (1 << 20) for link in pumped.runner.links)
        assert pumped.ok(sandbox, "frame")


@pytest.mark.parametrize(
    "data", [b"GET / HTTP/1.1\r\n\r\n", b"\x7f\xff\xff\xff", b"\xff" * 300, b"\0\0\0\x08\0\0\xff\xff\0\0\0\1"]
)
def test_what_is_no_kafka_request_ends_its_connection_and_nothing_else(pumped, sandbox, data):
    begin(pumped, sandbox)
    before = pumped.ok(sandbox, "digest")
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.connect(str(places.socket_path(sandbox.id)))
        stranger.sendall(data)
        stranger.setblocking(False)

        def closed() -> bool:
            try:
                return stranger.recv(100) == b""
            except ConnectionResetError:
                return True
            except BlockingIOError:
                return False

        pumped.until(closed)
    assert pumped.ok(sandbox, "digest") == before


@contextmanager
def second(pumped):
    """Another web process, or another page of it."""
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(str(places.control_path(pumped.runner.name)))
        link.setblocking(False)
        unread = bytearray()

        def lines() -> list[dict]:
            with suppress(BlockingIOError):
                unread.extend(link.recv(1 << 20))
            return [json.loads(line) for line in unread.split(b"\n")[:-1]]

        yield link, lines
