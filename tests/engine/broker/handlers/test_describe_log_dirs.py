import pytest

from engine.wire.messages.describe_log_dirs import DescribableLogDirTopic, DescribeLogDirsRequest
from tests.engine.broker.harness import World, batch, produce_request


@pytest.fixture
def world():
    world = World()
    world.create_topic(partitions=2)
    world.create_topic("other")
    return world


def sizes(reply):
    """Return (topic, partition) -> bytes of the one log directory."""
    (directory,) = reply.results
    assert directory.error_code == 0
    return {
        (topic.name, partition.partition_index): partition.partition_size
        for topic in directory.topics
        for partition in topic.partitions
    }


@pytest.mark.parametrize("version", range(1, 6))
def test_all_partitions_are_described_when_none_is_named(world, version):
    records = batch(b"value" * 20)
    world.connect().call(produce_request(records, index=1), 9)
    told = sizes(world.connect().call(DescribeLogDirsRequest(None), version))
    assert told == {("t", 0): 0, ("t", 1): len(records), ("other", 0): 0}


def test_what_is_not_here_is_left_out(world):
    wanted = [DescribableLogDirTopic("t", [1, 9]), DescribableLogDirTopic("none", [0])]
    assert sizes(world.connect().call(DescribeLogDirsRequest(wanted), 4)) == {("t", 1): 0}


def test_nothing_asked_for_is_nothing_told(world):
    assert sizes(world.connect().call(DescribeLogDirsRequest([]), 4)) == {}
