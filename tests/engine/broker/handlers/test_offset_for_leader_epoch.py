import pytest

from engine.wire.error_codes import ErrorCode
from engine.wire.messages.offset_for_leader_epoch import (
    OffsetForLeaderEpochRequest,
    OffsetForLeaderPartition,
    OffsetForLeaderTopic,
)
from tests.engine.broker.harness import World, batch, produce_request


@pytest.fixture
def world():
    world = World()
    world.create_topic()
    world.connect().call(produce_request(batch(b"a", b"b")), 9)
    return world


def ask(world, leader_epoch, *, version=4, topic="t", index=0, current=-1):
    """Return the answer for one epoch of one partition."""
    wanted = OffsetForLeaderTopic(topic, [OffsetForLeaderPartition(index, current, leader_epoch)])
    reply = world.connect().call(OffsetForLeaderEpochRequest(-1, [wanted]), version)
    return reply.topics[0].partitions[0]


@pytest.mark.parametrize("version", [2, 3, 4])
def test_the_current_epoch_ends_at_the_high_watermark(world, version):
    answer = ask(world, 0, version=version)
    assert (answer.error_code, answer.leader_epoch, answer.end_offset) == (0, 0, 2)


def test_an_epoch_that_was_never_heard_of_is_unknown(world):
    answer = ask(world, 9)
    assert (answer.error_code, answer.leader_epoch, answer.end_offset) == (0, -1, -1)


def test_an_epoch_before_a_restart_ends_where_it_wrote_last(world):
    again = world.restarted()
    epoch = again.broker.replica_manager.partition("t", 0).leader_epoch
    again.connect().call(produce_request(batch(b"c")), 9)
    assert ask(again, 0).end_offset == (3 if epoch == 0 else 2)
    assert ask(again, epoch).end_offset == 3


def test_errors_are_told_for_each_partition(world):
    assert ask(world, 0, topic="none").error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    assert ask(world, 0, index=7).error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    answer = ask(world, 0, current=5)
    assert (answer.error_code, answer.end_offset) == (ErrorCode.UNKNOWN_LEADER_EPOCH, -1)
