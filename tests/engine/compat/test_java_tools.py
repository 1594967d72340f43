"""Apache Kafka's own command line tools, and its reader of log files, against our broker.

They come with KAFKA_START (its `tool` command runs them); each start of a JVM costs
seconds, so one test walks through one life of a topic.
"""

import subprocess
from collections.abc import Callable

import pytest

from engine.launcher import BrokerProcess
from tests.apache_kafka import tool

pytestmark = [pytest.mark.processes, pytest.mark.kafka]


def test_a_topic_lives_under_kafkas_own_tools(shared_broker: BrokerProcess):
    where = ("--bootstrap-server", shared_broker.bootstrap)
    tool(
        "kafka-topics",
        *where,
        "--create",
        "--topic",
        "java-life",
        "--partitions",
        "1",
        "--config",
        "retention.ms=99999",
    )
    described = tool("kafka-topics", *where, "--describe", "--topic", "java-life")
    assert "PartitionCount: 1" in described and "retention.ms=99999" in described
    tool(
        "kafka-console-producer",
        *where,
        "--topic",
        "java-life",
        "--compression-codec",
        "zstd",
        stdin="one\ntwo\nthree\n",
    )
    read = tool(
        "kafka-console-consumer", *where, "--topic", "java-life", "--partition", "0", "--offset", "earliest",
        "--max-messages", "3", "--timeout-ms", "20000",
    )  # fmt: skip
    assert read == "one\ntwo\nthree\n"
    configs = ("--entity-type", "topics", "--entity-name", "java-life")
    tool("kafka-configs", *where, *configs, "--alter", "--add-config", "segment.bytes=2000000")
    assert "segment.bytes=2000000" in tool("kafka-configs", *where, *configs, "--describe")
    tool("kafka-topics", *where, "--delete", "--topic", "java-life")
    assert "java-life" not in tool("kafka-topics", *where, "--list")


def test_kafka_reads_our_log_files(shared_broker: BrokerProcess, new_topic: Callable[..., str]):
    topic = new_topic()
    lines = "".join(f"line {number}\n" for number in range(100))
    kcat = ["kcat", "-b", shared_broker.bootstrap, "-P", "-t", topic, "-z", "lz4"]
    subprocess.run(kcat, input=lines, text=True, check=True, timeout=30)
    assert shared_broker.log_path is not None
    directory = shared_broker.log_path.with_suffix("") / f"{topic}-0"
    (log,) = directory.glob("*.log")
    dumped = tool("kafka-dump-log", "--files", str(log), "--print-data-log", "--deep-iteration")
    assert dumped.count("payload: line ") == 100
    metadata = directory.parent / "__cluster_metadata-0" / "00000000000000000000.log"
    assert f'"name":"{topic}"' in tool("kafka-dump-log", "--cluster-metadata-decoder", "--files", str(metadata))
