import random

import pytest

from engine.simulation.clocks import Clock
from engine.simulation.disks import PowerLost, SimulatedDisk
from engine.storage.disk import DiskFull


def new_disk(seed: int = 1) -> SimulatedDisk:
    return SimulatedDisk(Clock(1_000_000), random.Random(seed))


def written(disk: SimulatedDisk, path: str, *chunks: bytes) -> int:
    file = disk.open(path)
    for chunk in chunks:
        disk.append(file, chunk)
    return file


def test_reads_span_chunks_and_end_at_the_end():
    disk = new_disk()
    file = written(disk, "a-0/x.log", b"abc", b"defg", b"h")
    assert disk.read(file, 0, 100) == b"abcdefgh"
    assert disk.read(file, 2, 4) == b"cdef"
    assert disk.read(file, 3, 2) == b"de"
    assert disk.read(file, 8, 5) == b""
    assert disk.size(file) == 8


@pytest.mark.parametrize("size", range(9))
def test_a_truncated_file_goes_on_where_it_was_cut(size):
    disk = new_disk()
    file = written(disk, "x", b"abc", b"defg", b"h")
    disk.truncate(file, size)
    disk.append(file, b"XY")
    assert disk.read(file, 0, 100) == b"abcdefgh"[:size] + b"XY"


def test_directories_are_listed_renamed_and_deleted():
    disk = new_disk()
    file = written(disk, "a-0/x.log", b"abc")
    written(disk, "a-0/x.index", b"i")
    written(disk, "b-0/y.log", b"b")
    assert disk.names("") == ["a-0", "b-0"]
    assert disk.names("a-0") == ["x.index", "x.log"]
    assert disk.names("nowhere") == []
    disk.rename("a-0", "a-0.gone-delete")
    assert disk.read(file, 0, 3) == b"abc"
    assert disk.open("a-0.gone-delete/x.log") == file
    disk.delete("a-0.gone-delete")
    disk.delete("never-there")
    assert disk.names("") == ["b-0"]
    assert disk.read(file, 0, 3) == b"abc"  # until it is closed
    disk.close(file)
    with pytest.raises(KeyError):
        disk.read(file, 0, 3)
    assert disk.used_bytes == 1


def test_a_closed_number_is_never_used_again():
    disk = new_disk()
    first = disk.open("x")
    assert disk.open("x") == first
    disk.close(first)
    assert disk.open("x") != first


def test_a_renamed_file_replaces_the_one_with_its_new_name():
    disk = new_disk()
    file = written(disk, "x.swap", b"new")
    written(disk, "x", b"older")
    disk.rename("x.swap", "x")
    assert disk.read_whole("x") == b"new"
    assert disk.open("x") == file
    assert disk.names("") == ["x"]


def test_a_crash_keeps_what_a_finished_sync_covered_and_a_prefix_of_the_rest():
    kept_sizes = set()
    for seed in range(60):
        disk = new_disk(seed)
        file = written(disk, "d/x", b"durable")
        disk.start_sync([file], 1)
        disk.append(file, b"later")
        ((token, covered),) = disk.syncs
        disk.syncs.clear()
        assert token == 1
        disk.finish_sync(covered)
        disk.crash()
        data = disk.read_whole("d/x")
        assert data.startswith(b"durable")
        tail = data[7:]
        common = next((n for n in range(len(tail)) if tail[n : n + 1] != b"later"[n : n + 1]), len(tail))
        assert len(data) <= 12
        kept_sizes.add(common)
    assert {0, 5} <= kept_sizes and len(kept_sizes) >= 4


def test_names_and_whole_files_survive_a_crash():
    disk = new_disk()
    disk.write_whole("meta", b"old")
    disk.write_whole("meta", b"new")
    written(disk, "a/b", b"x")
    disk.rename("a/b", "a/c")
    disk.crash()
    assert disk.read_whole("meta") == b"new"
    assert disk.names("a") == ["c"]
    assert disk.read_whole("nothing") is None


def test_an_append_to_a_full_disk_is_refused_and_changes_nothing():
    disk = new_disk()
    file = written(disk, "x", b"12345")
    disk.bytes_max = 8
    with pytest.raises(DiskFull):
        disk.append(file, b"6789")
    assert disk.read(file, 0, 10) == b"12345"
    disk.append(file, b"678")
    with pytest.raises(DiskFull):
        disk.write_whole("y", b"more")
    disk.bytes_max = None
    disk.append(file, b"9")
    assert disk.read(file, 0, 10) == b"123456789"


def test_power_may_be_lost_in_any_operation():
    for operations in range(1, 7):
        disk = new_disk(operations)
        disk.operations_left = operations
        with pytest.raises(PowerLost):
            file = disk.open("x")  # 1
            disk.append(file, b"hello")  # 2
            disk.sync(file)  # 3
            disk.rename("x", "y")  # 4
            disk.write_whole("z", b"whole")  # 5
            disk.delete("y")  # 6
        disk.crash()
        assert disk.read_whole("z") in (None, b"whole")
        if operations >= 4:
            assert b"hello" in (disk.read_whole("x"), disk.read_whole("y"))


def test_files_are_as_old_as_their_last_write_on_the_wall_clock():
    disk = new_disk()
    disk.clock.at_us = 5_000
    file = disk.open("x")
    disk.clock.at_us = 9_000
    disk.append(file, b"x")
    disk.clock.at_us = 20_000
    assert disk.modified_ms("x") == 1_000_009
