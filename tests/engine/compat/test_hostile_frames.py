"""Malformed frames: answered as Apache Kafka answers them, at no cost in memory (reliability goals 3.7)."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from engine.launcher import BrokerProcess
from tests.apache_kafka import apache_kafka
from tests.engine.compat.brokers import odradek
from tests.engine.compat.hostile_frames import CASES, RECORD_LIES, TOPIC, Case
from tests.engine.compat.hostile_peer import outcome

PEAK_MIB_MAX = 64
LASTING_KIB_MAX = 2048

pytestmark = pytest.mark.processes


def create_topic(bootstrap: str) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap})  # kept: its end would end the request
    admin.create_topics([NewTopic(TOPIC, 1, 1)])[TOPIC].result(20)


def memory_kib(pid: int, field: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1])
    raise AssertionError(f"{field} is not in the status of the process")


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrokerProcess]:
    with odradek(tmp_path_factory.mktemp("hostile")) as process:
        create_topic(process.bootstrap)
        for case in CASES:  # what is allocated once, for ever, is nobody's leak
            outcome(*address(process.bootstrap), case)
        yield process


@pytest.fixture(scope="module")
def strict_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrokerProcess]:
    with odradek(tmp_path_factory.mktemp("strict"), {"record.validation": "full"}) as process:
        create_topic(process.bootstrap)
        yield process


def address(bootstrap: str) -> tuple[str, int]:
    host, _, port = bootstrap.rpartition(":")
    return host, int(port)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_hostile_frames_are_answered_as_kafka_answers_them(broker: BrokerProcess, case: Case):
    pid, frame_kib = broker.pid, len(case.build()) >> 10
    before_kib = memory_kib(pid, "VmRSS")
    Path(f"/proc/{pid}/clear_refs").write_text("5")  # forget the peak so far
    assert outcome(*address(broker.bootstrap), case) in case.allowed
    assert memory_kib(pid, "VmHWM") - before_kib <= frame_kib + (PEAK_MIB_MAX << 10)
    end_s = time.monotonic() + 1
    while memory_kib(pid, "VmRSS") - before_kib > LASTING_KIB_MAX:
        assert time.monotonic() < end_s, "memory did not come back within a second"
        time.sleep(0.02)


@pytest.mark.parametrize("case", RECORD_LIES, ids=str)
def test_lies_inside_records_are_refused_where_records_are_walked(strict_broker: BrokerProcess, case: Case):
    assert outcome(*address(strict_broker.bootstrap), case) in case.allowed


@pytest.mark.kafka
def test_the_hostile_table_says_what_apache_kafka_does():
    with apache_kafka() as bootstrap:
        create_topic(bootstrap)
        found = {str(case): outcome(*address(bootstrap), case) for case in (*CASES, *RECORD_LIES)}
    wrong = {str(case): found[str(case)] for case in (*CASES, *RECORD_LIES) if found[str(case)] not in case.allowed}
    assert wrong == {}
