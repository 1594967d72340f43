"""The group coordinator: what is promised is durable first, and survives kills and restarts."""

from engine.broker.group_coordinator import java_hash
from engine.wire.messages.delete_topics import DeleteTopicsRequest, DeleteTopicState
from engine.wire.messages.offset_fetch import OffsetFetchRequest, OffsetFetchRequestGroup, OffsetFetchRequestTopics
from engine.wire.messages.sync_group import SyncGroupRequest
from tests.engine.broker.group_cast import GROUP, Reader, group_world, stable_reader
from tests.engine.broker.harness import World, batch, produce_request
from tests.plain_data import impure


def test_groups_are_placed_by_javas_hash():
    assert java_hash("X-grp") % 50 == 22  # where Apache Kafka put this group
    assert java_hash("") == 0
    assert java_hash("\U0001f600") == 1772899 & 0x7FFFFFFF


def test_a_commit_is_answered_only_when_it_is_synced():
    world = group_world(durability="fsync")
    reader = stable_reader(world)
    reader.peer.send(reader.commit_request(5), 8)
    assert reader.peer.replies() == []
    world.settle()
    (reply,) = reader.peer.replies()
    assert reply.topics[0].partitions[0].error_code == 0
    assert Reader(world).fetch() == 5


def test_a_commit_that_is_not_synced_is_not_shown():
    world = group_world(durability="fsync")
    reader, other = stable_reader(world), Reader(world)
    reader.peer.send(reader.commit_request(5), 8)
    other.peer.send(_fetch_request(), 8)
    (reply,) = other.peer.replies()
    assert reply.groups[0].topics[0].partitions[0].committed_offset == -1


def _fetch_request() -> OffsetFetchRequest:
    topics = [OffsetFetchRequestTopics("orders", partition_indexes=[0])]
    return OffsetFetchRequest(groups=[OffsetFetchRequestGroup(GROUP, topics=topics)])


def test_commits_and_members_survive_a_kill():
    world = group_world(durability="fsync")
    reader = stable_reader(world)
    assert reader.commit(7) == 0
    again = world.restarted()
    survivor = Reader(again, reader.member_id, reader.generation_id)
    assert survivor.fetch() == 7
    assert survivor.heartbeat() == 0
    assert survivor.sync().assignment == b"all"


def test_members_that_are_not_heard_of_after_a_restart_are_dropped():
    world = group_world()
    reader = stable_reader(world)
    again = world.restarted()
    again.wait(10_001)
    assert Reader(again, reader.member_id, reader.generation_id).heartbeat() == 25


def test_a_second_member_shares_the_group():
    world = group_world()
    first = stable_reader(world)
    second = Reader(world)
    second.ask_to_join(3)
    assert second.peer.replies() == []
    assert first.heartbeat() == 27
    assert first.join().error_code == 0
    assert second.joined().generation_id == first.generation_id == 2
    second.peer.send(_sync(second), 3)
    assert first.sync({first.member_id: b"1", second.member_id: b"2"}).assignment == b"1"
    (reply,) = second.peer.replies()
    assert reply.assignment == b"2"


def _sync(reader: Reader) -> SyncGroupRequest:
    return SyncGroupRequest(GROUP, reader.generation_id, reader.member_id)


def test_one_who_is_gone_while_it_waits_is_answered_nothing():
    world = group_world()
    first = stable_reader(world)
    second = Reader(world)
    second.ask_to_join(3)
    world.close(second.peer)
    assert first.join().error_code == 0
    world.wait(61_000)
    assert world.broker.group_coordinator.waiting == {}


def test_a_deleted_topic_takes_its_offsets_with_it():
    world = group_world()
    reader = stable_reader(world)
    assert reader.commit(7) == 0
    world.connect().call(DeleteTopicsRequest([DeleteTopicState("orders")], timeout_ms=1000), 6)
    world.settle()
    world.create_topic("orders", 3)
    assert reader.fetch() == -1


def test_offsets_that_nobody_reads_expire_with_their_group():
    world = group_world(offsets_retention_minutes="1")
    outsider = Reader(world)
    assert outsider.commit(3) == 0
    world.broker.on_wall_clock(world.broker.wall_offset_ms + 59_000, world.now_ms)
    world.broker.on_task("expire_offsets", world.now_ms)
    assert outsider.fetch() == 3
    world.broker.on_wall_clock(world.broker.wall_offset_ms + 2_000, world.now_ms)
    world.broker.on_task("expire_offsets", world.now_ms)
    world.settle()
    assert outsider.fetch() == -1


def test_the_coordinator_is_plain_data():
    world = group_world()
    stable_reader(world)
    Reader(world).ask_to_join(3)
    broker = world.broker
    assert impure(broker, boundary=(broker.disk, broker.rng, broker.config)) == []


def test_a_full_disk_refuses_commits_and_forgets_none():
    world: World = group_world()
    reader = stable_reader(world)
    assert reader.commit(7) == 0
    world.disk.full = True
    assert reader.commit(8) == 15
    world.disk.full = False
    assert reader.commit(9) == 0
    assert reader.fetch() == 9


def test_only_the_coordinator_writes_what_it_reads():
    world = group_world()
    for version in (7, 9):
        reply = world.connect().call(produce_request(batch(b"x", keys=[b"k"]), "__consumer_offsets"), version)
        assert reply.responses[0].partition_responses[0].error_code == 17


def test_a_disk_that_fails_a_commit_takes_the_directory_offline():
    world = group_world(durability="fsync")
    reader = stable_reader(world)
    world.disk.failing = True
    assert reader.commit(8) == 15
    assert world.broker.durability.failed is not None
    assert world.broker.counters.failed_writes == 1
    world.disk.failing = False
    assert reader.commit(8) == 15
    assert reader.heartbeat() == 15


def test_a_full_disk_is_counted_and_asked_again():
    world = group_world(durability="fsync")
    reader = stable_reader(world)
    world.disk.full = True
    assert reader.commit(8) == 15
    assert (world.broker.durability.failed, world.broker.counters.failed_writes) == (None, 1)
    world.disk.full = False
    assert reader.commit(8) == 0


def test_nobody_waits_for_a_disk_that_failed():
    world = group_world(durability="fsync")
    reader, newcomer = stable_reader(world), Reader(world)
    newcomer.ask_to_join(3)
    reader.peer.send(reader.commit_request(5), 8)
    world.broker.on_sync_failed(world.disk.finish_sync(), "I/O error", world.now_ms)
    world.perform()
    assert newcomer.joined().error_code == 15
    assert reader.peer.is_closed
    assert world.broker.group_coordinator.waiting == {}


def test_nobody_waits_for_a_coordinator_whose_topic_is_deleted():
    world = group_world()
    stable_reader(world)
    newcomer = Reader(world)
    newcomer.ask_to_join(3)
    world.connect().call(DeleteTopicsRequest([DeleteTopicState("__consumer_offsets")], timeout_ms=1000), 6)
    assert newcomer.joined().error_code == 15
