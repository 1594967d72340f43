"""A runner in this process, pumped by the test, and ways to ask it as the web process does."""

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from console.models import User
from console.services.clusters import spec_of
from sandbox import places
from sandbox.models import Sandbox
from sandbox.runner.server import Runner
from sandbox.services import sandboxes

TIME_LIMIT_S = 20.0


class Pumped:
    """A runner, and a web process that asks it; while somebody waits, it serves."""

    def __init__(self, name: str = "one") -> None:
        self.runner = Runner(name)
        self.pool = ThreadPoolExecutor(4)
        self.link = socket.socket(socket.AF_UNIX)
        self.link.connect(str(places.control_path(name)))
        self.link.setblocking(False)
        self.unread = bytearray()
        self.number = 0
        self.frames: list[dict] = []

    def serve(self, seconds: float) -> None:
        ends_s = time.monotonic() + seconds
        while time.monotonic() < ends_s:
            self.runner.serve_once(0.002)

    def until(self, condition, seconds: float = TIME_LIMIT_S):
        ends_s = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < ends_s, "it never happened"
            self.runner.serve_once(0.002)

    def call(self, work, *arguments, **named):
        """Run something that blocks, such as the console's Kafka client, while the runner serves."""
        future = self.pool.submit(work, *arguments, **named)
        self.until(future.done)
        return future.result()

    def send(self, text: bytes) -> None:
        self.link.sendall(text + b"\n")

    def lines(self) -> list[dict]:
        try:
            while data := self.link.recv(1 << 20):
                self.unread += data
        except BlockingIOError:
            pass
        found = []
        while (end := self.unread.find(b"\n")) >= 0:
            found.append(json.loads(self.unread[:end]))
            del self.unread[: end + 1]
        return found

    def ask(self, sandbox: Sandbox | str, do: str, **arguments) -> dict:
        """The whole answer of the runner to one command."""
        self.number += 1
        number, given = self.number, getattr(sandbox, "id", sandbox)
        self.send(json.dumps({"id": number, "sandbox": str(given), "do": do, **arguments}).encode())
        answers: list[dict] = []

        def answered() -> bool:
            for line in self.lines():
                (answers if line.get("id") == number else self.frames).append(line)
            return bool(answers)

        self.until(answered)
        return answers[0]

    def ok(self, sandbox: Sandbox | str, do: str, **arguments) -> dict:
        answer = self.ask(sandbox, do, **arguments)
        assert "ok" in answer, answer
        return answer["ok"]

    def close(self) -> None:
        self.pool.shutdown()
        self.link.close()
        self.runner.stop()
        self.runner.run()


@pytest.fixture
def data(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    return tmp_path


@pytest.fixture
def pumped(db, data):
    one = Pumped()
    yield one
    one.close()


@pytest.fixture
def owner(db):
    return User.objects.create_user("owner")


@pytest.fixture
def sandbox(owner, data):
    return sandboxes.make(name="First", limits="member", owner=owner, seed=7)


@pytest.fixture
def spec(sandbox):
    """How the console reaches it."""
    return spec_of(sandbox.cluster, {})
