"""The helper thread: each sync is reported once, failures too, and nothing overtakes."""

import os
import queue
from pathlib import Path

from engine.net import sync_threads
from engine.net.files import FileDisk
from engine.net.sync_threads import SyncThread, sync_files


def test_each_sync_is_reported_in_order(tmp_path: Path) -> None:
    reports: queue.SimpleQueue = queue.SimpleQueue()
    disk = FileDisk(tmp_path, SyncThread(lambda token, error: reports.put((token, error))))
    numbers = [disk.open(f"{index}.log") for index in range(sync_threads.MANY_FILES + 1)]
    for token in (1, 2):
        for number in numbers:
            disk.append(number, b"x")
        disk.start_sync(numbers if token == 1 else numbers[:3], token)
    assert [reports.get(timeout=20), reports.get(timeout=20)] == [(1, None), (2, None)]
    disk.close_all()
    assert reports.empty()


def test_a_descriptor_closed_while_its_sync_waits_is_still_synced(tmp_path: Path) -> None:
    reports: queue.SimpleQueue = queue.SimpleQueue()
    disk = FileDisk(tmp_path, SyncThread(lambda token, error: reports.put((token, error))))
    file = disk.open("a.log")
    disk.start_sync([file], 1)
    disk.close(file)
    assert reports.get(timeout=20) == (1, None)
    disk.close_all()


def test_a_failed_sync_says_why(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    assert "fdatasync failed" in (sync_files([writer], reader) or "")
    many = [writer] * sync_threads.MANY_FILES
    assert sync_files(many, -1) is not None
    os.close(reader)
    os.close(writer)
