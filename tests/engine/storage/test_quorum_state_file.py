"""quorum-state."""

import pytest

from engine.storage.disk import StorageError
from engine.storage.quorum_state_file import QuorumState, load_quorum_state, save_quorum_state
from tests.engine.storage.memory_disk import MemoryDisk


def test_what_is_saved_is_loaded_and_is_kafkas_json() -> None:
    disk = MemoryDisk()
    assert load_quorum_state(disk, "d") == QuorumState()
    save_quorum_state(disk, "d", QuorumState(1, 1, -1))
    assert load_quorum_state(disk, "d") == QuorumState(1, 1, -1)
    assert disk.read_whole("d/quorum-state") == (
        b'{"leaderId":1,"leaderEpoch":1,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":1}'
    )


def test_a_damaged_file_is_refused() -> None:
    disk = MemoryDisk()
    for content in (b"", b"{}", b"[]", b'{"leaderId":"x","leaderEpoch":1,"votedId":1}'):
        disk.write_whole("d/quorum-state", content)
        with pytest.raises(StorageError, match="cannot be read"):
            load_quorum_state(disk, "d")
