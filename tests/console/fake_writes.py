"""Writes to the cluster of fake_kafka.py: they are noted, carried out on what it holds, or refused."""

from dataclasses import replace

from console.kafka import configs, topic_defaults, topic_writes
from console.kafka.topic_defaults import Broker, Ground
from console.kafka.topic_writes import Made
from tests.console.fake_kafka import CONFIGS, FakeKafka


class FakeWrites:
    """`refuses` is raised by every write, asked about or done; `then` only by those that are done."""

    def __init__(self, kafka: FakeKafka) -> None:
        self.kafka = kafka
        self.done: list[tuple] = []
        self.looked_for: list[str] = []  # names that were asked about
        self.refuses: Exception | None = None
        self.then: Exception | None = None
        self.answers: dict = {}  # of a deletion of records, where they are not as asked for
        settings = tuple(replace(entry, value=entry.default, source="default") for entry in CONFIGS)
        self.ground = Ground(frozenset({"orders.placed", "payments"}), (Broker(1, 10**9),), 6, 1, settings)

    def put_in_place(self, monkeypatch) -> "FakeWrites":
        monkeypatch.setattr(topic_defaults, "ground", self.kafka._says(self._ground))
        topic_defaults._recent.clear()
        monkeypatch.setattr(topic_writes, "create_topic", self.create_topic)
        monkeypatch.setattr(topic_writes, "alter_configs", self.alter_configs)
        monkeypatch.setattr(topic_writes, "add_partitions", self.add_partitions)
        monkeypatch.setattr(topic_writes, "delete_topic", self.delete_topic)
        monkeypatch.setattr(topic_writes, "delete_records", self.delete_records)
        return self

    def _ground(self, spec, name=""):
        self.looked_for.append(name)
        return self.ground

    def _write(self, *what, validate_only=False):
        self.kafka._come_up()
        if self.refuses:
            raise self.refuses
        if not validate_only:
            if self.then:
                raise self.then
            self.done.append(what)

    def create_topic(self, spec, wanted, *, validate_only=False):
        self._write("create", wanted.name, wanted.partitions, dict(wanted.configs), validate_only=validate_only)
        return Made(wanted.partitions or 6, 1, ())

    def alter_configs(self, spec, topic, changes, *, validate_only=False):
        self._write("configs", topic, dict(changes), validate_only=validate_only)
        if not validate_only:
            self.kafka.configs = [changed(entry, changes) for entry in self.kafka.configs]

    def add_partitions(self, spec, topic, count, *, validate_only=False):
        self._write("partitions", topic, count, validate_only=validate_only)

    def delete_topic(self, spec, topic, topic_id):
        self._write("delete", topic, topic_id)

    def delete_records(self, spec, topic, offsets):
        self._write("records", topic, dict(offsets))
        return {index: self.answers.get(index, offset) for index, offset in offsets.items()}


def changed(entry: configs.ConfigEntry, changes) -> configs.ConfigEntry:
    if entry.name not in changes:
        return entry
    value = changes[entry.name]
    if value is None:
        return replace(entry, value=entry.default, source="default")
    return replace(entry, value=value, source="topic")
