"""How fast a topic is searched beside its broker: through Redis and the console's worker, as in an installation.

Run by `manage.py accept search`. Every figure is checked against what a client that reads every record finds.
"""

import json
import os
import random
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from engine.launcher import REPOSITORY, Readiness, start_process
from tests.engine.compat.brokers import odradek
from tests.processes import running_redis, wait_for

RECORDS = 3_000_000
RECORD_BYTES = 100
PARTITIONS = 6
RATE_MIN = 200_000  # records a second of plain text
CODECS = ("none", "lz4")
SET_UP = "from django.core.management import call_command; call_command('migrate', verbosity=0)"
SEARCH = """
import json, sys, time
from console.kafka.connection import ConnectionSpec
from console.models import Cluster, User
from console.search import jobs, parse
bootstrap, topic, query = json.loads(sys.argv[1])
user, _ = User.objects.get_or_create(username="speed")
cluster, _ = Cluster.objects.get_or_create(name="speed", defaults={"bootstrap": bootstrap})
search = jobs.begin(user, cluster, ConnectionSpec(bootstrap), topic, parse(query))
while search.state == "running":
    time.sleep(0.05)
    search.refresh_from_db()
seconds = (search.ended_at - search.created_at).total_seconds()
hits = sorted(search.hits.values_list("partition", "offset"))
print(json.dumps([search.state, seconds, jobs.found_count(search), hits]))
"""


@dataclass
class Report:
    """What was measured, and what is wrong with it."""

    lines: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return "\n".join(self.lines)


def run(directory: Path, *, records: int = RECORDS, seed: int = 1) -> Report:
    """Fill a topic for each codec, search it, and count by hand."""
    report = Report()
    with odradek(directory, {"durability": "pagecache"}) as broker, running_redis(directory / "redis") as (redis, _):
        environment = {"ODRADEK_DATA": str(directory / "console"), "REDIS_URL": redis.url}
        environment["DJANGO_SETTINGS_MODULE"] = "console.project.settings"
        django(environment, SET_UP)
        readiness = Readiness()
        worker = start_process(
            [sys.executable, "-m", "console.project.worker"],
            environment=environment | {"NOTIFY_SOCKET": readiness.address},
            output=subprocess.DEVNULL,
        )
        try:
            wait_for(readiness.heard, timeout_s=30, what="the worker did not start")
            for codec in CODECS:
                topic = f"speed-{codec}"
                fill(broker.bootstrap, topic, codec, records, seed)
                by_hand = count(broker.bootstrap, topic, records)
                for query, expected in by_hand.items():
                    measure(report, environment, broker.bootstrap, topic, query, expected, records)
        finally:
            worker.kill()
            worker.wait()
            readiness.close()
    return report


def measure(
    report: Report,
    environment: dict[str, str],
    bootstrap: str,
    topic: str,
    query: str,
    expected: list[tuple[int, int]],
    records: int,
) -> None:
    state, seconds, found, hits = json.loads(django(environment, SEARCH, json.dumps([bootstrap, topic, query])))
    rate = records / seconds
    report.lines.append(f"{topic:12} {query:22} {rate:12,.0f} records/s, {found} found in {seconds:.2f} s")
    if state != "done" or found != len(expected) or (found <= 10_000 and [tuple(hit) for hit in hits] != expected):
        report.violations.append(f"{topic}, {query}: {state}, {found} found, by hand {len(expected)}")
    if "." not in query and rate < RATE_MIN:
        report.violations.append(f"{topic}, {query}: {rate:,.0f} records/s are below {RATE_MIN:,}")


def fill(bootstrap: str, topic: str, codec: str, records: int, seed: int) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic(topic, PARTITIONS, 1)])[topic].result(20)
    settings = {"linger.ms": 20, "queue.buffering.max.messages": 200_000, "compression.type": codec}
    producer, chance = Producer({"bootstrap.servers": bootstrap} | settings), random.Random(seed)
    for number in range(records):
        word = "refund" if chance.randrange(20_000) == 0 else "charge"
        value = json.dumps({"id": number, "kind": word, "shop": chance.randrange(1000)})
        value = f'{value[:-1]}, "p": "{"x" * (RECORD_BYTES - len(value) - 17)}"}}'
        while True:
            try:
                producer.produce(topic, value, f"key-{number:05}"[:9], partition=number % PARTITIONS)
                break
            except BufferError:
                producer.poll(0.1)
        if number % 1000 == 0:
            producer.poll(0)
    producer.flush(60)


def count(bootstrap: str, topic: str, records: int) -> dict[str, list[tuple[int, int]]]:
    """What a client finds that reads every record: the addresses for each query."""
    found: dict[str, list[tuple[int, int]]] = {"refund": [], "charge": [], "value.shop=77": []}
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "by-hand", "enable.auto.commit": False})
    consumer.assign([TopicPartition(topic, partition, 0) for partition in range(PARTITIONS)])
    read, until_s = 0, time.monotonic() + 300
    while read < records and time.monotonic() < until_s:
        for message in consumer.consume(10_000, 1.0):
            read += 1
            value = message.value()
            address = (message.partition(), message.offset())
            found["refund" if b"refund" in value else "charge"].append(address)
            if b'"shop": 77,' in value:
                found["value.shop=77"].append(address)
    consumer.close()
    assert read == records, f"read {read} of {records} by hand"
    return {query: sorted(addresses) for query, addresses in found.items()}


def django(environment: dict[str, str], code: str, *arguments: str) -> str:
    command = [sys.executable, "-c", "import django; django.setup()\n" + code, *arguments]
    done = subprocess.run(
        command, env={**os.environ, **environment}, cwd=REPOSITORY, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
