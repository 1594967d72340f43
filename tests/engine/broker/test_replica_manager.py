import pytest

from engine.broker import housekeeping
from engine.storage.checkpoints import partition_directories
from engine.wire.error_codes import ErrorCode
from engine.wire.messages import create_partitions, delete_records, delete_topics, fetch, list_offsets
from tests.engine.broker.harness import World, batch, produce_request


def produce(world: World, *values: bytes, topic: str = "t", index: int = 0) -> list[ErrorCode]:
    peer = world.connect()
    replies = [peer.call(produce_request(batch(value), topic, index, acks=-1), 9) for value in values]
    return [reply.responses[0].partition_responses[0].error_code for reply in replies]


def delete_topic(world: World, name: str = "t") -> None:
    reply = world.connect().call(delete_topics.DeleteTopicsRequest(topic_names=[name], timeout_ms=1000), 4)
    assert reply.responses[0].error_code == 0


def delete_before(world: World, offset: int) -> delete_records.DeleteRecordsPartitionResult:
    partition = delete_records.DeleteRecordsPartition(partition_index=0, offset=offset)
    topics = [delete_records.DeleteRecordsTopic(name="t", partitions=[partition])]
    reply = world.connect().call(delete_records.DeleteRecordsRequest(topics=topics, timeout_ms=1000), 2)
    return reply.topics[0].partitions[0]


def earliest(world: World) -> int:
    partition = list_offsets.ListOffsetsPartition(partition_index=0, timestamp=-2)
    topics = [list_offsets.ListOffsetsTopic(name="t", partitions=[partition])]
    reply = world.connect().call(list_offsets.ListOffsetsRequest(topics=topics), 7)
    return reply.topics[0].partitions[0].offset


@pytest.fixture
def world():
    world = World(durability="fsync")
    world.create_topic("t", 2)
    return world


@pytest.mark.parametrize("how", ["stopped", "killed", "lost power"])
def test_acknowledged_records_are_there_after_a_restart(world, how):
    assert produce(world, b"a", b"b") == [0, 0]
    if how == "stopped":
        world.broker.stop(world.now_ms)
    after = world.restarted(world.disk.crash() if how == "lost power" else world.disk.killed())
    partition = after.broker.replica_manager.partition("t", 0)
    assert (partition.high_watermark, partition.synced_end) == (2, 2)
    assert produce(after, b"c") == [0]
    assert [one.index for one in after.broker.replica_manager.all()] == [0, 1]


def test_a_clean_stop_is_marked_and_the_mark_is_gone_once_it_runs(world):
    world.broker.stop(world.now_ms)
    assert ".kafka_cleanshutdown" in world.disk.names("")
    after = world.restarted()
    assert ".kafka_cleanshutdown" not in after.disk.names("")


def test_a_partition_is_found_by_every_name_a_request_may_use(world):
    manager = world.broker.replica_manager
    partition = manager.partition("t", 1)
    assert manager.by_name[b"\0\1t"][1] is manager.by_compact_name[b"\2t"][1] is partition
    assert manager.by_id[partition.topic_id][1] is partition
    delete_topic(world)
    assert not manager.topics
    assert not manager.by_name
    assert not manager.by_compact_name
    assert not manager.by_id


def test_new_partitions_of_a_topic_are_served(world):
    wanted = [create_partitions.CreatePartitionsTopic(name="t", count=3, assignments=None)]
    reply = world.connect().call(create_partitions.CreatePartitionsRequest(topics=wanted, timeout_ms=1000), 3)
    assert reply.results[0].error_code == 0
    assert produce(world, b"x", index=2) == [0]


def test_a_deleted_topic_leaves_at_once_and_its_files_after_a_while(world):
    produce(world, b"a")
    delete_topic(world)
    assert produce(world, b"b") == [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION]
    assert all(name.endswith("-delete") for name in partition_directories(world.disk))
    assert len(partition_directories(world.disk)) == 2
    world.wait(62_000)
    assert partition_directories(world.disk) == []


def test_directories_of_deleted_topics_are_gone_after_a_restart(world):
    delete_topic(world)
    assert partition_directories(world.restarted().disk) == []


def test_a_topic_made_anew_shows_no_old_records(world):
    produce(world, b"old")
    delete_topic(world)
    world.create_topic("t")
    assert world.broker.replica_manager.partition("t", 0).log.log_end_offset == 0
    assert produce(world.restarted(), b"new") == [0]


