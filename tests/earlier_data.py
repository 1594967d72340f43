"""Makes the small data directories that every later version must open: `python -m tests.earlier_data DIRECTORY`.

Run once when something is closed; the result is committed under tests/earlier/ and never
made again. test_earlier_data.py opens copies of all of them.
"""

import json
import os
import shutil
import subprocess
import sys
import uuid
from pathlib import Path

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from engine.launcher import start_broker
from tests.sandbox.worker_process import Worker

TOPIC, DELETED_BELOW, PARTITIONS, EACH = "orders", 5, 2, 40
CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
GROUP, COMMITTED = "readers", 7
ADMIN, PASSWORD = "admin", "a spool that nobody can explain"
MANAGE = Path(__file__).parent.parent / "manage.py"


def produce(bootstrap: str) -> None:
    """Write EACH records into each partition, with every codec in turn, the last of them idempotent."""
    for number, codec in enumerate(CODECS):
        settings = {"bootstrap.servers": bootstrap, "compression.type": codec, "enable.idempotence": codec == "zstd"}
        producer = Producer({**settings, "linger.ms": 20})
        for partition in range(PARTITIONS):
            for at in range(EACH // len(CODECS)):
                value = json.dumps({"partition": partition, "codec": codec, "at": at})
                producer.produce(TOPIC, value, f"key-{number}-{at}", partition, headers=[("codec", codec)])
        assert producer.flush(20) == 0


def make(directory: Path, *, killed: bool) -> None:
    """Run a broker, let clients write, kill it or stop it in order; keep its files."""
    settings = {"offsets.topic.num.partitions": "2", "log.segment.bytes": str(1 << 20)}
    broker = start_broker(directory / "broker-1", settings)
    try:
        broker.wait_ready()
        admin = AdminClient({"bootstrap.servers": broker.bootstrap})
        config = {"retention.ms": "-1", "cleanup.policy": "delete"}
        admin.create_topics([NewTopic(TOPIC, PARTITIONS, 1, config=config)])[TOPIC].result(20)
        produce(broker.bootstrap)
        place = TopicPartition(TOPIC, 0, DELETED_BELOW)
        admin.delete_records([place])[place].result(20)
        consumer = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": GROUP})
        consumer.commit(offsets=[TopicPartition(TOPIC, 1, COMMITTED)], asynchronous=False)
        consumer.close()
        if not killed:
            broker.stop()
    finally:
        broker.kill()
    for path in (directory / "broker-1.log", directory / "broker-1.properties", directory / "broker-1" / ".lock"):
        path.unlink(missing_ok=True)


def manage(directory: Path, *words: str) -> str:
    """Run a command of manage.py on a data directory; return what it printed."""
    environment = {**os.environ, "ODRADEK_DATA": str(directory)}
    command = [sys.executable, str(MANAGE), *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=120).stdout


def make_database(directory: Path) -> None:
    """Let the console make its database, with an administrator whose password is known here."""
    manage(directory, "prepare")
    code = f"from console.models import User; one = User.objects.get(); one.set_password({PASSWORD!r}); one.save()"
    manage(directory, "shell", "-c", code)
    manage(directory, "shell", "-c", "from django.db import connection; connection.cursor().execute('VACUUM')")
    for name in ("static", "secrets"):
        shutil.rmtree(directory / name, ignore_errors=True)


# People with roles, a token, an entry of the audit log, a second connection whose password is sealed, a search.
PEOPLE = {"otto": "OPERATOR", "vera": "VIEWER"}
TOKEN = "odradek_of-an-earlier-version"
SASL_PASSWORD = "sealed long ago"
MANY_HANDS = f"""
from console.models import ApiToken, Cluster, Membership, Role, Search, SearchHit, SearchPart, SearchState, User
from console.services import audit, sealing, secret_values, tokens
from console.services.clusters import place_of
admin, local = User.objects.get(), Cluster.objects.get()
for name, role in {PEOPLE!r}.items():
    person = User.objects.create_user(name, password={PASSWORD!r})
    Membership.objects.create(user=person, cluster=local, role=Role[role])
made, _ = tokens.create(admin, "ci", Role.OPERATOR, clusters=[local], days=None)
ApiToken.objects.filter(pk=made.pk).update(digest=secret_values.digest({TOKEN!r}))
with audit.writing(audit.Actor(admin, {ADMIN!r}), "topic.create", {TOPIC!r}, cluster=local, after=dict(partitions=2)):
    pass
second = Cluster(name="payments", bootstrap="kafka.example:9092", read_only=True, security_protocol="SASL_PLAINTEXT")
second.sasl_mechanism, second.sasl_username = "SCRAM-SHA-512", "ada"
second.sealed_secrets = sealing.seal(dict(password={SASL_PASSWORD!r}), place=place_of(second))
second.save()
search = Search.objects.create(
    user=admin, cluster=local, topic={TOPIC!r}, query="codec", state=SearchState.DONE, partitions=1)
SearchPart.objects.create(search=search, partition=0, start=5, end=40, position=40, state="done", found=1)
SearchHit.objects.create(search=search, partition=0, offset=7, timestamp_ms=1)
"""


def make_many_hands(directory: Path) -> None:
    """A console that several people use; the key that its secrets are sealed with is kept beside it."""
    make_database(directory)
    manage(directory, "shell", "-c", MANY_HANDS)
    manage(directory, "shell", "-c", "from django.db import connection; connection.cursor().execute('VACUUM')")
    for path in (directory / "secrets").iterdir():
        if path.name != "clusters":
            path.unlink()


# Two sandboxes, one asleep in the middle of a lesson, one whose process was killed; and what later builds must find.
SANDBOXES = """
from console.models import User
from sandbox.models import LessonRun
from sandbox.services import sandboxes
lea = User.objects.create_user("lea")
for name in ("asleep", "killed"):
    made = sandboxes.make(name=name, limits="own", owner=lea, seed=11)
    print("made", made.id)
    LessonRun.objects.create(sandbox=made, user=lea, slug="first-event", version=1, salt="abcd", step=1, opened_at=9)
"""
SANDBOX_RECORDS = 12


def make_sandboxes(directory: Path) -> None:
    """Sandboxes as a runner leaves them: rows, actions, history, keyframes, disks; and the key that signs them."""
    make_database(directory)
    told = manage(directory, "shell", "-c", SANDBOXES).splitlines()
    asleep, killed = (uuid.UUID(line.split()[1]) for line in told if line.startswith("made"))
    worker = Worker(directory)
    for sandbox in (asleep, killed):
        worker.ok(sandbox, "pause")
        worker.ok(sandbox, "step", events=3)
        worker.ok(sandbox, "act", action={"do": "create topic", "topic": TOPIC})
        worker.ok(sandbox, "step", until={"seen": "opened", "topic": TOPIC})
        actor = {"kind": "consumer", "name": "c1", "topic": TOPIC, "group": GROUP, "commit": "after"}
        worker.ok(sandbox, "act", action={"do": "add", "actor": actor})
        worker.ok(sandbox, "act", action={"do": "produce", "topic": TOPIC, "value": "x", "count": SANDBOX_RECORDS})
        worker.ok(sandbox, "step", events=2_000)
        worker.ok(sandbox, "act", action={"do": "kill", "loses": "nothing"})
    worker.ok(asleep, "sleep")
    worker.kill()
    manage(directory, "shell", "-c", "from django.db import connection; connection.cursor().execute('VACUUM')")
    for path in [*(directory / "secrets").iterdir(), directory / "worker.log", *directory.glob("sandboxes/sockets")]:
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != "keyframes":
            path.unlink()


if __name__ == "__main__":
    (Path(sys.argv[1]) / "sandboxes").mkdir(parents=True)
    make_sandboxes(Path(sys.argv[1]) / "sandboxes")
    (Path(sys.argv[1]) / "many-hands").mkdir(parents=True)
    make_many_hands(Path(sys.argv[1]) / "many-hands")
    for name, killed in (("one-broker-killed", True), ("one-broker-stopped", False)):
        target = Path(sys.argv[1]) / name
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        make(target, killed=killed)
        if not killed:
            make_database(target)
