"""An answer about all topics, told shortly."""

from console.kafka.all_topics import things_in, told_shortly
from engine.client.cluster_metadata import NODES_MAX
from engine.wire.messages.metadata import (
    MetadataResponse,
    MetadataResponseBroker,
    MetadataResponsePartition,
    MetadataResponseTopic,
)


def part(index, leader, replicas, isr):
    return MetadataResponsePartition(
        partition_index=index, leader_id=leader, leader_epoch=1, replica_nodes=replicas, isr_nodes=isr
    )


def test_rows_and_sums():
    parts = [part(0, 1, [1, 2], [1, 2]), part(1, 2, [1, 2], [2]), part(2, -1, [2], [])]
    answer = MetadataResponse(
        brokers=[MetadataResponseBroker(node_id=2), MetadataResponseBroker(node_id=1)],
        cluster_id="c",
        controller_id=2,
        topics=[
            MetadataResponseTopic(name="b", topic_id=bytes(range(16)), partitions=parts),
            MetadataResponseTopic(name="a", is_internal=True, partitions=[part(0, 1, [1], [1])]),
            MetadataResponseTopic(name="secret", error_code=29),
            MetadataResponseTopic(name=None, error_code=3),
        ],
    )
    assert things_in(answer) == 8
    told = told_shortly(answer)
    assert [(one.name, one.partitions, one.replication_factor, one.internal) for one in told.topics] == [
        ("a", 1, 1, True),
        ("b", 3, 2, False),
    ]
    orders = told.topics[1]
    assert (orders.under_replicated, orders.offline, orders.leaderless) == (2, 1, (2,))
    assert orders.topic_id == "AAECAwQFBgcICQoLDA0ODw"
    assert (told.partitions, told.under_replicated, told.offline) == (4, 2, 1)
    assert (told.leaders, told.replicas) == ({-1: 1, 1: 2, 2: 1}, {1: 3, 2: 3})
    assert [broker.node_id for broker in told.brokers] == [1, 2]
    assert told.names == {"a", "b", "secret"}
    assert answer.topics == [], "it is taken apart, so that it is not freed in one go"


def test_brokers_beyond_all_measure_are_left_out():
    brokers = [MetadataResponseBroker(node_id=number) for number in range(NODES_MAX + 5)]
    assert len(told_shortly(MetadataResponse(brokers=brokers)).brokers) == NODES_MAX
