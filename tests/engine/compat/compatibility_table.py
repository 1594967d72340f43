"""The table of README's "What works": programs that were run against our broker, and the tests that run them.

A claim names its test as file::function; kafka_python_suite::run is `manage.py accept kafka-python`.

`python -m tests.engine.compat.compatibility_table` prints it; tests/tidy/test_compatibility_table.py
compares README with it and finds each test. Versions of locked packages come from the lock, the others
are said here and checked where the program is run (test_compatibility_table.py beside this file).
"""

import re
from pathlib import Path
from typing import NamedTuple

TESTS = Path(__file__).parent
LOCK = TESTS.parents[1] / "requirements.txt"
KCAT, LIBRDKAFKA_OF_KCAT = "1.7.1", "2.0.2"
KAFKA = "4.3.1"


class Row(NamedTuple):
    """One program: how README calls it, its version, and what was run, each with the test that runs it."""

    program: str
    version: str
    ran: dict[str, str]


def locked(package: str) -> str:
    """Find the version of a package in the lock of the tests."""
    found = re.search(rf"^{re.escape(package)}==(\S+)", LOCK.read_text(), re.MULTILINE)
    assert found, f"{package} is not locked"
    return found[1]


ROWS = (
    Row("kcat", f"{KCAT} (librdkafka {LIBRDKAFKA_OF_KCAT})", {
        "produce and consume with every codec": "test_kcat::test_what_goes_in_comes_out_with_every_codec",
        "every acks": "test_kcat::test_every_kind_of_acks",
        "idempotent": "test_kcat::test_an_idempotent_producer",
        "keys, headers, nulls": "test_kcat::test_keys_headers_and_nulls_survive",
        "files and delimiters": "test_kcat::test_a_file_is_one_record_or_one_for_each_line",
        "from and to offsets and times": "test_kcat::test_records_are_read",
        "offsets by time": "test_kcat::test_offsets_are_found_by_time",
        "metadata in words and as JSON": "test_kcat::test_the_cluster_is_listed_as_json",
        "Java's partitioner": "test_kcat::test_keys_choose_the_partition_as_java_does",
        "a group": "test_groups::test_kcat_reads_in_a_group",
    }),
    Row("confluent-kafka", locked("confluent-kafka"), {
        "produce with every codec and acks": "test_confluent_kafka::test_records_come_back_in_order",
        "a million records": "test_confluent_kafka::test_a_million_records_of_100_bytes_come_back_as_they_went",
        "groups (range, round robin, cooperative sticky)": "test_groups::test_members_share_the_partitions",
        "static members": "test_groups::test_a_static_member_comes_back_without_a_rebalance",
        "topics and configs": "test_confluent_kafka::test_topics_are_created_described_grown_and_deleted",
        "groups and their offsets as an operator": "test_groups::test_operators_see_groups_members_and_offsets",
    }),
    Row("kafka-python", locked("kafka-python"), {
        "produce with every codec, consume": "test_kafka_python::test_records_come_back_with_every_codec",
        "idempotent": "test_kafka_python::test_an_idempotent_producer_writes_each_record_once",
        "admin": "test_kafka_python::test_the_cluster_and_its_configs_are_described",
        "groups": "test_groups::test_kafka_python_reads_in_a_group",
        "its own integration tests: all that Apache Kafka passes, but for transactions and APIs not built yet":
            "kafka_python_suite::run",
    }),
    Row("aiokafka", locked("aiokafka"), {
        "produce with every codec, consume": "test_aiokafka::test_records_come_back_with_every_codec",
        "idempotent": "test_aiokafka::test_an_idempotent_producer",
        "a group that commits by itself": "test_groups::test_aiokafka_reads_in_a_group_and_commits_by_itself",
    }),
    Row("Apache Kafka's console tools", KAFKA, {
        "`kafka-topics`, `kafka-configs`, `kafka-console-producer`, `kafka-console-consumer`":
            "test_java_tools::test_a_topic_lives_under_kafkas_own_tools",
        "`kafka-dump-log` on our files": "test_java_tools::test_kafka_reads_our_log_files",
    }),
    Row("Apache Kafka's Java clients", KAFKA, {
        "`kafka-producer-perf-test`, `kafka-consumer-perf-test`":
            "test_java_clients::test_the_performance_tools_produce_and_consume",
        "`kafka-e2e-latency`": "test_java_clients::test_one_record_after_the_other_makes_the_round",
        "`kafka-verifiable-producer`, `kafka-verifiable-consumer`":
            "test_java_clients::test_the_verifiable_clients_agree",
    }),
    Row("Apache Kafka's admin tools", KAFKA, {
        "`kafka-consumer-groups` (describe, reset and delete offsets, delete), `kafka-groups`":
            "test_java_admin::test_offsets_of_a_group_are_described_reset_and_deleted",
        "`kafka-get-offsets`, `kafka-delete-records`": "test_java_admin::test_offsets_are_found_and_records_deleted",
        "`kafka-log-dirs`, `kafka-broker-api-versions`, `kafka-cluster`":
            "test_java_admin::test_a_cluster_its_disks_and_its_apis_are_described",
        "`kafka-transactions`, `kafka-acls`, quotas: refused by name":
            "test_java_admin::test_what_is_not_built_is_refused_by_name",
    }),
    Row("Kafka Connect, a distributed worker", KAFKA, {
        "keeps its configs, offsets and status in the broker, joins its group, answers on REST":
            "test_kafka_connect::test_a_connect_worker_keeps_its_state_in_our_broker",
    }),
    Row("Kafka Streams, an application", KAFKA, {
        "divides anew, counts, finds its counts again after a restart":
            "test_kafka_streams::test_a_streams_application_counts_and_finds_its_counts_again",
    }),
    Row("MirrorMaker", KAFKA, {"copies a topic": "test_kafka_streams::test_mirrormaker_copies_a_topic"}),
)  # fmt: skip


def table() -> list[str]:
    """Write the lines of the table."""
    lines = ["| program | version | what was run |", "| --- | --- | --- |"]
    return lines + [f"| {row.program} | {row.version} | {'; '.join(row.ran)} |" for row in ROWS]


if __name__ == "__main__":
    print("\n".join(table()))
