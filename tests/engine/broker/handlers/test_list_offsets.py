import pytest

from engine.wire.error_codes import ErrorCode
from engine.wire.messages.list_offsets import ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic
from tests.engine.broker.harness import WALL_MS, World, batch, produce_request

LATEST, EARLIEST, MAX_TIMESTAMP, EARLIEST_LOCAL, LATEST_TIERED, PENDING_UPLOAD = -1, -2, -3, -4, -5, -6


@pytest.fixture
def world():
    world = World()
    world.create_topic()
    peer = world.connect()
    for number in range(3):  # offsets 0-1, 2-3, 4-5
        peer.call(produce_request(batch(b"a", b"b", timestamp_ms=WALL_MS + number * 100)), 9)
    return world


def ask(world, *timestamps, version=9, topic="t", index=0, epoch=-1):
    """Return the answers for one partition asked for at these times."""
    partitions = [ListOffsetsPartition(index, epoch if version >= 4 else -1, timestamp) for timestamp in timestamps]
    reply = world.connect().call(ListOffsetsRequest(-1, 0, [ListOffsetsTopic(topic, partitions)]), version)
    return reply.topics[0].partitions


def found(world, timestamp, **how):
    """Return timestamp and offset of one answer without error."""
    (answer,) = ask(world, timestamp, **how)
    assert answer.error_code == 0
    return answer.timestamp, answer.offset


@pytest.mark.parametrize("version", range(1, 12))
def test_every_version_tells_where_a_partition_begins_and_ends(world, version):
    assert found(world, EARLIEST, version=version) == (-1, 0)
    assert found(world, LATEST, version=version) == (-1, 6)
    (answer,) = ask(world, LATEST, version=version)
    assert answer.leader_epoch == (0 if version >= 4 else -1)


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [
        (0, (WALL_MS, 0)),
        (WALL_MS + 1, (WALL_MS + 100, 2)),
        (WALL_MS + 200, (WALL_MS + 200, 4)),
        (WALL_MS + 201, (-1, -1)),
    ],
)
def test_the_first_record_at_or_after_a_time_is_found(world, timestamp, expected):
    assert found(world, timestamp) == expected


def test_the_record_with_the_latest_time_is_found(world):
    world.connect().call(produce_request(batch(b"late but old", timestamp_ms=WALL_MS + 50)), 9)
    assert found(world, MAX_TIMESTAMP) == (WALL_MS + 200, 4)


def test_nothing_is_tiered(world):
    assert found(world, EARLIEST_LOCAL) == (-1, 0)
    assert found(world, LATEST_TIERED) == (-1, -1)
    assert found(world, PENDING_UPLOAD, version=11) == (-1, -1)


@pytest.mark.parametrize(
    ("timestamp", "version"),
    [(MAX_TIMESTAMP, 6), (EARLIEST_LOCAL, 7), (LATEST_TIERED, 8), (PENDING_UPLOAD, 10), (-7, 11)],
)
def test_a_special_time_is_unknown_before_its_version(world, timestamp, version):
    assert ask(world, timestamp, version=version)[0].error_code == ErrorCode.UNSUPPORTED_VERSION


def test_what_is_not_synced_is_not_told():
    world = World(durability="fsync")
    world.create_topic()
    peer = world.connect()
    peer.send(produce_request(batch(b"not yet durable"), acks=1), 9)
    peer.send(ListOffsetsRequest(-1, 0, [ListOffsetsTopic("t", [ListOffsetsPartition(0, -1, LATEST)])]), 9)
    _, offsets = peer.replies()
    assert offsets.topics[0].partitions[0].offset == 0
    world.settle()
    assert found(world, LATEST) == (-1, 1)


def test_unknown_partitions_and_other_epochs_are_errors_of_their_own(world):
    assert ask(world, LATEST, index=1)[0].error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    assert ask(world, LATEST, topic="none")[0].error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    assert ask(world, LATEST, epoch=1)[0].error_code == ErrorCode.UNKNOWN_LEADER_EPOCH


def test_a_partition_named_twice_is_refused(world):
    (answer,) = ask(world, LATEST, EARLIEST)
    assert (answer.error_code, answer.offset) == (ErrorCode.INVALID_REQUEST, -1)
