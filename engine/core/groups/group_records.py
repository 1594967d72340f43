"""Records of `__consumer_offsets` in Kafka's own formats: groups, their generations and committed offsets.

A key begins with its type (int16), a value with its version (int16). A null value is a
tombstone: the group or the offset is gone.

Invariant: what is written here, read back, gives the same group and the same offset.
Not here: record types of KIP-848, share and streams groups; `apply` leaves them alone.
Spec: the formats written by Apache Kafka 4.3 (offsets in version 4, groups in version 3).
"""

from struct import Struct
from typing import NamedTuple

from engine.core.groups.committed_offsets import CommittedOffset, CommittedOffsets, Place
from engine.core.groups.group import Group, GroupState, Member
from engine.core.groups.subscription import subscribed_topics
from engine.wire.primitives import Malformed
from engine.wire.record_types.consumer_offsets import (
    GroupMetadataKey,
    GroupMetadataValue,
    MemberMetadata,
    OffsetCommitKey,
    OffsetCommitValue,
    decode_group_metadata_key,
    decode_group_metadata_value,
    decode_offset_commit_key,
    decode_offset_commit_value,
    encode_group_metadata_key,
    encode_group_metadata_value,
    encode_offset_commit_key,
    encode_offset_commit_value,
)

INT16 = Struct(">h")
OFFSET_COMMIT_LEGACY, OFFSET_COMMIT, GROUP_METADATA = 0, 1, 2
OFFSET_COMMIT_VERSION, GROUP_METADATA_VERSION = 4, 3


class KeyValue(NamedTuple):
    """One record to be appended; no value is a tombstone."""

    key: bytes
    value: bytes | None


def group_key(group_id: str) -> bytes:
    """Encode the key of a group's record."""
    out = bytearray(INT16.pack(GROUP_METADATA))
    encode_group_metadata_key(GroupMetadataKey(group_id), 0, out)
    return bytes(out)


def group_record(group: Group, wall_ms: int) -> KeyValue:
    """Encode a group as it is now: its generation, and each member with subscription and assignment."""
    value = GroupMetadataValue(
        group.protocol_type or "", group.generation_id, group.protocol_name, group.leader_id, wall_ms,
        [_member_metadata(member, group.protocol_name or "") for member in group.members.values()],
    )  # fmt: skip
    out = bytearray(INT16.pack(GROUP_METADATA_VERSION))
    encode_group_metadata_value(value, GROUP_METADATA_VERSION, out)
    return KeyValue(group_key(group.group_id), bytes(out))


def _member_metadata(member: Member, protocol_name: str) -> MemberMetadata:
    return MemberMetadata(
        member.member_id, member.instance_id, member.client_id, member.client_host, member.rebalance_timeout_ms,
        member.session_timeout_ms, member.metadata(protocol_name), member.assignment,
    )  # fmt: skip


def group_tombstone(group_id: str) -> KeyValue:
    """Encode that a group is gone."""
    return KeyValue(group_key(group_id), None)


def _offset_key(group_id: str, place: Place) -> bytes:
    out = bytearray(INT16.pack(OFFSET_COMMIT))
    encode_offset_commit_key(OffsetCommitKey(group_id, *place), 0, out)
    return bytes(out)


def offset_record(group_id: str, place: Place, committed: CommittedOffset, topic_id: bytes) -> KeyValue:
    """Encode one commit. Version 1 where the client gave an expiry of its own, which later ones cannot hold."""
    version = OFFSET_COMMIT_VERSION if committed.expire_wall_ms < 0 else 1
    value = OffsetCommitValue(
        committed.offset, committed.leader_epoch, committed.metadata, committed.commit_wall_ms,
        committed.expire_wall_ms, topic_id if version >= OFFSET_COMMIT_VERSION else bytes(16),
    )  # fmt: skip
    out = bytearray(INT16.pack(version))
    encode_offset_commit_value(value, version, out)
    return KeyValue(_offset_key(group_id, place), bytes(out))


def offset_tombstone(group_id: str, place: Place) -> KeyValue:
    """Encode that a committed offset is gone."""
    return KeyValue(_offset_key(group_id, place), None)


def apply(key: bytes, value: bytes | None, groups: dict[str, Group], offsets: CommittedOffsets, now_ms: int) -> None:
    """Take in one record of the log, oldest first. Raises Malformed."""
    if len(key) < INT16.size:
        raise Malformed("a record of __consumer_offsets without a type")
    kind = INT16.unpack_from(key)[0]
    if kind in (OFFSET_COMMIT_LEGACY, OFFSET_COMMIT):
        _apply_offset(key, value, offsets)
    elif kind == GROUP_METADATA:
        group_id = decode_group_metadata_key(memoryview(key), INT16.size, 0)[0].group
        if value is None:
            groups.pop(group_id, None)
        else:
            groups[group_id] = _decode_group(group_id, value, now_ms)


def _apply_offset(key: bytes, value: bytes | None, offsets: CommittedOffsets) -> None:
    found = decode_offset_commit_key(memoryview(key), INT16.size, 0)[0]
    place = (found.topic, found.partition)
    if value is None:
        offsets.remove(found.group, place)
        return
    version = _version(value, OFFSET_COMMIT_VERSION)
    commit = decode_offset_commit_value(memoryview(value), INT16.size, version)[0]
    offsets.put(
        found.group,
        place,
        CommittedOffset(
            commit.offset, commit.leader_epoch, commit.metadata, commit.commit_timestamp, commit.expire_timestamp
        ),
    )


def _version(value: bytes, newest: int) -> int:
    version: int = INT16.unpack_from(value)[0]
    if not 0 <= version <= newest:
        raise Malformed(f"version {version} of a value that is known up to {newest}")
    return version


def _decode_group(group_id: str, value: bytes, now_ms: int) -> Group:
    """Build the group as its record says; its members get a whole session to be heard of again."""
    version = _version(value, GROUP_METADATA_VERSION)
    found = decode_group_metadata_value(memoryview(value), INT16.size, version)[0]
    group = Group(group_id, generation_id=found.generation, state_since_wall_ms=found.current_state_timestamp)
    group.protocol_type = found.protocol_type or None
    group.protocol_name = found.protocol
    if found.members and not found.protocol:
        raise Malformed("a generation without a protocol")
    for one in found.members:
        if one.member_id in group.members or one.group_instance_id in group.static_members:
            raise Malformed("a generation that names a member twice")
        member = Member(
            one.member_id, one.group_instance_id, one.client_id, one.client_host,
            one.rebalance_timeout if one.rebalance_timeout >= 0 else one.session_timeout, one.session_timeout,
            [(found.protocol or "", one.subscription)], one.assignment,
            session_deadline_ms=now_ms + one.session_timeout,
        )  # fmt: skip
        group.add(member)
    if group.members:
        group.leader_id = found.leader if found.leader in group.members else next(iter(group.members))
        group.state = GroupState.STABLE
    group.subscribed_topics = subscribed_topics(group)
    return group
