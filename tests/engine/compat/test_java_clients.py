"""Apache Kafka's performance tools and verifiable clients: its Java producer and consumer at work on our broker."""

import json
from collections.abc import Callable

import pytest

from tests.apache_kafka import tool

pytestmark = [pytest.mark.processes, pytest.mark.kafka]

RECORDS = "20000"


def events(printed: str, name: str) -> list[dict]:
    """What a verifiable client says happened."""
    said = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    return [one for one in said if one["name"] == name]


def test_the_performance_tools_produce_and_consume(bootstrap: str, new_topic: Callable[..., str]):
    topic, where = new_topic(3), ("--bootstrap-server", bootstrap)
    for property_of_producer in ("compression.type=lz4", "acks=1"):
        sent = tool(
            "kafka-producer-perf-test", *where, "--topic", topic, "--num-records", RECORDS, "--record-size", "100",
            "--throughput", "-1", "--command-property", property_of_producer,
        )  # fmt: skip
        assert sent.splitlines()[-1].startswith(f"{RECORDS} records sent, ")
    read = tool("kafka-consumer-perf-test", *where, "--topic", topic, "--num-records", "40000", "--group", topic)
    names, figures = (line.split(", ") for line in read.splitlines()[-2:])
    assert int(dict(zip(names, figures, strict=True))["data.consumed.in.nMsg"]) == 40_000


def test_one_record_after_the_other_makes_the_round(bootstrap: str, new_topic: Callable[..., str]):
    printed = tool(
        "kafka-e2e-latency", "--bootstrap-server", bootstrap, "--topic", new_topic(), "--num-records", "100",
        "--producer-acks", "all", "--record-size", "100",
    )  # fmt: skip
    assert "Avg latency:" in printed and "Percentiles:" in printed


def test_the_verifiable_clients_agree(bootstrap: str, new_topic: Callable[..., str]):
    topic, where = new_topic(2), ("--bootstrap-server", bootstrap)
    printed = tool("kafka-verifiable-producer", *where, "--topic", topic, "--max-messages", "500", "--acks", "-1")
    sent = events(printed, "producer_send_success")
    assert sorted(int(one["value"]) for one in sent) == list(range(500))
    (totals,) = events(printed, "tool_data")
    assert (totals["sent"], totals["acked"]) == (500, 500)
    printed = tool(
        "kafka-verifiable-consumer", *where, "--topic", topic, "--group-id", topic, "--max-messages", "500",
        "--reset-policy", "earliest", "--verbose",
    )  # fmt: skip
    read = {(one["partition"], one["offset"]): one["value"] for one in events(printed, "record_data")}
    assert read == {(one["partition"], one["offset"]): one["value"] for one in sent}
    committed = events(printed, "offsets_committed")
    assert committed and all(one["success"] for one in committed)
    assert events(printed, "shutdown_complete")
