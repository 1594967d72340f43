"""The real disk, on a real directory: promises of storage/disk.py, locks, full disks."""

import errno
import os
from pathlib import Path

import pytest

from engine.net import files
from engine.net.files import DirectoryLocked, DirectoryUnusable, FileDisk
from engine.net.sync_threads import SyncThread
from engine.storage.disk import DiskFailed, DiskFull


@pytest.fixture
def disk(tmp_path: Path):
    made = FileDisk(tmp_path / "data", SyncThread(lambda token, error: None))
    yield made
    made.close_all()


def test_what_is_appended_is_read(disk: FileDisk) -> None:
    file = disk.open("orders-0/a.log")
    disk.append(file, b"hello ")
    disk.append(file, memoryview(bytearray(b"world")))
    assert disk.read(file, 0, 100) == b"hello world"
    assert disk.read(file, 6, 3) == b"wor"
    assert disk.size(file) == 11
    disk.truncate(file, 5)
    disk.append(file, b"!")
    assert disk.read(file, 0, 100) == b"hello!"
    assert disk.names("") == ["orders-0"]
    assert disk.names("orders-0") == ["a.log"]
    assert disk.names("nothing") == []


def test_a_second_disk_on_the_same_directory_is_refused(disk: FileDisk) -> None:
    with pytest.raises(DirectoryLocked, match="in use"):
        FileDisk(disk.directory, SyncThread(lambda token, error: None))


def test_a_directory_that_is_a_file_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DirectoryUnusable, match="cannot be used"):
        FileDisk(tmp_path / "file", SyncThread(lambda token, error: None))


def test_the_lock_is_free_after_close(tmp_path: Path) -> None:
    for _ in range(2):
        FileDisk(tmp_path, SyncThread(lambda token, error: None)).close_all()


def test_whole_files_are_replaced(disk: FileDisk) -> None:
    assert disk.read_whole("t-0/partition.metadata") is None
    disk.write_whole("t-0/partition.metadata", b"one")
    disk.write_whole("t-0/partition.metadata", b"two")
    assert disk.read_whole("t-0/partition.metadata") == b"two"
    assert disk.names("t-0") == ["partition.metadata"]
    assert disk.modified_ms("t-0/partition.metadata") > 1_600_000_000_000


def test_numbers_survive_renames_and_deletes(disk: FileDisk) -> None:
    file = disk.open("t-0/a.log")
    disk.append(file, b"abc")
    disk.rename("t-0", "t-0.deleted")
    assert disk.read(file, 0, 3) == b"abc"
    disk.delete("t-0.deleted")
    assert disk.names("") == []
    assert disk.read(file, 0, 3) == b"abc", "a queued region can still be sent"
    assert os.fstat(disk.fd(file)).st_nlink == 0
    disk.close(file)
    disk.delete("t-0.deleted")


def test_descriptors_are_few_and_come_back(disk: FileDisk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "DESCRIPTORS_MAX", 3)
    numbers = [disk.open(f"t-{index}/a.log") for index in range(10)]
    for number in numbers:
        disk.append(number, b"%d" % number)
    assert len(disk.open_numbers) == 3
    for index, number in enumerate(numbers):
        if index % 2:
            disk.rename(f"t-{index}", f"u-{index}")
        assert disk.read(number, 0, 9) == b"%d" % number


class Full:
    """`os.write` of a disk that has room for so many bytes."""

    def __init__(self, room: int, number: int = errno.ENOSPC) -> None:
        self.room = room
        self.number = number

    def __call__(self, descriptor: int, view: memoryview) -> int:
        if not self.room:
            raise OSError(self.number, os.strerror(self.number))
        count = os.write(descriptor, view[: self.room])
        self.room -= count
        return count


@pytest.mark.parametrize("room", [0, 1, 5, 99])
def test_a_full_disk_leaves_the_file_as_it_was(disk: FileDisk, monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    file = disk.open("a.log")
    disk.append(file, b"before")
    monkeypatch.setattr(files, "write", Full(room))
    with pytest.raises(DiskFull):
        disk.append(file, bytes(100))
    assert disk.read(file, 0, 1000) == b"before"
    monkeypatch.undo()
    disk.append(file, b"after")
    assert disk.read(file, 0, 1000) == b"beforeafter"


def test_a_failing_disk_is_told_from_a_full_one(disk: FileDisk, monkeypatch: pytest.MonkeyPatch) -> None:
    file = disk.open("a.log")
    monkeypatch.setattr(files, "write", Full(0, errno.EIO))
    with pytest.raises(DiskFailed, match=r"a\.log"):
        disk.append(file, bytes(100))


def test_a_short_write_is_finished(disk: FileDisk, monkeypatch: pytest.MonkeyPatch) -> None:
    file = disk.open("a.log")
    monkeypatch.setattr(files, "write", lambda descriptor, view: os.write(descriptor, view[:7]))
    disk.append(file, bytes(range(100)))
    assert disk.read(file, 0, 1000) == bytes(range(100))
