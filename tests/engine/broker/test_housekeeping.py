import pytest

from engine.broker import housekeeping
from engine.wire.messages import api_versions, fetch
from tests.engine.broker.harness import World, batch, produce_request


def fetch_all(topic: str = "t", wait_ms: int = 0) -> fetch.FetchRequest:
    wanted = fetch.FetchPartition(partition=0, fetch_offset=0, partition_max_bytes=1 << 20)
    topics = [fetch.FetchTopic(topic=topic, partitions=[wanted])]
    return fetch.FetchRequest(max_wait_ms=wait_ms, min_bytes=1, max_bytes=1 << 20, topics=topics)


def test_a_connection_that_sends_nothing_is_closed():
    world = World(connections_max_idle_ms="5000")
    idle, busy = world.connect(), world.connect()
    for _ in range(7):
        world.wait(1_000)
        busy.call(api_versions.ApiVersionsRequest(), 0)
    assert idle.is_closed
    assert not busy.is_closed


def test_a_connection_that_waits_for_an_answer_is_not_idle():
    world = World(connections_max_idle_ms="2000")
    world.create_topic()
    waiting = world.connect()
    waiting.send(fetch_all(wait_ms=30_000), 12)
    world.wait(10_000)
    assert not waiting.is_closed


def test_a_reader_that_takes_nothing_for_a_minute_is_closed():
    world = World()
    world.create_topic()
    peer = world.connect()
    peer.call(produce_request(batch(b"a")), 9)
    peer.send(fetch_all(), 12)  # the answer is never taken
    world.wait(59_000)
    assert not peer.is_closed
    world.wait(5_000)
    assert peer.is_closed
    assert world.broker.counters.stalled_closed == 1


def test_old_segments_go_by_the_brokers_own_clock_and_are_unlinked_later():
    world = World(log_retention_check_interval_ms="60000")
    world.create_topic("r", retention_ms="1000", segment_bytes="1048576", file_delete_delay_ms="10000")
    peer = world.connect()
    for _ in range(3):
        peer.call(produce_request(batch(bytes(700_000)), "r"), 9)
    log = world.broker.replica_manager.partition("r", 0).log
    assert len(log.segments) == 3
    world.wait(60_000)
    assert log.log_start_offset == 3, "all of it is old, the active segment too"
    assert any(name.endswith(".deleted") for name in world.disk.names("r-0"))
    world.wait(12_000)
    assert not any(name.endswith(".deleted") for name in world.disk.names("r-0"))


def test_a_leap_of_the_wall_clock_is_retentions_business():
    world = World()
    world.create_topic("r", retention_ms="86400000")
    world.connect().call(produce_request(batch(b"old"), "r"), 9)
    world.broker.on_wall_clock(world.broker.wall_offset_ms + 7 * 86_400_000, world.now_ms)
    assert world.broker.replica_manager.partition("r", 0).log.log_start_offset == 1


def test_a_task_and_the_brokers_own_clock_do_the_same():
    world = World(log_retention_check_interval_ms="86400000")
    world.create_topic("r", retention_ms="1000")
    world.connect().call(produce_request(batch(b"old"), "r"), 9)
    world.wait(10_000)
    assert world.broker.replica_manager.partition("r", 0).log.log_start_offset == 0
    world.broker.on_task("enforce_retention", world.now_ms)
    assert world.broker.replica_manager.partition("r", 0).log.log_start_offset == 1
    with pytest.raises(AssertionError, match="no task is called"):
        world.broker.on_task("unheard of", world.now_ms)


def test_who_still_sends_a_deleted_segment_is_closed_before_its_file_is():
    world = World()
    world.create_topic("r", retention_ms="1000", file_delete_delay_ms="5000")
    peer = world.connect()
    peer.call(produce_request(batch(b"old"), "r"), 9)
    peer.send(fetch_all("r"), 12)
    world.wait(2_000)
    world.broker.on_task("enforce_retention", world.now_ms)
    assert not peer.is_closed
    world.wait(7_000)
    assert peer.is_closed


@pytest.mark.parametrize("failing", ["full", "failing"])
def test_a_disk_that_refuses_does_not_stop_the_housekeeping(failing):
    world = World(log_retention_check_interval_ms="2000")
    world.create_topic("r", retention_ms="1000")
    world.connect().call(produce_request(batch(b"old"), "r"), 9)
    setattr(world.disk, failing, True)
    world.wait(70_000)
    assert (world.broker.durability.failed is not None) == (failing == "failing")
    setattr(world.disk, failing, False)
    world.wait(70_000)
    assert world.broker.now_ms == world.now_ms
    assert set(housekeeping.DUTIES) == set(world.broker.housekeeping.due_ms)
