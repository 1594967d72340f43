"""Requests of groups pipelined on one connection: each sees what those before it wrote, answers keep their order."""

from typing import Any

import pytest

from engine.wire.messages.delete_groups import DeleteGroupsRequest
from engine.wire.messages.describe_groups import DescribeGroupsRequest
from engine.wire.messages.list_groups import ListGroupsRequest
from engine.wire.messages.metadata import MetadataRequest
from engine.wire.messages.offset_delete import (
    OffsetDeleteRequest,
    OffsetDeleteRequestPartition,
    OffsetDeleteRequestTopic,
)
from engine.wire.messages.offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchRequestTopic,
    OffsetFetchRequestTopics,
)
from engine.wire.messages.sync_group import SyncGroupRequest, SyncGroupRequestAssignment
from tests.engine.broker.group_cast import GROUP, Reader, group_world
from tests.engine.broker.harness import World

MODES = pytest.mark.parametrize("durability", ["fsync", "pagecache"])


def pipelined(reader: Reader, *requests: tuple[Any, int]) -> list[Any]:
    """Send them in one piece, and let syncs finish."""
    reader.peer.send_bytes(b"".join(reader.peer.frame(*request) for request in requests))
    reader.world.settle()
    replies = reader.peer.replies()
    assert len(replies) == len(requests)
    return replies


def fetch_request(version: int, topic_id: bytes) -> OffsetFetchRequest:
    if version < 8:
        return OffsetFetchRequest(GROUP, [OffsetFetchRequestTopic("orders", [0])])
    name = "orders" if version < 10 else ""
    return OffsetFetchRequest(
        groups=[OffsetFetchRequestGroup(GROUP, topics=[OffsetFetchRequestTopics(name, topic_id, [0])])]
    )


def fetched(reply: Any) -> int:
    topics = reply.groups[0].topics if reply.groups else reply.topics
    offset: int = topics[0].partitions[0].committed_offset
    return offset


@MODES
@pytest.mark.parametrize("version", range(1, 11))
def test_a_fetch_sees_the_commits_before_it_on_its_connection(durability: str, version: int):
    world = group_world(durability=durability)
    reader = Reader(world)
    fetch = fetch_request(version, world.broker.image.topics["orders"].topic_id), version
    replies = pipelined(
        reader,
        (reader.commit_request(5), 8),
        (reader.commit_request(6), 8),
        fetch,
        (reader.commit_request(7), 8),
        fetch,
    )
    assert [fetched(replies[2]), fetched(replies[4])] == [6, 7]


@MODES
def test_a_group_is_deleted_with_the_commits_before_it(durability: str):
    reader = Reader(group_world(durability=durability))
    fetch = fetch_request(8, bytes(16)), 8
    delete = DeleteGroupsRequest([GROUP]), 2
    found = pipelined(reader, (reader.commit_request(5), 8), delete, fetch, (reader.commit_request(6), 8), fetch)
    assert found[1].results[0].error_code == 0
    assert [fetched(found[2]), fetched(found[4])] == [-1, 6]


@MODES
def test_offsets_are_deleted_with_the_commits_before_them(durability: str):
    reader = Reader(group_world(durability=durability))
    topics = [OffsetDeleteRequestTopic("orders", [OffsetDeleteRequestPartition(0)])]
    requests = (reader.commit_request(5), 8), (OffsetDeleteRequest(GROUP, topics), 0), (fetch_request(8, bytes(16)), 8)
    _, deleted, found = pipelined(reader, *requests)
    assert (deleted.error_code, deleted.topics[0].partitions[0].error_code, fetched(found)) == (0, 0, -1)


@MODES
def test_a_group_is_described_and_listed_with_what_came_before(durability: str):
    reader = Reader(group_world(durability=durability))
    asked = (DescribeGroupsRequest([GROUP]), 6), (ListGroupsRequest(), 5)
    _, described, listed = pipelined(reader, (reader.commit_request(5), 8), *asked)
    assert (described.groups[0].error_code, described.groups[0].group_state) == (0, "Empty")
    assert [one.group_id for one in listed.groups] == [GROUP]
    reader.join()
    assignments = [SyncGroupRequestAssignment(reader.member_id, b"all")]
    sync = SyncGroupRequest(GROUP, reader.generation_id, reader.member_id, assignments=assignments)
    synced, described, committed = pipelined(reader, (sync, 3), asked[0], (reader.commit_request(6), 8))
    assert (synced.assignment, described.groups[0].group_state) == (b"all", "Stable")
    assert committed.topics[0].partitions[0].error_code == 0


def test_commits_wait_for_no_commits_and_others_for_no_groups():
    world = group_world(durability="fsync")
    reader, syncs = Reader(world), world.broker.counters.syncs
    pipelined(reader, *[(reader.commit_request(offset), 8) for offset in range(100)], (MetadataRequest(), 9))
    assert world.broker.counters.syncs == syncs + 1


def test_one_who_waits_to_join_is_no_reason_to_wait():
    world = group_world()
    first, second = Reader(world), Reader(world)
    first.join()
    first.sync({first.member_id: b"all"})
    second.ask_to_join(3)
    second.peer.send(DescribeGroupsRequest([GROUP]), 5)
    assert first.heartbeat() == 27
    assert first.join().error_code == 0
    _, described = second.peer.replies()
    assert described.groups[0].group_state == "PreparingRebalance"


def test_what_waits_is_not_read_again_and_again_and_is_closed_with_its_connection():
    world = group_world(durability="fsync")
    reader = Reader(world)
    reader.peer.send_bytes(reader.peer.frame(reader.commit_request(5), 8) + reader.peer.frame(fetch_request(7, b""), 7))
    world.broker.on_drained(reader.peer.connection, world.now_ms)
    assert reader.peer.connection.paused
    world.close(reader.peer)
    world.settle()
    assert Reader(world).fetch() == 5


@pytest.mark.parametrize("fails", ["the sync", "the write"])
def test_nothing_waits_for_a_write_that_fails(fails: str):
    world: World = group_world(durability="fsync")
    reader = Reader(world)
    commit, fetch = reader.peer.frame(reader.commit_request(5), 8), reader.peer.frame(fetch_request(7, b""), 7)
    if fails == "the write":
        world.disk.failing = True
        reader.peer.send_bytes(commit + fetch)
        committed, found = reader.peer.replies()
        assert (committed.topics[0].partitions[0].error_code, found.error_code) == (15, 15)
    else:
        reader.peer.send_bytes(commit + fetch)
        world.broker.on_sync_failed(world.disk.finish_sync(), "I/O error", world.now_ms)
        world.perform()
        assert reader.peer.is_closed
