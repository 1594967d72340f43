"""The process that hosts sandboxes, as `up` starts it: without Redis, killed with -9, started again."""

import json
import os
import socket
import sqlite3
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from engine.launcher import Readiness, start_process
from tests.processes import wait_for

pytestmark = pytest.mark.processes

ROOT = Path(__file__).parents[2]
MAKE = (
    "import django; django.setup()\n"
    "from console.models import User\n"
    "from sandbox.services import sandboxes\n"
    "from sandbox import places\n"
    "owner = User.objects.create_user('owner')\n"
    "made = sandboxes.make(name='One', limits='own', owner=owner, seed=1)\n"
    "print(made.id, places.sockets())\n"
)


class Worker:
    def __init__(self, environment: dict[str, str], sockets: Path) -> None:
        readiness = Readiness()
        known = set(sockets.glob("control-*"))
        self.process = start_process(
            [sys.executable, "-m", "sandbox.worker"],
            environment={**environment, "NOTIFY_SOCKET": readiness.address},
            output=subprocess.PIPE,
        )
        wait_for(readiness.heard, 60, "the worker was not ready")
        readiness.close()
        self.control = (set(sockets.glob("control-*")) - known).pop()

    def ask(self, sandbox: uuid.UUID, do: str, **arguments) -> dict:
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(30)
            link.connect(str(self.control))
            link.sendall(json.dumps({"id": 1, "sandbox": sandbox.hex, "do": do, **arguments}).encode() + b"\n")
            received = b""
            while not received.endswith(b"\n"):
                received += link.recv(1 << 20)
        return json.loads(received)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def test_kill_9_of_the_worker_loses_no_action_and_the_next_one_takes_over(tmp_path):
    environment = {
        "ODRADEK_DATA": str(tmp_path), "DJANGO_SETTINGS_MODULE": "console.project.settings", "REDIS_URL": "",
        "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    manage = [sys.executable, str(ROOT / "manage.py"), "migrate", "-v", "0"]
    subprocess.run(manage, env=environment, check=True, capture_output=True)
    made = subprocess.run([sys.executable, "-c", MAKE], env=environment, check=True, capture_output=True, text=True)
    told, sockets = made.stdout.split()
    sandbox = uuid.UUID(told)
    first = Worker(environment, Path(sockets))
    try:
        assert first.ask(sandbox, "step", events=3)["ok"]
        assert first.ask(sandbox, "act", action={"do": "create topic", "topic": "orders"})["ok"]
        assert first.ask(sandbox, "step", until={"seen": "opened", "topic": "orders"})["ok"]["stopped"]
        assert first.ask(sandbox, "play", speed="max")["ok"]["plays"]
        for number in range(20):
            assert first.ask(sandbox, "act", action={"do": "produce", "topic": "orders", "value": str(number)})["ok"]
    finally:
        first.kill()
    with sqlite3.connect(tmp_path / "db.sqlite3") as database:  # instead of waiting until its lease is over
        database.execute("UPDATE sandbox_sandbox SET leased_until = '2000-01-01 00:00:00'")
    second = Worker(environment, Path(sockets))
    try:
        assert second.ask(sandbox, "jump")["ok"]
        assert second.ask(sandbox, "step", events=2_000)["ok"]
        ledger = second.ask(sandbox, "ledger")["ok"]["summary"]
        assert ledger["partitions"]["orders-0"]["end"] == 20
        began_s = time.monotonic()
        second.process.terminate()
        assert second.process.wait(30) == 0
        assert time.monotonic() - began_s < 15
    finally:
        second.kill()
    assert list((tmp_path / "sandboxes" / sandbox.hex).glob("disks"))
