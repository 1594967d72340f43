"""Apache Kafka as a peer, where KAFKA_START names a command line that starts one (it ends in `start`).

One node with 1 GiB of heap for the whole run, warm before anything is measured; each case
gets the topic anew. It may use all cores, also where our broker is held to one.
"""

import json
import os
import shlex
import subprocess
import time
from pathlib import Path

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from tests.apache_kafka import fetch_jars, free_ports
from tests.bench import load
from tests.bench.cases import WARM_UP, Case
from tests.bench.load import TOPIC, BenchError
from tests.bench.servers import PARTITIONS, Server, create_topic, pss_megabytes

START_S_MAX = 180
HEAP = "1g"
SETTINGS = {"log.segment.bytes": "1073741824", "log.segment.delete.delay.ms": "1000"}  # room comes back between cases


class Peer:
    """The process, started once."""

    def __init__(self, tools: Path, data: Path) -> None:
        fetch_jars()  # not in the time of a start
        self.tools, self.data, self.port, self.pid = tools, data, free_ports(2), 0
        self.words = shlex.split(os.environ["KAFKA_START"])

    @property
    def bootstrap(self) -> str:
        """Where it listens."""
        return f"{Server.host}:{self.port}"

    def start(self) -> float:
        """Start it and return the seconds until it answered."""
        command = [*self.words, "--nodes", "1", "--data", str(self.data), "--port", str(self.port), "--heap", HEAP]
        for key, value in SETTINGS.items():
            command += ["--set", f"{key}={value}"]
        begun_s = time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True, timeout=START_S_MAX, check=False)
        if done.returncode:
            raise BenchError(f"Apache Kafka does not start: {done.stderr.strip()[-300:]}")
        self.pid = int(json.loads(done.stdout.strip().splitlines()[-1])["pids"][0])
        return time.monotonic() - begun_s

    def stop(self, *options: str) -> None:
        """End it, in order or (`--kill`) at once."""
        command = [*self.words[:-1], "stop", "--data", str(self.data), *options]
        subprocess.run(command, capture_output=True, timeout=START_S_MAX, check=False)

    def facts(self) -> dict[str, float]:
        """Measure what is not a load, before any: start with 100 partitions (the second, as ours), idle memory."""
        self.start()
        create_topic(self.bootstrap, 100)
        self.stop()
        seconds = self.start()
        time.sleep(2)
        found = {"ready with 100 partitions, s": seconds, "idle PSS, MB": pss_megabytes(self.pid)}
        delete_topic(self.bootstrap)
        return found

    def warm_up(self) -> None:
        """Let its compiler see what will be measured."""
        create_led_topic(self.bootstrap)
        for arguments in WARM_UP:
            load.run(self.tools, Server.host, self.port, "produce", arguments, pinned=False)
        load.run(self.tools, Server.host, self.port, "fetch", (12, 1, 1 << 20, 12 << 20, 500_000_000, 4), pinned=False)
        delete_topic(self.bootstrap)


class ApacheKafka(Server):
    """The peer in one case."""

    def __init__(self, peer: Peer, tools: Path, data: Path, case: Case) -> None:
        super().__init__(tools, data, case)
        self.peer, self.port = peer, peer.port

    @property
    def pid(self) -> int:
        """Its process."""
        return self.peer.pid

    def start(self) -> None:
        """Create the topic."""
        create_led_topic(self.peer.bootstrap)

    def stop(self) -> None:
        """Delete the topic, so that nothing of this case is there in the next."""
        delete_topic(self.peer.bootstrap)


def create_led_topic(bootstrap: str) -> None:
    """Create the bench's topic and wait until all of it takes records: a leader may know of it a moment later."""
    create_topic(bootstrap, PARTITIONS)
    producer = Producer({"bootstrap.servers": bootstrap, "log_level": 0})
    for partition in range(PARTITIONS):
        producer.produce(TOPIC, b"first", partition=partition)
    if producer.flush(START_S_MAX):
        raise BenchError("Apache Kafka does not take records")


def delete_topic(bootstrap: str) -> None:
    """Delete the bench's topic and wait until its name is free."""
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    admin.delete_topics([TOPIC])[TOPIC].result(20)
    time.sleep(1.5)  # its files go after a second
