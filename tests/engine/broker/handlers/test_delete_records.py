import pytest

from engine.wire.error_codes import ErrorCode
from engine.wire.messages.delete_records import DeleteRecordsPartition, DeleteRecordsRequest, DeleteRecordsTopic
from engine.wire.messages.list_offsets import ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic
from tests.engine.broker.harness import World, batch, produce_request

EARLIEST, LATEST = -2, -1


@pytest.fixture
def world():
    world = World(durability="fsync")
    world.create_topic()
    world.connect().call(produce_request(batch(b"a", b"b", b"c"), acks=-1), 9)
    return world


def delete(world, offset, *, version=2, topic="t", index=0):
    """Return error code and log start after deleting what lies before an offset."""
    wanted = DeleteRecordsTopic(topic, [DeleteRecordsPartition(index, offset)])
    reply = world.connect().call(DeleteRecordsRequest([wanted], 1000), version)
    answer = reply.topics[0].partitions[0]
    return answer.error_code, answer.low_watermark


def bounds(world):
    """Return where the partition begins and ends."""
    partitions = [ListOffsetsPartition(0, -1, EARLIEST)]
    ends = [ListOffsetsPartition(0, -1, LATEST)]
    ask = [ListOffsetsRequest(-1, 0, [ListOffsetsTopic("t", one)]) for one in (partitions, ends)]
    return tuple(world.connect().call(one, 9).topics[0].partitions[0].offset for one in ask)


@pytest.mark.parametrize("version", [0, 1, 2])
def test_the_log_begins_at_the_offset_that_was_given(world, version):
    assert delete(world, 2, version=version) == (0, 2)
    assert bounds(world) == (2, 3)


def test_minus_one_deletes_all_that_may_be_read(world):
    assert delete(world, -1) == (0, 3)
    assert bounds(world) == (3, 3)


def test_an_offset_below_the_log_start_changes_nothing(world):
    delete(world, 2)
    assert delete(world, 1) == (0, 2)


def test_nothing_beyond_the_high_watermark_can_be_deleted(world):
    assert delete(world, 4) == (ErrorCode.OFFSET_OUT_OF_RANGE, -1)
    assert delete(world, -2) == (ErrorCode.OFFSET_OUT_OF_RANGE, -1)
    world.connect().send(produce_request(batch(b"not synced"), acks=1), 9)
    assert bounds(world)[0] == 0


def test_a_topic_that_is_only_compacted_is_refused(world):
    world.create_topic("compacted", cleanup_policy="compact")
    assert delete(world, 0, topic="compacted") == (ErrorCode.POLICY_VIOLATION, -1)


def test_unknown_partitions_are_told(world):
    assert delete(world, 0, index=9)[0] == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION


@pytest.mark.parametrize("power_lost", [False, True])
def test_what_was_deleted_never_comes_back(world, power_lost):
    delete(world, 2)
    disk = world.disk.crash() if power_lost else world.disk.killed()
    assert bounds(world.restarted(disk)) == (2, 3)
