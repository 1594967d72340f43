"""OffsetDelete requests."""

from typing import Any

from engine.wire.messages.leave_group import LeaveGroupRequest
from engine.wire.messages.offset_delete import (
    OffsetDeleteRequest,
    OffsetDeleteRequestPartition,
    OffsetDeleteRequestTopic,
)
from tests.engine.broker.group_cast import GROUP, Reader, group_world, stable_reader


def delete(reader: Reader, group_id: str, topic: str = "orders", index: int = 0) -> Any:
    partitions = [OffsetDeleteRequestPartition(index)]
    return reader.peer.call(OffsetDeleteRequest(group_id, [OffsetDeleteRequestTopic(topic, partitions)]), 0)


def test_what_members_read_is_kept():
    reader = stable_reader(group_world())
    reader.commit(4)
    assert delete(reader, GROUP).topics[0].partitions[0].error_code == 86
    assert reader.fetch() == 4


def test_an_empty_group_forgets():
    reader = stable_reader(group_world())
    reader.commit(4)
    reader.peer.call(LeaveGroupRequest(GROUP, reader.member_id), 0)
    assert delete(reader, GROUP).topics[0].partitions[0].error_code == 0
    assert reader.fetch() == -1
    assert delete(reader, GROUP, "nobody-made-this").topics[0].partitions[0].error_code == 3


def test_groups_that_are_not_there_are_refused():
    reader = Reader(group_world())
    assert delete(reader, "").error_code == 24
    assert delete(reader, "nobody's").error_code == 69
