"""The console's Celery application: JSON only, and a schedule from the brokers of the data directory."""

from pathlib import Path

import pytest

from console.project import celery
from engine.launcher import properties_path, save_properties


def test_each_broker_is_asked_on_its_own_queue_as_often_as_it_says(tmp_path: Path, settings: pytest.FixtureDef) -> None:
    settings.DATA_DIR = tmp_path
    for node_id in (1, 2):
        properties = {"node.id": str(node_id), "log.retention.check.interval.ms": str(node_id * 1000)}
        save_properties(properties_path(tmp_path / f"broker-{node_id}"), properties)
    entries = list(celery.schedule().values())
    assert [entry["task"] for entry in entries] == ["engine.hosting.tasks.enforce_retention"] * 2
    assert [entry["options"] for entry in entries] == [
        {"queue": "broker.1", "expires": 1.0},
        {"queue": "broker.2", "expires": 2.0},
    ]
    assert [entry["schedule"] for entry in entries] == [1.0, 2.0]


def test_only_json_is_taken() -> None:
    assert celery.app.conf.accept_content == ["json"]
    assert celery.app.conf.task_serializer == "json"
    assert celery.app.conf.broker_connection_max_retries is None
