import pytest

from engine.wire.error_codes import ErrorCode
from engine.wire.messages.describe_producers import DescribeProducersRequest, TopicRequest
from tests.engine.broker.harness import WALL_MS, World, batch, produce_request


@pytest.fixture
def world():
    world = World()
    world.create_topic()
    return world


def describe(world, *indexes, topic="t"):
    """Return the answers for partitions of a topic."""
    reply = world.connect().call(DescribeProducersRequest([TopicRequest(topic, list(indexes))]), 0)
    return reply.topics[0].partitions


def test_only_idempotent_producers_are_known(world):
    peer = world.connect()
    peer.call(produce_request(batch(b"anonymous")), 9)
    assert describe(world, 0)[0].active_producers == []
    peer.call(produce_request(batch(b"a", b"b", producer=(7, 2, 0))), 9)
    peer.call(produce_request(batch(b"c", producer=(7, 2, 2))), 9)
    (producer,) = describe(world, 0)[0].active_producers
    assert (producer.producer_id, producer.producer_epoch, producer.last_sequence) == (7, 2, 2)
    assert producer.last_timestamp == WALL_MS
    assert producer.current_txn_start_offset == -1


def test_producers_are_known_after_a_restart(world):
    world.connect().call(produce_request(batch(b"a", b"b", producer=(7, 2, 0))), 9)
    (producer,) = describe(world.restarted(), 0)[0].active_producers
    assert (producer.producer_id, producer.last_sequence) == (7, 1)


def test_unknown_partitions_are_told(world):
    here, none = describe(world, 0, 5)
    assert here.error_code == 0
    assert none.error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
