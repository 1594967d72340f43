"""Control records: what the engine itself says between the records of a log.

Their key is (version, type); a control batch holds one of a transaction's end, or several
of a quorum's. Consumers pass over them.

Not here: what is in the quorum's records (core/raft/control_records.py).
Spec: org.apache.kafka.common.record.ControlRecordType, EndTransactionMarker; KIP-98.
"""

from enum import IntEnum
from struct import Struct

from engine.wire.error_codes import ErrorCode, WireError

_KEY = Struct(">hh")  # version, type


class ControlType(IntEnum):
    """What a control record says."""

    ABORT = 0
    COMMIT = 1
    LEADER_CHANGE = 2
    SNAPSHOT_HEADER = 3
    SNAPSHOT_FOOTER = 4
    KRAFT_VERSION = 5
    KRAFT_VOTERS = 6


def control_key(control_type: ControlType) -> bytes:
    """Return the key of a control record."""
    return _KEY.pack(0, control_type)


def control_type(key: bytes | None) -> int:
    """Return the type in a control record's key: one of ControlType, or one that is newer than we are."""
    if key is None or len(key) < _KEY.size:
        raise WireError(ErrorCode.INVALID_RECORD, "The key of a control record is too short")
    version, number = _KEY.unpack_from(key)
    if version < 0:
        raise WireError(ErrorCode.INVALID_RECORD, f"Invalid version {version} of a control record")
    return int(number)
