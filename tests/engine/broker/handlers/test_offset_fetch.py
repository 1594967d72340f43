"""OffsetFetch requests: one group to version 7, several from 8 on, by topic id from 10 on."""

import pytest

from engine.wire.messages.offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchRequestTopic,
    OffsetFetchRequestTopics,
)
from tests.engine.broker.group_cast import GROUP, group_world, stable_reader


@pytest.mark.parametrize("version", range(1, 8))
def test_one_group_in_old_versions(version: int):
    reader = stable_reader(group_world())
    assert reader.commit(4, metadata="note") == 0
    topics = [OffsetFetchRequestTopic("orders", [0, 1])]
    first, second = reader.peer.call(OffsetFetchRequest(GROUP, topics), version).topics[0].partitions
    assert (first.committed_offset, first.metadata, first.error_code) == (4, "note", 0)
    assert (second.committed_offset, second.metadata, second.error_code) == (-1, "", 0)


@pytest.mark.parametrize("version", range(2, 8))
def test_all_of_a_group(version: int):
    reader = stable_reader(group_world())
    reader.commit(4)
    (topic,) = reader.peer.call(OffsetFetchRequest(GROUP, None), version).topics
    assert (topic.name, [one.committed_offset for one in topic.partitions]) == ("orders", [4])


@pytest.mark.parametrize("version", [8, 9])
def test_several_groups(version: int):
    reader = stable_reader(group_world())
    reader.commit(4)
    groups = [OffsetFetchRequestGroup(GROUP, topics=None), OffsetFetchRequestGroup("nobody's", topics=None)]
    first, second = reader.peer.call(OffsetFetchRequest(groups=groups), version).groups
    assert first.topics[0].partitions[0].committed_offset == 4
    assert (second.topics, second.error_code) == ([], 0)


def test_version_10_names_topics_by_id():
    world = group_world()
    reader = stable_reader(world)
    reader.commit(4)
    topic_id = world.broker.image.topics["orders"].topic_id
    wanted = [OffsetFetchRequestTopics("", topic_id, [0]), OffsetFetchRequestTopics("", b"x" * 16, [0])]
    group = OffsetFetchRequestGroup(GROUP, topics=wanted)
    known, unknown = reader.peer.call(OffsetFetchRequest(groups=[group]), 10).groups[0].topics
    assert (known.topic_id, known.partitions[0].committed_offset) == (topic_id, 4)
    assert unknown.partitions[0].error_code == 100


def test_the_group_without_a_name_is_one_like_others():
    peer = group_world().connect()
    assert peer.call(OffsetFetchRequest("", []), 5).error_code == 0
    topics = [OffsetFetchRequestTopic("orders", [0])]
    assert peer.call(OffsetFetchRequest("", topics), 1).topics[0].partitions[0].committed_offset == -1
