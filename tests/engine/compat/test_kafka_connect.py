"""A server that keeps its state in Kafka: a distributed worker of Kafka Connect 4.3.1.

It makes compacted topics, reads them back to their ends, and joins a group that is not
one of consumers; only then does its REST API answer. Its jars are those of KAFKA_START.
"""

import json
import subprocess
import time
import urllib.request
from pathlib import Path
from urllib.error import URLError

import pytest
from confluent_kafka.admin import AdminClient

from engine.launcher import BrokerProcess, free_port
from tests.apache_kafka import jars

pytestmark = [pytest.mark.processes, pytest.mark.kafka]

START_S_MAX = 90
SETTINGS = """
bootstrap.servers={bootstrap}
group.id=connect-workers
key.converter=org.apache.kafka.connect.json.JsonConverter
value.converter=org.apache.kafka.connect.json.JsonConverter
offset.storage.topic=connect-offsets
offset.storage.replication.factor=1
offset.storage.partitions=3
config.storage.topic=connect-configs
config.storage.replication.factor=1
status.storage.topic=connect-status
status.storage.replication.factor=1
status.storage.partitions=2
listeners=http://127.0.0.1:{port}
"""


def ask(port: int, path: str) -> object:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
        return json.load(answer)


def wait_for(port: int, process: "subprocess.Popen[bytes]", log: Path) -> object:
    end_s = time.monotonic() + START_S_MAX
    while time.monotonic() < end_s:
        assert process.poll() is None, f"the worker ended: {log.read_text(errors='replace')[-2000:]}"
        try:
            return ask(port, "/connectors")
        except (URLError, OSError):
            time.sleep(0.5)
    raise AssertionError("the worker does not answer")


def test_a_connect_worker_keeps_its_state_in_our_broker(shared_broker: BrokerProcess, tmp_path: Path):
    port = free_port()
    settings = tmp_path / "worker.properties"
    settings.write_text(SETTINGS.format(bootstrap=shared_broker.bootstrap, port=port))
    java = ["java", "-Xmx256m", "-cp", f"{jars()}/*", "org.apache.kafka.connect.cli.ConnectDistributed"]
    said = tmp_path / "worker.log"
    with said.open("wb") as log:
        process = subprocess.Popen([*java, str(settings)], stdout=log, stderr=log)
    try:
        assert wait_for(port, process, said) == []
        admin = AdminClient({"bootstrap.servers": shared_broker.bootstrap})
        cluster = admin.describe_cluster().result(20)
        assert ask(port, "/")["kafka_cluster_id"] == cluster.cluster_id
        end_s = time.monotonic() + START_S_MAX
        while (worker := admin.list_groups("connect-workers", timeout=20)[0]).state != "Stable":
            assert time.monotonic() < end_s, "the worker's group does not become stable"
            time.sleep(0.2)
        assert (worker.protocol_type, len(worker.members)) == ("connect", 1)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
