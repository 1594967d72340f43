"""What the REST API asks of a cluster, answered from memory."""

from dataclasses import replace

from console.kafka import api_requests, topic_writes
from console.kafka.api_requests import (
    BrokerShape,
    ClusterShape,
    ConfigShape,
    GroupShape,
    PartitionShape,
    TopicShape,
)
from console.kafka.errors import NotFound
from console.kafka.group_requests import Described, Listed
from console.rest import clusters as rest_clusters
from engine.client.calls import Produced
from tests.console.fake_groups import MEMBER
from tests.console.fake_kafka import CLUSTER, FakeKafka

CLUSTER_ID = CLUSTER.cluster_id
TOPIC = TopicShape("orders.placed", False, tuple(PartitionShape(index, 1, (1,), (1,)) for index in range(6)))
CONFIG = ConfigShape(
    "retention.ms",
    "1209600000",
    False,
    False,
    1,
    (("retention.ms", "1209600000", 1), ("log.retention.hours", "168", 5)),
)
GROUP = GroupShape(
    Listed("fraud-scoring", 1, "Stable", "classic", "consumer"), Described("PreparingRebalance", "range", (MEMBER,))
)


class FakeApi:
    """Set its parts to what a test needs; writes are kept in `done`."""

    def __init__(self, kafka: FakeKafka) -> None:
        self.kafka = kafka
        self.topics = [TOPIC]
        self.configs = [CONFIG]
        self.groups = [GROUP]
        self.refused: Exception | None = None
        self.results: list | None = None
        self.done: list[tuple] = []

    def put_in_place(self, monkeypatch) -> "FakeApi":
        rest_clusters._known.clear()
        says = self.kafka._says
        monkeypatch.setattr(api_requests, "cluster", says(lambda spec: self.cluster()))
        monkeypatch.setattr(api_requests, "topics", says(lambda spec: self.topics))
        monkeypatch.setattr(api_requests, "topic", says(self.topic))
        monkeypatch.setattr(
            api_requests, "topic_configs", says(lambda spec, name: self.topic(spec, name) and self.configs)
        )
        monkeypatch.setattr(api_requests, "groups", says(lambda spec: self.groups))
        monkeypatch.setattr(api_requests, "group", says(self.group))
        monkeypatch.setattr(api_requests, "produce", self.produce)
        for name in ("create_topic", "alter_configs", "add_partitions", "delete_topic"):
            monkeypatch.setattr(topic_writes, name, self.write(name))
        return self

    def cluster(self) -> ClusterShape:
        brokers = tuple(BrokerShape(node.id, node.host, node.port, node.rack) for node in self.kafka.cluster.nodes)
        return ClusterShape(self.kafka.cluster.cluster_id, 1, brokers)

    def topic(self, spec, name) -> TopicShape:
        for topic in self.topics:
            if topic.name == name:
                return topic
        raise NotFound(f"topic {name} is not there")

    def topic_configs(self, spec, name) -> list[ConfigShape]:
        self.topic(spec, name)
        return self.configs

    def group(self, spec, name) -> GroupShape:
        for group in self.groups:
            if group.listed.name == name:
                return group
        raise NotFound(f"there is no group {name}")

    def write(self, name):
        def call(spec, *given, **more):
            self.kafka._come_up()
            if self.refused:
                raise self.refused
            self.done.append((name, *given, more))
            return topic_writes.Made(6, 1, ())

        return call

    def produce(self, spec, records):
        self.kafka._come_up()
        self.topic(spec, records[0].topic)
        self.done.append(("produce", records))
        if self.results is not None:
            return self.results
        return [
            Produced(record.topic, record.partition or 0, 703 + n, 1_795_356_391_874)
            for n, record in enumerate(records)
        ]


def renamed(name: str) -> TopicShape:
    return replace(TOPIC, name=name)
