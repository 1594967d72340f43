"""The process that hosts sandboxes, as `up` starts it, and commands to it as the web process sends them."""

import json
import os
import socket
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.launcher import Readiness, start_process
from tests.processes import wait_for

ROOT = Path(__file__).parents[2]
ANSWER_S = 30.0


def environment_of(data: Path, redis_url: str = "") -> dict[str, str]:
    """What a process of an installation is told."""
    return {
        "ODRADEK_DATA": str(data), "DJANGO_SETTINGS_MODULE": "console.project.settings", "REDIS_URL": redis_url,
        "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT),
    }  # fmt: skip


def in_django(data: Path, code: str) -> str:
    """Run Python in an installation; what it printed."""
    command = [sys.executable, "-c", "import django; django.setup()\n" + code]
    done = subprocess.run(command, env=environment_of(data), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def make_database(data: Path) -> None:
    """An installation with nobody in it."""
    in_django(data, "from django.core.management import call_command; call_command('migrate', verbosity=0)")


class Worker:
    """One such process."""

    def __init__(self, data: Path, redis_url: str = "") -> None:
        sockets = Path(in_django(data, "from sandbox import places; print(places.sockets())").strip())
        readiness = Readiness()
        known = set(sockets.glob("control-*"))
        self.log = (data / "worker.log").open("ab")
        self.process = start_process(
            [sys.executable, "-m", "sandbox.worker"],
            environment={**environment_of(data, redis_url), "NOTIFY_SOCKET": readiness.address},
            output=self.log,
        )
        wait_for(readiness.heard, 60, "the worker was not ready")
        readiness.close()
        self.control = (set(sockets.glob("control-*")) - known).pop()

    def connect(self) -> socket.socket:
        link = socket.socket(socket.AF_UNIX)
        link.settimeout(ANSWER_S)
        link.connect(str(self.control))
        return link

    def ask(self, sandbox: uuid.UUID, do: str, **arguments: Any) -> dict[str, Any]:
        """The whole answer to one command."""
        with self.connect() as link:
            link.sendall(json.dumps({"id": 1, "sandbox": sandbox.hex, "do": do, **arguments}).encode() + b"\n")
            received = bytearray()
            while not received.endswith(b"\n"):
                data = link.recv(1 << 20)
                assert data, "the worker closed the connection"
                received += data
        answer: dict[str, Any] = json.loads(received)
        return answer

    def ok(self, sandbox: uuid.UUID, do: str, **arguments: Any) -> dict[str, Any]:
        """What a command was answered; it must not be refused."""
        answer = self.ask(sandbox, do, **arguments)
        assert "ok" in answer, answer
        found: dict[str, Any] = answer["ok"]
        return found

    def until(self, condition: Callable[[], object], what: str = "") -> None:
        wait_for(condition, ANSWER_S, what)

    def kill(self) -> None:
        """With -9."""
        self.process.kill()
        self.process.wait()
        self.log.close()
