"""What is measured: the reference broker in C, Odradek's broker in its Celery worker, and librdkafka's mock."""

import os
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from pathlib import Path

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from engine.launcher import BrokerProcess, free_port, start_broker
from tests.bench.cases import Case
from tests.bench.load import TOPIC, BenchError, on_core

PARTITIONS = 12
START_S_MAX = 20.0
IDLE_CPU_S = 0.02  # in 0.4 s


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process with all its threads, ended ones included."""
    return time.clock_gettime(((~pid) << 3) | 2)  # the process clock of another process: see clock_getcpuclockid(3)


def pss_megabytes(pid: int) -> float:
    """Return the proportional set size of one process."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise BenchError("the kernel does not say how much memory a process has")


class Server(ABC):
    """One server for one case, in a directory of its own."""

    host = "127.0.0.1"

    def __init__(self, tools: Path, data: Path, case: Case) -> None:
        self.tools, self.data, self.case = tools, data, case
        self.port = free_port()

    @abstractmethod
    def start(self) -> None:
        """Start it, with the topic, and return when it answers."""

    @abstractmethod
    def stop(self) -> None:
        """End it, whatever became of it."""

    @property
    @abstractmethod
    def pid(self) -> int:
        """Its process."""

    def cpu_seconds(self) -> float:
        """Return the CPU it has used so far."""
        return cpu_seconds(self.pid)

    def wait_listening(self) -> None:
        """Return when its port takes connections."""
        end_s = time.monotonic() + START_S_MAX
        while time.monotonic() < end_s:
            with socket.socket() as probe:
                if probe.connect_ex((self.host, self.port)) == 0:
                    return
            time.sleep(0.02)
        raise BenchError(f"{type(self).__name__} does not listen after {START_S_MAX:g} s")


class Reference(Server):
    """The least that can be done, in C."""

    process: "subprocess.Popen[bytes] | None" = None

    @property
    def pid(self) -> int:
        """Its process."""
        assert self.process is not None
        return self.process.pid

    def start(self) -> None:
        """Start it; the topic is there."""
        command = [
            *on_core(0, self.case.pinned), str(self.tools / "reference_broker"), self.host, str(self.port),
            str(self.data), str(PARTITIONS), TOPIC,
        ]  # fmt: skip
        self.process = subprocess.Popen(command + ["fsync"] * (self.case.durability == "fsync"))
        self.wait_listening()

    def stop(self) -> None:
        """End it."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()


class Mock(Server):
    """No server: librdkafka's own cluster inside the client, the most that this client can do."""

    @property
    def pid(self) -> int:
        """None of its own."""
        raise BenchError("librdkafka's mock is inside the client")

    def start(self) -> None:
        """The client starts it."""
        self.port = 0

    def stop(self) -> None:
        """It ends with the client."""

    def cpu_seconds(self) -> float:
        """Its CPU is the client's."""
        return 0.0


class Odradek(Server):
    """Our broker as `up` runs it: in a Celery worker, here without Redis."""

    broker: BrokerProcess | None = None

    @property
    def pid(self) -> int:
        """Its process."""
        assert self.broker is not None
        return self.broker.pid

    def start(self) -> None:
        """Start it and create the topic."""
        properties = {
            "listeners": f"PLAINTEXT://{self.host}:{self.port}", "durability": self.case.durability,
            "num.partitions": str(PARTITIONS), "log.segment.bytes": str(2_000_000_000),
        }  # fmt: skip
        self.broker = start_broker(self.data / "broker-1", properties)
        self.broker.wait_ready(START_S_MAX)
        create_topic(f"{self.host}:{self.port}", PARTITIONS)
        self._wait_idle()
        if self.case.pinned and (os.cpu_count() or 1) > 1:
            self._pin()

    def _wait_idle(self) -> None:
        """Return when Celery, which loads while the broker serves already, has come to rest: it is not measured."""
        end_s = time.monotonic() + START_S_MAX
        busy_s = IDLE_CPU_S
        while busy_s >= IDLE_CPU_S and time.monotonic() < end_s:
            before_s = self.cpu_seconds()
            time.sleep(0.4)
            busy_s = self.cpu_seconds() - before_s

    def _pin(self) -> None:
        for thread in os.listdir(f"/proc/{self.pid}/task"):
            os.sched_setaffinity(int(thread), {0})

    def stop(self) -> None:
        """End it."""
        if self.broker is not None:
            self.broker.kill()

    @staticmethod
    def facts(data: Path) -> dict[str, float]:
        """Measure what is not a load: start with 100 partitions, idle memory."""
        properties = {"listeners": f"PLAINTEXT://127.0.0.1:{free_port()}"}
        broker = start_broker(data / "facts" / "broker-1", properties)
        try:
            broker.wait_ready(START_S_MAX)
            create_topic(broker.bootstrap, 100)
            broker.stop()
            broker = start_broker(data / "facts" / "broker-1", properties)
            seconds = broker.wait_ready(START_S_MAX)
            time.sleep(1)
            return {"ready with 100 partitions, s": seconds, "idle PSS, MB": pss_megabytes(broker.pid)}
        finally:
            broker.kill()


def create_topic(bootstrap: str, partitions: int) -> None:
    """Create the bench's topic by somebody else's client."""
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})  # kept: its end would end the request
    admin.create_topics([NewTopic(TOPIC, partitions, 1)])[TOPIC].result(20)


def wake_groups(bootstrap: str) -> None:
    """Have the broker create `__consumer_offsets`: the first question for committed offsets does."""
    reader = Consumer({"bootstrap.servers": bootstrap, "group.id": "bench", "log_level": 0})
    end_s = time.monotonic() + START_S_MAX
    while True:
        try:
            reader.committed([TopicPartition(TOPIC, 0)], timeout=START_S_MAX)
            break
        except KafkaException:  # a coordinator that has just been chosen may not know of it yet
            if time.monotonic() > end_s:
                raise
            time.sleep(0.1)
    reader.close()
