"""Records of __consumer_offsets: Kafka's own bytes, and a group that survives them."""

from engine.core.groups.committed_offsets import CommittedOffset, CommittedOffsets
from engine.core.groups.group import Group, GroupState
from engine.core.groups.group_records import (
    apply,
    group_record,
    group_tombstone,
    offset_record,
    offset_tombstone,
)
from tests.engine.core.groups.cast import Stage

# As Apache Kafka 4.3.1 wrote them, read from its log.
KAFKA_OFFSET_KEY = b"\x00\x01\x00\x05X-grp\x00\x03X-g\x00\x00\x00\x00"
KAFKA_OFFSET_VALUE = (
    b"\x00\x04\x00\x00\x00\x00\x00\x00\x00\n\x00\x00\x00\x00\x01\x00\x00\x01\xa2\x0f\xeb\x96\x8c\x01\x00\x10"
    b"\x9e3\x8d\xc1\x0f\xa4@)\xa0~\xa0\xb5:\xc12\xfd"
)
KAFKA_EMPTY_GROUP = (
    b"\x00\x03\x00\x08consumer\x00\x00\x00\x02\xff\xff\xff\xff\x00\x00\x01\xa2\x0f\xeb\x96\x9c\x00\x00\x00\x00"
)


def test_a_commit_is_written_as_kafka_writes_it():
    committed = CommittedOffset(10, 0, "", 0x01A20FEB968C)
    record = offset_record("X-grp", ("X-g", 0), committed, KAFKA_OFFSET_VALUE[-16:])
    assert record.key == KAFKA_OFFSET_KEY
    assert record.value == KAFKA_OFFSET_VALUE


def test_an_empty_group_is_written_as_kafka_writes_it():
    group = Group("X-grp", protocol_type="consumer", generation_id=2)
    assert group_record(group, 0x01A20FEB969C).value == KAFKA_EMPTY_GROUP


def test_a_group_survives_its_record():
    stage = Stage()
    stage.stable(3)
    record = group_record(stage.group, 77)
    groups: dict[str, Group] = {}
    apply(record.key, record.value, groups, CommittedOffsets(), now_ms=5)
    found = groups["readers"]
    assert (found.state, found.generation_id, found.leader_id) == (GroupState.STABLE, 3, stage.group.leader_id)
    assert [one.assignment for one in found.members.values()] == [
        one.assignment for one in stage.group.members.values()
    ]
    assert all(one.session_deadline_ms == 10_005 for one in found.members.values())
    assert found.subscribed_topics == {"orders": None}


def test_commits_and_tombstones_are_applied_in_order():
    offsets, groups = CommittedOffsets(), {}
    committed = CommittedOffset(3, 1, "note", 9)
    for key, value in (
        offset_record("g", ("t", 1), committed, bytes(16)),
        offset_record("g", ("t", 2), CommittedOffset(4, -1, "", 9, expire_wall_ms=99), bytes(16)),
        offset_tombstone("g", ("t", 2)),
        group_record(Group("g"), 1),
        group_tombstone("g"),
    ):
        apply(key, value, groups, offsets, 0)
    assert offsets.of("g") == {("t", 1): committed}
    assert groups == {}


def test_records_of_other_kinds_of_groups_are_left_alone():
    offsets, groups = CommittedOffsets(), {}
    apply(b"\x00\x03\x00\x01g", b"\x00\x00", groups, offsets, 0)
    assert (groups, offsets.by_group) == ({}, {})
