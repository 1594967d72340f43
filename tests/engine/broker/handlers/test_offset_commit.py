"""OffsetCommit requests."""

import pytest

from engine.wire.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
)
from tests.engine.broker.group_cast import GROUP, Reader, group_world, stable_reader


@pytest.mark.parametrize("version", range(2, 10))
def test_every_version_by_name_commits(version: int):
    reader = stable_reader(group_world())
    reply = reader.peer.call(reader.commit_request(4), version)
    assert reply.topics[0].partitions[0].error_code == 0
    assert reader.fetch() == 4


def test_version_10_names_topics_by_id():
    world = group_world()
    topic_id = world.broker.image.topics["orders"].topic_id
    one = [OffsetCommitRequestPartition(0, 4)]
    for wanted, code in ((topic_id, 0), (b"x" * 16, 100)):
        request = OffsetCommitRequest(GROUP, -1, "", topics=[OffsetCommitRequestTopic("", wanted, one)])
        reply = world.connect().call(request, 10)
        assert (reply.topics[0].topic_id, reply.topics[0].partitions[0].error_code) == (wanted, code)
    assert Reader(world).fetch() == 4


def test_what_cannot_be_committed_is_refused_and_changes_nothing():
    world = group_world()
    reader = stable_reader(world)
    assert reader.commit(1, index=99) == 3
    assert reader.commit(1, topic="nobody-made-this") == 3
    assert reader.commit(1, metadata="x" * 4097) == 12
    assert reader.commit(1, metadata="x" * 4096) == 0
    assert reader.commit(1, metadata="ä" * 4096) == 0, "counted as Java counts"
    assert reader.commit(1, metadata="\U0001f9f5" * 2049) == 12
    assert Reader(world).commit(2) == 25, "members are there"
    assert Reader(world, "nobody", 1).commit(2) == 25
    assert Reader(world, reader.member_id, 0).commit(2) == 22
    assert reader.fetch() == 1


def test_the_group_without_a_name_is_one_like_others():
    request = OffsetCommitRequest(
        "", topics=[OffsetCommitRequestTopic("orders", partitions=[OffsetCommitRequestPartition(0, 1)])]
    )
    reply = group_world().connect().call(request, 8)
    assert reply.topics[0].partitions[0].error_code == 0
