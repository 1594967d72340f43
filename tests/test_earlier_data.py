"""Every later version opens the data of every earlier one: records, offsets, configs, groups."""

import json
import shutil
import uuid
from pathlib import Path

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType

from engine.launcher import start_broker
from tests.earlier_data import (
    ADMIN,
    CODECS,
    COMMITTED,
    DELETED_BELOW,
    EACH,
    GROUP,
    PARTITIONS,
    PASSWORD,
    SANDBOX_RECORDS,
    SASL_PASSWORD,
    TOKEN,
    TOPIC,
    manage,
)
from tests.sandbox.worker_process import Worker

EARLIER = sorted(path.parent for path in Path(__file__).parent.glob("earlier/*/broker-1"))

pytestmark = pytest.mark.processes


@pytest.mark.parametrize("directory", EARLIER, ids=lambda path: path.name)
def test_data_of_an_earlier_version_is_all_there(directory: Path, tmp_path: Path):
    shutil.copytree(directory, tmp_path / "data")
    broker = start_broker(tmp_path / "data" / "broker-1", {})
    try:
        broker.wait_ready()
        found = read(broker.bootstrap)
        for partition in range(PARTITIONS):
            first = DELETED_BELOW if partition == 0 else 0
            offsets = [offset for one, offset in found if one == partition]
            assert offsets == list(range(first, EACH))
        for (partition, offset), (value, codec) in found.items():
            number, at = divmod(offset, EACH // len(CODECS))
            assert value == {"partition": partition, "codec": CODECS[number], "at": at}
            assert codec == CODECS[number]
        consumer = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": GROUP})
        assert consumer.committed([TopicPartition(TOPIC, 1)], timeout=20)[0].offset == COMMITTED
        consumer.close()
        admin, resource = (
            AdminClient({"bootstrap.servers": broker.bootstrap}),
            ConfigResource(ResourceType.TOPIC, TOPIC),
        )
        assert admin.describe_configs([resource])[resource].result(20)["retention.ms"].value == "-1"
        producer = Producer({"bootstrap.servers": broker.bootstrap, "enable.idempotence": True})
        producer.produce(TOPIC, b"{}", partition=1)
        assert producer.flush(20) == 0
    finally:
        broker.kill()


@pytest.mark.parametrize(
    "database", sorted(Path(__file__).parent.glob("earlier/*/db.sqlite3")), ids=lambda path: path.parent.name
)
def test_users_of_an_earlier_version_sign_in_and_find_their_cluster(database: Path, tmp_path: Path):
    shutil.copy(database, tmp_path)
    assert json.loads(manage(tmp_path, "prepare").splitlines()[-1]) == {"password": None}, "the administrator is known"
    code = (
        "from django.contrib.auth import authenticate; from console.models import Cluster;"
        f"user = authenticate(username={ADMIN!r}, password={PASSWORD!r});"
        "print(user.is_superuser, Cluster.objects.get(embedded=True).name)"
    )
    assert manage(tmp_path, "shell", "-c", code).splitlines()[-1] == "True Local cluster"


def test_what_several_people_left_in_an_earlier_version_is_all_there(tmp_path: Path):
    shutil.copytree(Path(__file__).parent / "earlier" / "many-hands", tmp_path / "data")
    manage(tmp_path / "data", "prepare")
    assert json.loads(manage(tmp_path / "data", "shell", "-c", LOOK).splitlines()[-1]) == {
        "roles": {"otto": "OPERATOR", "vera": "VIEWER"},
        "signs in": True,
        "token": [ADMIN, "OPERATOR"],
        "audit": ["topic.create", TOPIC, "done", "Local cluster"],
        "password": SASL_PASSWORD,
        "search": ["codec", "done", 7],
    }


def test_sandboxes_of_an_earlier_version_wake(tmp_path: Path):
    """One on its disks, for it was put to sleep; one by its actions, for its process was killed."""
    data = tmp_path / "data"
    shutil.copytree(Path(__file__).parent / "earlier" / "sandboxes", data)
    manage(data, "prepare")
    told = json.loads(manage(data, "shell", "-c", SANDBOX_ROWS).splitlines()[-1])
    assert {name: row["lesson"] for name, row in told.items()} == {name: ["first-event", 1] for name in told}
    worker = Worker(data)
    try:
        for row in told.values():
            sandbox = uuid.UUID(row["id"])
            assert "down" in worker.ask(sandbox, "act", action={"do": "kill"})["refused"], "as it was left"
            worker.ok(sandbox, "act", action={"do": "start"})
            worker.ok(sandbox, "step", events=2_000)
            shown = worker.ok(sandbox, "frame")
            ends = [part["end"] for topic in shown["topics"] if topic["name"] == TOPIC for part in topic["partitions"]]
            assert ends == [SANDBOX_RECORDS]
            assert [actor["name"] for actor in shown["actors"]] == ["c1"]
            assert [group["committed"] for group in shown["groups"]] == [{f"{TOPIC}-0": SANDBOX_RECORDS}]
            assert list((data / "sandboxes" / sandbox.hex).glob("before-*")), "another build wrote what is there"
        assert manage(data, "shell", "-c", SANDBOX_TOPICS).splitlines()[-2:] == [TOPIC, TOPIC]
    finally:
        worker.kill()


SANDBOX_ROWS = """
import json
from sandbox.models import Sandbox
print(json.dumps({
    one.name: {"id": str(one.id), "lesson": [one.lesson_runs.get().slug, one.lesson_runs.get().step]}
    for one in Sandbox.objects.all()
}))
"""
SANDBOX_TOPICS = """
from console.kafka import topics
from console.services.clusters import connection_spec
from sandbox.models import Sandbox
for one in Sandbox.objects.all():
    print(*[name for name in topics.topic_names(connection_spec(one.cluster)) if not name.startswith("__")])
"""
LOOK = f"""
import json
from django.contrib.auth import authenticate
from console.models import AuditEntry, Cluster, Membership, Role, Search
from console.services import tokens
from console.services.clusters import connection_spec
person, entry, search = tokens.owner_of({TOKEN!r}), AuditEntry.objects.get(), Search.objects.get()
print(json.dumps({{
    "roles": {{one.user.username: Role(one.role).name for one in Membership.objects.order_by("user__username")}},
    "signs in": authenticate(username="otto", password={PASSWORD!r}) is not None,
    "token": [person.username, Role(person.token.role).name],
    "audit": [entry.action, entry.target, entry.result, entry.cluster_name],
    "password": connection_spec(Cluster.objects.get(name="payments")).sasl.password,
    "search": [search.query, search.state, search.hits.get().offset],
}}))
"""


def read(bootstrap: str) -> dict[tuple[int, int], tuple[object, str]]:
    """Read all records: by partition and offset, the decoded value and the codec it was written with."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "unused", "check.crcs": True})
    consumer.assign([TopicPartition(TOPIC, index, OFFSET_BEGINNING) for index in range(PARTITIONS)])
    found: dict[tuple[int, int], tuple[object, str]] = {}
    for _ in range(60):
        for message in consumer.consume(1000, 0.5):
            assert message.error() is None
            codec = message.headers()[0][1].decode()
            found[message.partition(), message.offset()] = (json.loads(message.value()), codec)
        if len(found) == PARTITIONS * EACH - DELETED_BELOW:
            break
    consumer.close()
    return dict(sorted(found.items()))
