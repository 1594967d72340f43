import pytest

from engine.wire.error_codes import ErrorCode
from engine.wire.messages import fetch, metadata
from tests.engine.broker.harness import World, batch, produce_request


def end_of(world: World, topic: str = "t") -> tuple[int, int, int]:
    partition = world.broker.replica_manager.partition(topic, 0)
    partition.check_invariants()
    return partition.synced_end, partition.high_watermark, partition.log.log_end_offset


@pytest.fixture
def world():
    world = World(durability="fsync")
    world.create_topic()
    return world


def test_the_high_watermark_is_what_was_synced_not_what_was_appended(world):
    peer = world.connect()
    peer.send(produce_request(batch(b"a")), 9)
    assert end_of(world) == (0, 0, 1)
    peer.send(produce_request(batch(b"b")), 9)
    world.finish_sync()
    assert end_of(world) == (1, 1, 2), "a sync covers what was appended before it began"
    world.finish_sync()
    assert end_of(world) == (2, 2, 2)
    assert not world.disk.syncs


def test_what_comes_during_a_sync_goes_into_one_next_sync(world):
    world.create_topic("u")
    before = world.broker.counters.syncs
    peer = world.connect()
    for _ in range(10):
        peer.send(produce_request(batch(b"a"), acks=-1), 9)
        peer.send(produce_request(batch(b"a"), "u", acks=-1), 9)
    assert len(world.disk.syncs) == 1
    world.settle()
    assert world.broker.counters.syncs == before + 2
    assert len(peer.replies()) == 20


def test_many_appends_in_one_read_are_one_sync(world):
    before = world.broker.counters.syncs
    peer = world.connect()
    peer.send_bytes(b"".join(peer.frame(produce_request(batch(b"a"), acks=-1), 9) for _ in range(50)))
    world.settle()
    assert world.broker.counters.syncs == before + 1
    assert len(peer.replies()) == 50


def test_in_pagecache_mode_records_count_at_once_and_nothing_is_synced():
    world = World(durability="pagecache")
    world.create_topic()
    before = world.broker.counters.syncs
    peer = world.connect()
    peer.send(produce_request(batch(b"a"), acks=-1), 9)
    assert len(peer.replies()) == 1
    assert end_of(world) == (0, 1, 1)
    assert world.broker.counters.syncs == before


def test_flush_messages_is_honoured_in_pagecache_mode():
    world = World(durability="pagecache")
    world.create_topic("f", flush_messages="3")
    peer = world.connect()
    for _ in range(2):
        peer.call(produce_request(batch(b"a"), "f"), 9)
    assert end_of(world, "f") == (0, 2, 2)
    peer.call(produce_request(batch(b"a"), "f"), 9)
    assert end_of(world, "f") == (3, 3, 3)


def test_flush_ms_is_honoured_in_pagecache_mode():
    world = World(durability="pagecache", now_ms=10)
    world.create_topic("f", flush_ms="2000")
    world.connect().call(produce_request(batch(b"a"), "f"), 9)
    world.wait(1_000)
    world.settle()
    assert end_of(world, "f") == (0, 1, 1)
    world.wait(3_000)
    world.settle()
    assert end_of(world, "f") == (1, 1, 1)


def test_metadata_is_synced_in_both_modes_before_it_is_answered():
    for mode in ("fsync", "pagecache"):
        world = World(durability=mode)
        peer = world.connect()
        from engine.wire.messages import create_topics

        topic = create_topics.CreatableTopic(name="n", num_partitions=1, replication_factor=1)
        peer.send(create_topics.CreateTopicsRequest(topics=[topic], timeout_ms=1000), 7)
        assert peer.replies() == []
        assert world.broker.replica_manager.partition("n", 0) is None
        world.settle()
        assert peer.replies()[0].topics[0].error_code == 0
        assert world.broker.replica_manager.partition("n", 0) is not None


def test_what_was_acknowledged_survives_a_power_loss_and_what_was_not_may_not():
    world = World(durability="fsync")
    world.create_topic()
    peer = world.connect()
    assert peer.call(produce_request(batch(b"kept"), acks=-1), 9).responses[0].partition_responses[0].error_code == 0
    peer.send(produce_request(batch(b"lost"), acks=-1), 9)
    after = world.restarted(world.disk.crash())
    assert end_of(after) == (1, 1, 1)


def test_after_a_failed_sync_the_directory_is_offline_and_says_so(world):
    writer, reader, onlooker = world.connect(), world.connect(), world.connect()
    reader.send(
        fetch.FetchRequest(
            max_wait_ms=5_000,
            min_bytes=1,
            max_bytes=1000,
            topics=[fetch.FetchTopic(topic="t", partitions=[fetch.FetchPartition(partition=0, fetch_offset=0)])],
        ),
        12,
    )
    writer.send(produce_request(batch(b"a"), acks=-1), 9)
    token, _ = world.disk.syncs.pop()
    world.broker.on_sync_failed(token, "it broke", world.now_ms)
    world.perform()
    assert writer.is_closed
    assert reader.replies()[0].responses[0].partitions[0].error_code == ErrorCode.KAFKA_STORAGE_ERROR
    assert world.broker.durability.failed == "it broke"
    assert onlooker.call(metadata.MetadataRequest(topics=None), 9).brokers
    world.wait(10_000)
    assert not world.disk.syncs, "a failed sync is never tried again"


def test_a_sync_that_ends_after_a_write_failed_changes_nothing(world):
    peer = world.connect()
    peer.send(produce_request(batch(b"a"), acks=-1), 9)
    world.disk.failing = True
    world.connect().send(produce_request(batch(b"b")), 9)
    world.disk.failing = False
    assert world.broker.durability.failed
    world.finish_sync()
    assert peer.is_closed
    assert world.broker.replica_manager.partition("t", 0).synced_end == 0
