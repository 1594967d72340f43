"""`quorum-state`: which leader epoch of the metadata quorum this node has reached, and for whom it voted.

JSON as Kafka writes it. It is durable before anything is done in the epoch it names.

Spec: KIP-595; org.apache.kafka.raft.FileQuorumStateStore (data_version 1).
"""

import json
from typing import NamedTuple

from engine.storage.disk import Disk, StorageError
from engine.storage.meta_properties import uuid_text

DATA_VERSION = 1
NOBODY = -1
_NO_DIRECTORY = bytes(16)


class QuorumState(NamedTuple):
    """What the file says."""

    leader_id: int = NOBODY
    leader_epoch: int = 0
    voted_id: int = NOBODY


def load_quorum_state(disk: Disk, directory: str) -> QuorumState:
    """What was last written; epoch 0 if nothing was."""
    data = disk.read_whole(f"{directory}/quorum-state")
    if data is None:
        return QuorumState()
    try:
        fields = json.loads(data)
        state = QuorumState(int(fields["leaderId"]), int(fields["leaderEpoch"]), int(fields["votedId"]))
    except (ValueError, KeyError, TypeError) as error:
        raise StorageError(f"{directory}/quorum-state cannot be read: {error}") from error
    return state


def save_quorum_state(disk: Disk, directory: str, state: QuorumState) -> None:
    """Write it, durably."""
    fields = {
        "leaderId": state.leader_id,
        "leaderEpoch": state.leader_epoch,
        "votedId": state.voted_id,
        "votedDirectoryId": uuid_text(_NO_DIRECTORY),
        "data_version": DATA_VERSION,
    }
    disk.write_whole(f"{directory}/quorum-state", json.dumps(fields, separators=(",", ":")).encode())