def test_a_directory_of_an_older_topic_of_the_same_name_is_set_aside(world):
    produce(world, b"old")
    partition = world.broker.replica_manager.partition("t", 0)
    metadata = world.disk.read_whole("t-0/partition.metadata").decode()
    text = metadata.split("topic_id: ")[1].strip()
    world.disk.write_whole("t-0/partition.metadata", metadata.replace(text, "AAAAAAAAAAAAAAAAAAAAAQ").encode())
    after = world.restarted()
    assert after.broker.replica_manager.partition("t", 0).log.log_end_offset == 0
    assert [name for name in after.disk.names("") if name.startswith("t-0.") and name.endswith("-stray")]
    assert partition.log.log_end_offset == 1


def test_a_directory_that_belongs_to_nothing_is_set_aside_not_deleted(world):
    world.disk.write_whole("lost-0/00000000000000000000.log", b"something")
    after = world.restarted()
    (aside,) = [name for name in after.disk.names("") if name.startswith("lost-0")]
    assert aside.endswith("-stray")
    assert after.disk.read_whole(f"{aside}/00000000000000000000.log") == b"something"


def test_deleted_records_stay_deleted_whatever_happens_next(world):
    produce(world, b"a", b"b", b"c")
    assert delete_before(world, 2).low_watermark == 2
    assert earliest(world.restarted(world.disk.crash())) == 2


def test_records_are_not_deleted_if_that_cannot_be_remembered(world):
    produce(world, b"a", b"b", b"c")
    world.disk.full = True
    assert delete_before(world, 2).error_code == ErrorCode.KAFKA_STORAGE_ERROR
    world.disk.full = False
    assert earliest(world) == 0


def test_a_full_disk_delays_a_new_topic_until_there_is_room(world):
    from engine.broker import replica_manager

    real_open, refusals = replica_manager.open_log, [1, 2]

    def open_log(*arguments, **options):
        if refusals:
            refusals.pop()
            raise replica_manager.DiskFull("no room for it")
        return real_open(*arguments, **options)

    replica_manager.open_log = open_log
    try:
        world.create_topic("late")
        assert produce(world, b"a", topic="late") == [ErrorCode.KAFKA_STORAGE_ERROR]
        wanted = fetch.FetchPartition(partition=0, fetch_offset=0)
        request = fetch.FetchRequest(topics=[fetch.FetchTopic(topic="late", partitions=[wanted])])
        reply = world.connect().call(request, 12)
        assert reply.responses[0].partitions[0].error_code == ErrorCode.KAFKA_STORAGE_ERROR
        assert produce(world, b"a") == [0], "the others are served"
        world.wait(3_000)
        assert produce(world, b"a", topic="late") == [0]
    finally:
        replica_manager.open_log = real_open


def test_leader_epochs_of_a_restarted_broker_continue(world):
    before = world.broker.replica_manager.partition("t", 0).leader_epoch
    produce(world, b"a")
    after = world.restarted()
    partition = after.broker.replica_manager.partition("t", 0)
    assert partition.leader_epoch > before
    produce(after, b"b")
    assert partition.log.leader_epochs.entries == [(before, 0), (partition.leader_epoch, 1)]


def damage(disk, path: str = "t-0/00000000000000000000.log") -> bytes:
    """Break the first batch of a log; return what the file holds then."""
    content = disk.files[path].content
    content[40] ^= 0xFF
    return bytes(content)


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_a_damaged_log_is_never_cut_however_long_the_broker_runs_and_however_often_it_starts(world, how):
    assert produce(world, b"a", b"b", b"c") == [0, 0, 0]
    housekeeping.save_checkpoints(world.broker)
    disk = world.disk.killed()
    damaged = damage(disk)
    for _ in range(3):
        world = world.restarted(disk)
        housekeeping.save_checkpoints(world.broker)
        world.wait(5_000)
        assert "damaged" in world.broker.replica_manager.unopened["t", 0]
        assert produce(world, b"d") == [ErrorCode.KAFKA_STORAGE_ERROR]
        assert produce(world, b"d", index=1) == [0], "the others are served"
        if how == "stopped":
            world.broker.stop(world.now_ms)
            assert ".kafka_cleanshutdown" not in world.disk.names("")
        disk = world.disk.killed()
        assert bytes(disk.files["t-0/00000000000000000000.log"].content) == damaged
