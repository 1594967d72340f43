"""Brokers that compatibility tests talk to: ours as it is run, and Apache Kafka where KAFKA_START names it."""

import json
import os
import shlex
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.launcher import BrokerProcess, free_port, start_broker

KAFKA_START_S_MAX = 120


@contextmanager
def odradek(directory: Path, properties: Mapping[str, str] | None = None) -> Iterator[BrokerProcess]:
    """Run our broker in its Celery worker, without Redis, until the block ends."""
    broker = start_broker(directory / "broker-1", properties or {})
    try:
        broker.wait_ready()
        yield broker
    finally:
        broker.kill()


@contextmanager
def apache_kafka(settings: Mapping[str, str] | None = None) -> Iterator[str]:
    """Run Apache Kafka on free ports until the block ends; give its bootstrap address. Skips where there is none."""
    start = os.environ.get("KAFKA_START")
    if not start:
        pytest.skip("KAFKA_START names no Apache Kafka: comparisons with it are left out")
    words = shlex.split(start)
    with tempfile.TemporaryDirectory(prefix="apache-kafka-") as data:
        options = ["--nodes", "1", "--data", data, "--port", str(free_port())]
        for key, value in (settings or {}).items():
            options += ["--set", f"{key}={value}"]
        done = subprocess.run([*words, *options], capture_output=True, text=True, timeout=KAFKA_START_S_MAX, check=True)
        try:
            yield str(json.loads(done.stdout.strip().splitlines()[-1])["bootstrap"])
        finally:
            stop = [*words[:-1], "stop", "--data", data, "--kill"]
            subprocess.run(stop, capture_output=True, timeout=KAFKA_START_S_MAX, check=False)
