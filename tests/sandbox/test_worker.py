"""The process that hosts sandboxes, as `up` starts it: without Redis, killed with -9, started again."""

import json
import sqlite3
import subprocess
import sys
import time
import uuid
from contextlib import suppress
from pathlib import Path

import pytest

from tests.processes import running_redis, wait_for
from tests.sandbox.worker_process import Worker, environment_of, in_django, make_database

pytestmark = pytest.mark.processes

MAKE = (
    "from console.models import User\n"
    "from sandbox.services import sandboxes\n"
    "owner = User.objects.create_user('owner')\n"
    "print(sandboxes.make(name='One', limits='own', owner=owner, seed=1).id)\n"
)


@pytest.fixture
def sandbox(tmp_path: Path) -> uuid.UUID:
    make_database(tmp_path)
    return uuid.UUID(in_django(tmp_path, MAKE).strip())


def with_topic(worker: Worker, sandbox: uuid.UUID) -> None:
    worker.ok(sandbox, "step", events=3)
    worker.ok(sandbox, "act", action={"do": "create topic", "topic": "orders"})
    assert worker.ok(sandbox, "step", until={"seen": "opened", "topic": "orders"})["stopped"]


def let_the_lease_end(data: Path) -> None:
    """Instead of waiting until it is over."""
    with sqlite3.connect(data / "db.sqlite3") as database:
        database.execute("UPDATE sandbox_sandbox SET leased_until = '2000-01-01 00:00:00'")


def records(worker: Worker, sandbox: uuid.UUID) -> int:
    worker.ok(sandbox, "jump")
    worker.ok(sandbox, "step", events=2_000)
    return worker.ok(sandbox, "ledger")["summary"]["partitions"]["orders-0"]["end"]


def test_kill_9_of_the_worker_loses_no_action_and_the_next_one_takes_over(tmp_path, sandbox):
    first = Worker(tmp_path)
    try:
        with_topic(first, sandbox)
        assert first.ok(sandbox, "play", speed="max")["plays"]
        for number in range(20):
            first.ok(sandbox, "act", action={"do": "produce", "topic": "orders", "value": str(number)})
    finally:
        first.kill()
    let_the_lease_end(tmp_path)
    second = Worker(tmp_path)
    try:
        assert records(second, sandbox) == 20
        began_s = time.monotonic()
        second.process.terminate()
        assert second.process.wait(30) == 0
        assert time.monotonic() - began_s < 15
    finally:
        second.kill()
    assert list((tmp_path / "sandboxes" / sandbox.hex).glob("disks"))


def test_kill_9_amid_actions_keeps_every_one_that_was_accepted(tmp_path, sandbox):
    """Actions are under way when the process dies: those it answered are there, of the others each is whole or not."""
    first = Worker(tmp_path)
    with_topic(first, sandbox)
    with first.connect() as link:
        action = {"do": "produce", "topic": "orders", "value": "x", "partition": 0}
        for number in range(400):
            told = {"id": number, "sandbox": sandbox.hex, "do": "act", "action": action}
            link.sendall(json.dumps(told).encode() + b"\n")
        answered = link.makefile("rb")
        accepted = sum("ok" in json.loads(answered.readline()) for _ in range(40))
        first.kill()
        with suppress(ConnectionResetError):
            accepted += sum("ok" in json.loads(line) for line in answered if line.endswith(b"\n"))
    let_the_lease_end(tmp_path)
    second = Worker(tmp_path)
    try:
        assert 40 <= accepted <= records(second, sandbox) <= 400
    finally:
        second.kill()


def test_without_redis_it_says_so_once_and_hosts(tmp_path, sandbox):
    worker = Worker(tmp_path)
    try:
        with_topic(worker, sandbox)
        wait_for(lambda: (tmp_path / "worker.log").read_text(), what="it said nothing")
        worker.process.terminate()
        assert worker.process.wait(30) == 0
    finally:
        worker.kill()
    said = (tmp_path / "worker.log").read_text().splitlines()
    assert len(said) == 1 and "REDIS_URL is empty" in said[0]
    assert list((tmp_path / "sandboxes" / sandbox.hex).glob("disks"))


def test_the_consoles_worker_refuses_to_work_without_redis(tmp_path):
    command = [sys.executable, "-m", "console.project.worker"]
    done = subprocess.run(command, env=environment_of(tmp_path), capture_output=True, text=True, timeout=60)
    assert done.returncode == 78 and "REDIS_URL is empty" in done.stderr


def test_with_redis_it_ends_what_is_over_and_stops_in_order(tmp_path, sandbox):
    with running_redis(tmp_path) as (redis, _):
        worker = Worker(tmp_path, redis.url)
        try:
            with_topic(worker, sandbox)
            expire = "from sandbox.models import Sandbox\nSandbox.objects.update(expires_at='2000-01-01T00:00:00Z')\n"
            expire += f"from sandbox.tasks import app, expire\napp.conf.broker_url = {redis.url!r}\nexpire.delay()"
            in_django(tmp_path, expire)
            worker.until(lambda: "refused" in worker.ask(sandbox, "frame"), "it never ended")
            assert "over" in worker.ask(sandbox, "frame")["refused"]
            worker.process.terminate()
            assert worker.process.wait(30) == 0
        finally:
            worker.kill()


CONNECT = """
import socket
from console.kafka.errors import ClusterUnreachable
from console.services.clusters import connection_spec
from sandbox.models import Sandbox
sandbox = Sandbox.objects.get()
try:
    spec = connection_spec(sandbox.cluster)
    socket.socket(socket.AF_UNIX).connect(spec.unix_path)
    print("connected")
except ClusterUnreachable as error:
    print(error.reason)
"""


def test_a_page_of_the_console_wakes_a_sandbox_that_sleeps_since_its_process_was_started_again(tmp_path, sandbox):
    first = Worker(tmp_path)
    with_topic(first, sandbox)
    first.process.terminate()
    assert first.process.wait(30) == 0
    assert "cannot be woken now: No process hosts sandboxes" in in_django(tmp_path, CONNECT)
    second = Worker(tmp_path)
    try:
        assert in_django(tmp_path, CONNECT).strip() == "connected"
    finally:
        second.kill()
