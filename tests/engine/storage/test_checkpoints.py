"""Checkpoint files: Kafka's text, read back, damage told."""

from dataclasses import dataclass

import pytest

from engine.core.log.leader_epochs import LeaderEpochs
from engine.storage import checkpoints
from engine.storage.disk import StorageError
from tests.engine.storage.memory_disk import MemoryDisk


@dataclass
class FakeLog:
    recovery_point: int
    log_start_offset: int


@dataclass
class FakePartition:
    topic: str
    index: int
    high_watermark: int
    log: FakeLog


def test_what_is_written_is_read_and_looks_like_kafkas() -> None:
    disk = MemoryDisk()
    parts = [FakePartition("a-b", 0, 9, FakeLog(10, 0)), FakePartition("c", 12, 20, FakeLog(20, 5))]
    checkpoints.write_all(disk, parts)
    known = checkpoints.read_all(disk)
    assert not known.clean
    assert known.recovery_points == {("a-b", 0): 10, ("c", 12): 20}
    assert known.high_watermarks == {("a-b", 0): 9, ("c", 12): 20}
    assert known.log_start_offsets == {("c", 12): 5}
    assert disk.read_whole("recovery-point-offset-checkpoint") == b"0\n2\na-b 0 10\nc 12 20\n"
    assert disk.read_whole("log-start-offset-checkpoint") == b"0\n1\nc 12 5\n"


@pytest.mark.parametrize(
    "content", [b"", b"0\n", b"1\n0\n", b"0\n2\na 0 1\n", b"0\n1\na 0\n", b"0\n1\na x 1\n", b"\xff\xfe\n1\na 0 1\n"]
)
def test_a_damaged_hint_is_absent_but_a_damaged_log_start_is_an_error(content: bytes) -> None:
    disk = MemoryDisk()
    disk.write_whole(checkpoints.RECOVERY_POINTS, content)
    disk.write_whole(checkpoints.HIGH_WATERMARKS, content)
    assert checkpoints.read_all(disk).recovery_points == {}
    disk.write_whole(checkpoints.LOG_START_OFFSETS, content)
    with pytest.raises(StorageError, match="log-start-offset-checkpoint is damaged"):
        checkpoints.read_all(disk)


def test_the_marker_of_a_clean_stop_comes_and_goes() -> None:
    disk = MemoryDisk()
    checkpoints.mark_clean_shutdown(disk)
    assert checkpoints.read_all(disk).clean
    checkpoints.forget_clean_shutdown(disk)
    assert not checkpoints.read_all(disk).clean


def test_leader_epochs_go_through_their_file() -> None:
    disk = MemoryDisk()
    absent = checkpoints.read_leader_epochs(disk, "t-0")
    assert absent is not None
    assert absent.entries == []
    checkpoints.write_leader_epochs(disk, "t-0", LeaderEpochs([(0, 0), (4, 70)]))
    assert disk.read_whole("t-0/leader-epoch-checkpoint") == b"0\n2\n0 0\n4 70\n"
    read = checkpoints.read_leader_epochs(disk, "t-0")
    assert read is not None
    assert read.entries == [(0, 0), (4, 70)]
    for damaged in (b"0\n2\n4 70\n0 0\n", b"0\n1\nx 0\n", b"junk"):
        disk.write_whole("t-0/leader-epoch-checkpoint", damaged)
        assert checkpoints.read_leader_epochs(disk, "t-0") is None


def test_partition_metadata_is_kafkas_and_written_once() -> None:
    disk = MemoryDisk()
    topic_id = bytes(range(16))
    assert checkpoints.read_partition_metadata(disk, "t-0") is None
    checkpoints.write_partition_metadata(disk, "t-0", topic_id)
    checkpoints.write_partition_metadata(disk, "t-0", bytes(16))
    assert checkpoints.read_partition_metadata(disk, "t-0") == topic_id
    assert disk.read_whole("t-0/partition.metadata") == b"version: 0\ntopic_id: AAECAwQFBgcICQoLDA0ODw"
    disk.write_whole("t-0/partition.metadata", b"version: 0\ntopic_id: 5bzmClvxQGykxEnjsr9_Eg")
    assert len(checkpoints.read_partition_metadata(disk, "t-0") or b"") == 16
    for damaged in (b"", b"version: 0\n", b"version: 0\ntopic_id: AA", b"version: 1\ntopic_id: AAECAwQFBgcICQoLDA0ODw"):
        disk.write_whole("t-0/partition.metadata", damaged)
        with pytest.raises(StorageError):
            checkpoints.read_partition_metadata(disk, "t-0")


def test_directories_of_partitions_are_told_from_others() -> None:
    assert checkpoints.partition_of("a-b-12") == ("a-b", 12)
    for name in ("a", "-1", "a-", "a-x", "a-1.0-delete", "a-٣"):
        assert checkpoints.partition_of(name) is None
    disk = MemoryDisk()
    for directory in ("a-0", "a-1.0f-delete", "__cluster_metadata-0", "lost+found"):
        disk.write_whole(f"{directory}/file", b"")
    assert checkpoints.partition_directories(disk) == ["a-0", "a-1.0f-delete"]
