"""What the REST API asks, of our broker and of Apache Kafka."""

import pytest

from console.kafka import api_requests
from console.kafka.errors import NotFound
from engine.client.calls import Produced, ProducerRecord
from engine.client.errors import NotProduced


def test_a_topic_with_its_partitions_and_configs(cluster, spec):
    name = cluster.topic(3, retention_ms="86400000")
    topic = api_requests.topic(spec, name)
    assert (topic.name, topic.internal, topic.replication_factor) == (name, False, 1)
    assert [(part.index, part.leader, part.replicas) for part in topic.partitions] == [
        (index, topic.partitions[0].leader, (topic.partitions[0].leader,)) for index in range(3)
    ]
    assert topic in api_requests.topics(spec)
    configs = {config.name: config for config in api_requests.topic_configs(spec, name)}
    retention = configs["retention.ms"]
    assert (retention.value, retention.source, retention.read_only) == ("86400000", 1, False)
    assert retention.synonyms[0] == ("retention.ms", "86400000", 1)
    assert configs["cleanup.policy"].source == 5


def test_what_is_not_there_is_not_found_and_not_made(spec):
    for ask in (api_requests.topic, api_requests.topic_configs, api_requests.group):
        with pytest.raises(NotFound):
            ask(spec, "not-there")
    with pytest.raises(NotFound):
        api_requests.produce(spec, [ProducerRecord("not-there", b"x")])
    assert "not-there" not in [topic.name for topic in api_requests.topics(spec)]


def test_the_cluster_and_its_brokers(spec):
    told = api_requests.cluster(spec)
    assert told.id and told.brokers[0].port and told.controller_id is not None


def test_records_are_written_in_order_and_a_partition_that_is_not_there_is_told(cluster, spec):
    name = cluster.topic(2)
    records = [ProducerRecord(name, value, partition=index) for value, index in ((b"a", 1), (b"b", 9), (b"c", 1))]
    first, missing, last = api_requests.produce(spec, records)
    assert isinstance(first, Produced) and isinstance(last, Produced) and isinstance(missing, NotProduced)
    assert (first.offset, last.offset, missing.maybe_written) == (0, 1, False)
    assert "2 partitions" in missing.reason
