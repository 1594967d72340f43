"""Apache Kafka's tools of operators against our broker: groups and their offsets, records, disks, what is refused.

Each start of a JVM costs a second or two, so a test walks through one life of what it is about.
"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from tests.apache_kafka import run_tool, tool

pytestmark = [pytest.mark.processes, pytest.mark.kafka]

# What is not built is refused by its name: tool, what it is asked, what it says.
REFUSED = {
    "transactions": ("kafka-transactions list", "does not support LIST_TRANSACTIONS"),
    "ACLs": ("kafka-acls --list", "does not support DESCRIBE_ACLS"),
    "quotas": ("kafka-configs --entity-type users --describe", "does not support DESCRIBE_CLIENT_QUOTAS"),
    "broker configs": (
        "kafka-configs --entity-type brokers --entity-name 1 --alter --add-config log.retention.ms=1000",
        "Cannot update these configs dynamically: [log.retention.ms]",
    ),
    "group configs": (
        "kafka-configs --entity-type groups --entity-name g --alter --add-config consumer.session.timeout.ms=50000",
        "Groups have no configs of their own yet",
    ),
    "several brokers": (
        "kafka-topics --create --topic replicated --partitions 1 --replication-factor 3",
        "only 1 broker(s) are registered",
    ),
}


def rows(printed: str) -> list[dict[str, str]]:
    """A table that a tool printed, its first line the names."""
    lines = [line.split() for line in printed.splitlines() if line.strip()]
    first = next(number for number, line in enumerate(lines) if line[0] in ("GROUP", "TOPIC"))
    return [dict(zip(lines[first], line, strict=False)) for line in lines[first + 1 :]]


def fill(bootstrap: str, topic: str, group: str) -> None:
    """Ten records into each of two partitions; the group has read four of the first."""
    producer = Producer({"bootstrap.servers": bootstrap})
    for number in range(20):
        producer.produce(topic, b"v", partition=number % 2, timestamp=1_700_000_000_000 + number)
    assert producer.flush(30) == 0
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group})
    consumer.commit(offsets=[TopicPartition(topic, 0, 4), TopicPartition(topic, 1, 10)], asynchronous=False)
    consumer.close()


def test_offsets_of_a_group_are_described_reset_and_deleted(bootstrap: str, new_topic: Callable[..., str]):
    topic = new_topic(2)
    group = f"java-{topic}"
    fill(bootstrap, topic, group)

    def groups(*options: str) -> str:
        return tool("kafka-consumer-groups", "--bootstrap-server", bootstrap, *options)

    described = {
        one["PARTITION"]: (one["CURRENT-OFFSET"], one["LAG"]) for one in rows(groups("--describe", "--group", group))
    }
    assert described == {"0": ("4", "6"), "1": ("10", "0")}
    reset = ("--reset-offsets", "--group", group, "--topic")
    for options, offsets in (
        ((topic, "--to-earliest", "--dry-run"), {"0": "0", "1": "0"}),  # and nothing happens
        ((f"{topic}:0", "--shift-by", "-3", "--execute"), {"0": "1"}),
        ((topic, "--to-datetime", "2023-11-14T22:13:20.010", "--execute"), {"0": "5", "1": "5"}),
    ):
        done = {one["PARTITION"]: one["NEW-OFFSET"] for one in rows(groups(*reset, *options))}
        assert done == offsets, options
    assert groups("--delete-offsets", "--group", group, "--topic", f"{topic}:0").count("Successful") == 1
    assert f"('{group}') was successful" in groups("--delete", "--group", group)
    assert group not in tool("kafka-groups", "--bootstrap-server", bootstrap, "--list")


def test_offsets_are_found_and_records_deleted(bootstrap: str, new_topic: Callable[..., str], tmp_path: Path):
    topic, where = new_topic(2), ("--bootstrap-server", bootstrap)
    fill(bootstrap, topic, f"java-{topic}")

    def offsets(time: str) -> list[str]:
        return tool("kafka-get-offsets", *where, "--topic", topic, "--time", time).split()

    assert offsets("max-timestamp") == [f"{topic}:0:9", f"{topic}:1:9"]
    assert offsets("1700000000007") == [f"{topic}:0:4", f"{topic}:1:3"]
    asked = {"version": 1, "partitions": [{"topic": topic, "partition": 0, "offset": 7}]}
    (tmp_path / "delete.json").write_text(json.dumps(asked))
    deleted = tool("kafka-delete-records", *where, "--offset-json-file", str(tmp_path / "delete.json"))
    assert f"partition: {topic}-0\tlow_watermark: 7" in deleted
    assert offsets("earliest") == [f"{topic}:0:7", f"{topic}:1:0"]


def test_a_cluster_its_disks_and_its_apis_are_described(bootstrap: str, new_topic: Callable[..., str]):
    topic, where = new_topic(3), ("--bootstrap-server", bootstrap)
    (line,) = [
        one for one in tool("kafka-log-dirs", *where, "--describe", "--topic-list", topic).splitlines() if one[0] == "{"
    ]
    (directory,) = json.loads(line)["brokers"][0]["logDirs"]
    assert sorted(one["partition"] for one in directory["partitions"]) == [f"{topic}-{index}" for index in range(3)]
    versions = tool("kafka-broker-api-versions", *where)
    assert "Produce(0): 0 to 13 [usable: 13]" in versions and "UNSUPPORTED" in versions
    assert "Cluster ID: " in tool("kafka-cluster", "cluster-id", *where)
    assert "durability=" in tool(
        "kafka-configs", *where, "--entity-type", "brokers", "--entity-name", "1", "--describe", "--all"
    )


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_built_is_refused_by_name(bootstrap: str, what: str):
    command, said = REFUSED[what]
    name, *arguments = command.split()
    done = run_tool(name, "--bootstrap-server", bootstrap, *arguments)
    assert done.returncode != 0
    assert said in done.stdout + done.stderr
