"""The quorum's own records in the metadata log and its snapshots: keys and values of control batches.

Invariants: a new leader's first batch in its epoch is a LeaderChange; a snapshot
begins with a header and ends with a footer.

Not here: batches (core/records), transaction markers (core/records/control.py).
Spec: KIP-595, KIP-630; org.apache.kafka.common.record.ControlRecordType.
"""

from engine.core.records.control import ControlType, control_key
from engine.wire.record_types.control import (
    LeaderChangeMessage,
    LeaderChangeMessageVoter,
    SnapshotFooterRecord,
    SnapshotHeaderRecord,
    encode_leader_change_message,
    encode_snapshot_footer_record,
    encode_snapshot_header_record,
)

LEADER_CHANGE_VERSION = 0  # 1 names directories of voters: kraft.version 1


def leader_change(leader_id: int, voters: list[int], granting_voters: list[int]) -> tuple[bytes, bytes]:
    """Key and value of the record with which a leader begins its epoch."""
    value = bytearray()
    message = LeaderChangeMessage(
        LEADER_CHANGE_VERSION,
        leader_id,
        [LeaderChangeMessageVoter(voter) for voter in voters],
        [LeaderChangeMessageVoter(voter) for voter in granting_voters],
    )
    encode_leader_change_message(message, LEADER_CHANGE_VERSION, value)
    return control_key(ControlType.LEADER_CHANGE), bytes(value)


def snapshot_header(last_contained_timestamp_ms: int) -> tuple[bytes, bytes]:
    """Key and value of a snapshot's first record."""
    value = bytearray()
    encode_snapshot_header_record(SnapshotHeaderRecord(0, last_contained_timestamp_ms), 0, value)
    return control_key(ControlType.SNAPSHOT_HEADER), bytes(value)


def snapshot_footer() -> tuple[bytes, bytes]:
    """Key and value of a snapshot's last record."""
    value = bytearray()
    encode_snapshot_footer_record(SnapshotFooterRecord(0), 0, value)
    return control_key(ControlType.SNAPSHOT_FOOTER), bytes(value)
