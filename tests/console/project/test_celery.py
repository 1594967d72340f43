"""The console's Celery application: JSON only, and a schedule from the brokers of the data directory."""

from pathlib import Path

import pytest

from console.project import celery, worker
from console.search import queue
from engine.broker.reconcile import ACTIONS
from engine.hosting.tasks import app
from engine.launcher import properties_path, save_properties
from sandbox import tasks as sandbox_tasks


def test_each_broker_is_asked_on_its_own_queue_as_often_as_it_says(tmp_path: Path, settings: pytest.FixtureDef) -> None:
    settings.DATA_DIR = tmp_path
    for node_id in (1, 2):
        properties = {"node.id": str(node_id), "log.retention.check.interval.ms": str(node_id * 1000)}
        properties |= {"offsets.retention.check.interval.ms": "7000"} if node_id == 2 else {}
        save_properties(properties_path(tmp_path / f"broker-{node_id}"), properties)
    entries = [entry for entry in celery.schedule().values() if "broker" in entry["options"]["queue"]]
    assert [(entry["task"].rpartition(".")[2], entry["options"]["queue"], entry["schedule"]) for entry in entries] == [
        ("enforce_retention", "broker.1", 1.0),
        ("expire_offsets", "broker.1", 600.0),
        ("enforce_retention", "broker.2", 2.0),
        ("expire_offsets", "broker.2", 7.0),
    ]
    assert all(entry["options"]["expires"] == entry["schedule"] for entry in entries), "what is late is not done twice"


def test_every_task_that_is_sent_is_one_that_brokers_know() -> None:
    assert {f"engine.hosting.tasks.{task}" for task in celery.BROKER_TASKS} <= set(app.tasks)
    assert set(celery.BROKER_TASKS) <= set(ACTIONS)


def test_sandboxes_are_expired_by_the_process_that_hosts_them(tmp_path: Path, settings: pytest.FixtureDef) -> None:
    settings.DATA_DIR = tmp_path
    entry = celery.schedule()["expire sandboxes"]
    assert entry["task"] in sandbox_tasks.app.tasks
    assert entry["options"]["queue"] == sandbox_tasks.QUEUE


def test_what_the_console_sends_itself_its_worker_knows() -> None:
    from console import tasks

    known = {tasks.read_search.name, tasks.tend_searches.name}
    assert set(celery.OWN_TASKS) <= known and queue.TASK in known
    assert queue.QUEUE in worker.QUEUES
    assert set(celery.own_schedule()) == set(celery.OWN_TASKS)


def test_only_json_is_taken() -> None:
    assert celery.app.conf.accept_content == ["json"]
    assert celery.app.conf.task_serializer == "json"
    assert celery.app.conf.broker_connection_max_retries is None
