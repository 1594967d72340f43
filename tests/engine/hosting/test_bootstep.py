"""A broker in a real Celery worker: the facts about Celery 5.7 that the hosting stands on (bootstep.py)."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from celery import Celery
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from engine import launcher
from engine.launcher import BrokerProcess
from tests.processes import pss_kb, running_redis, wait_for

pytestmark = pytest.mark.processes

NO_REDIS = "redis://127.0.0.1:1/0"  # nothing listens there
CELERY = [sys.executable, "-m", "celery", "-q", "-A", "engine.hosting", "worker", "--loglevel=WARNING"]
QUIET = ["--without-gossip", "--without-mingle", "--without-heartbeat", "-Q", "broker.1", "-n", "b1@%h"]
WITH_TEST_TASKS = [*CELERY, "--pool=threads", "--concurrency=2", "-I", "tests.engine.hosting.slow_tasks", *QUIET]

Start = Callable[..., BrokerProcess]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    started: list[BrokerProcess] = []

    def start(redis_url: str = NO_REDIS, command: list[str] | None = None, **properties: str) -> BrokerProcess:
        if command is not None:
            monkeypatch.setattr(launcher, "BROKER_COMMAND", command)
        given = {name.replace("_", "."): value for name, value in properties.items()}
        started.append(launcher.start_broker(tmp_path / "broker-1", given, redis_url=redis_url))
        return started[-1]

    yield start
    for broker in started:
        broker.kill()


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    with running_redis(tmp_path / "redis") as (redis, process):
        yield redis.url, process


def topics(broker: BrokerProcess) -> list[str]:
    return list(AdminClient({"bootstrap.servers": broker.bootstrap}).list_topics(timeout=10).topics)


def send(redis_url: str, task: str, *arguments: object) -> None:
    with Celery(broker=redis_url) as app:
        app.send_task(task, arguments, queue="broker.1", ignore_result=True)


def test_it_serves_with_redis_down_and_stops_in_order(start: Start) -> None:
    broker = start()
    broker.wait_ready()
    assert topics(broker) == []
    began_s = time.monotonic()
    assert broker.stop() == 0
    assert time.monotonic() - began_s < 5
    assert (broker.log_path is not None) and (broker.log_path.with_name("broker-1") / ".kafka_cleanshutdown").exists()


def test_the_plain_celery_command_is_the_same_worker(start: Start) -> None:
    broker = start(command=[*CELERY, "--pool=threads", "--concurrency=2", *QUIET])
    broker.wait_ready()
    assert topics(broker) == []
    assert broker.stop() == 0


def test_a_task_is_in_the_process_of_the_broker(start: Start, redis: tuple[str, object], tmp_path: Path) -> None:
    broker = start(redis[0], WITH_TEST_TASKS)
    broker.wait_ready()
    send(redis[0], "tests.look", str(tmp_path / "seen"))
    wait_for((tmp_path / "seen").exists, 20)
    seen = json.loads((tmp_path / "seen").read_text())
    assert seen["pid"] == broker.pid
    assert seen["switch_interval_s"] == pytest.approx(50e-6)
    assert "broker" in seen["threads"]
    assert not seen["django"]


def test_tasks_drain_before_the_broker_stops(start: Start, redis: tuple[str, object], tmp_path: Path) -> None:
    broker = start(redis[0], WITH_TEST_TASKS)
    broker.wait_ready()
    send(redis[0], "tests.nap", str(tmp_path / "nap"), 2.0)
    wait_for((tmp_path / "nap.begun").exists, 20)
    assert broker.stop() == 0
    assert (tmp_path / "nap").read_text() == "served"


def test_it_comes_back_to_redis_by_itself(start: Start, tmp_path: Path) -> None:
    with running_redis(tmp_path / "redis") as (redis, process):
        broker = start(redis.url, WITH_TEST_TASKS)
        broker.wait_ready()
        process.kill()
        process.wait()
        time.sleep(1.5)  # long enough for the worker to see it
        again = launcher.start_process(redis.command, environment={}, output=subprocess.DEVNULL)
        try:
            wait_for(redis.answers)
            send(redis.url, "tests.look", str(tmp_path / "seen"))
            wait_for((tmp_path / "seen").exists, 15)
        finally:
            again.kill()
            again.wait()
        assert json.loads((tmp_path / "seen").read_text())["pid"] == broker.pid


def test_a_pool_of_processes_is_refused(start: Start) -> None:
    broker = start(command=[*CELERY, "--pool=prefork", *QUIET])
    with pytest.raises(launcher.BrokerFailed, match="needs --pool=threads"):
        broker.wait_ready()
    assert broker.process.returncode == 78


def test_an_interpreter_without_assertions_is_refused(start: Start) -> None:
    broker = start(command=[sys.executable, "-O", "-m", "engine.hosting"])
    with pytest.raises(launcher.BrokerFailed, match="does not run with python -O"):
        broker.wait_ready()
    assert broker.process.returncode == 78


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [("no.such.setting", "1", "no.such.setting"), ("durability", "sometimes", "durability")],
)
def test_a_wrong_setting_is_refused_in_one_line(start: Start, name: str, value: str, reason: str) -> None:
    broker = start(**{name.replace(".", "_"): value})
    with pytest.raises(launcher.BrokerFailed, match=reason):
        broker.wait_ready()
    assert broker.log().count("\n") == 1
    assert broker.process.returncode == 78


def test_a_taken_port_and_a_locked_directory_are_refused_in_one_line(start: Start) -> None:
    first = start()
    first.wait_ready()
    second = start(listeners=f"PLAINTEXT://127.0.0.1:{launcher.free_port()}")
    with pytest.raises(launcher.BrokerFailed):
        second.wait_ready()
    assert second.process.returncode == 78
    assert topics(first) == []


def test_it_is_ready_soon_and_small(start: Start) -> None:
    broker = start()
    broker.wait_ready()
    topics(broker)
    time.sleep(0.5)
    assert pss_kb(broker.pid) < 90 * 1024


def test_a_broker_that_ends_by_itself_ends_its_process(start: Start, tmp_path: Path) -> None:
    code = (
        "from engine.hosting import hosted, __main__ as worker; "
        "hosted.BrokerShell.run = lambda self, on_ready: on_ready(0); "
        "raise SystemExit(worker.main())"
    )
    broker = start(command=[sys.executable, "-c", code])
    assert broker.process.wait(20) == 70
    assert "The broker ended by itself" in broker.log()


def test_two_terms_are_still_one_orderly_stop(start: Start, tmp_path: Path) -> None:
    broker = start()
    broker.wait_ready()
    broker.process.send_signal(signal.SIGTERM)
    time.sleep(0.05)
    if broker.process.poll() is None:
        broker.process.send_signal(signal.SIGTERM)
    # The second one may come when the interpreter is already on its way out and has no handler any more.
    assert broker.process.wait(20) in (0, -signal.SIGTERM)
    assert (tmp_path / "broker-1" / ".kafka_cleanshutdown").exists()


def test_redis_is_asked_for_nothing_but_tasks() -> None:
    code = "import json; from engine.hosting.app import app; print(json.dumps({n: app.conf[n] for n in %r}))"
    names = ["accept_content", "task_serializer", "broker_connection_max_retries", "worker_enable_remote_control"]
    output = subprocess.check_output([sys.executable, "-c", code % names], cwd=launcher.REPOSITORY, env={**os.environ})
    assert json.loads(output) == {
        "accept_content": ["json"],
        "task_serializer": "json",
        "broker_connection_max_retries": None,
        "worker_enable_remote_control": False,
    }


def test_celery_alone_enforces_retention(start: Start, redis: tuple[str, object]) -> None:
    hours = str(3_600_000)  # the broker's own round does not come while this runs
    broker = start(redis[0], log_retention_check_interval_ms=hours, log_retention_ms="1")
    broker.wait_ready()
    producer = Producer({"bootstrap.servers": broker.bootstrap, "acks": "all"})
    for number in range(10):
        producer.produce("old", value=str(number).encode())
    assert producer.flush(10) == 0
    consumer = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": "none"})
    assert consumer.get_watermark_offsets(TopicPartition("old", 0), timeout=10) == (0, 10)
    send(redis[0], "engine.hosting.tasks.enforce_retention")
    wait_for(lambda: consumer.get_watermark_offsets(TopicPartition("old", 0), timeout=10) == (10, 10), 20)
    consumer.close()
