import os

import pytest

from engine.net.kernel_syncs import KernelSyncs, Unavailable
from engine.net.loop import new_loop
from engine.net.sync_threads import MANY_FILES, SyncThread


class Syncs:
    """A loop, the syncs on it, and what was reported."""

    def __init__(self, directory) -> None:
        self.loop = new_loop()
        self.descriptor = os.open(directory, os.O_RDONLY)
        self.reported: list[tuple[int, str | None]] = []
        self.by_thread: list[int] = []
        thread = SyncThread(lambda token, error: self.loop.call_soon_threadsafe(self.thread_finished, token, error))
        self.syncs = KernelSyncs(self.loop, thread, self.descriptor, self.finished)

    def finished(self, token: int, error: str | None) -> None:
        self.reported.append((token, error))
        self.loop.stop()

    def thread_finished(self, token: int, error: str | None) -> None:
        self.by_thread.append(token)
        self.finished(token, error)

    def sync(self, token: int, descriptors: list[int]) -> tuple[int, str | None]:
        self.syncs.sync(token, descriptors, self.descriptor)
        assert not self.by_thread or self.by_thread[-1] != token
        self.loop.call_later(10, self.loop.stop)
        self.loop.run_forever()
        return self.reported[-1]

    def close(self) -> None:
        self.syncs.stop()
        self.loop.close()
        os.close(self.descriptor)


@pytest.fixture
def syncs(tmp_path):
    try:
        made = Syncs(tmp_path)
    except Unavailable as reason:
        pytest.skip(f"the kernel does not sync in the background here: {reason}")
    yield made
    made.close()


def opened(tmp_path, count: int) -> list[int]:
    descriptors = [os.open(tmp_path / f"file{at}", os.O_RDWR | os.O_CREAT | os.O_APPEND) for at in range(count)]
    for descriptor in descriptors:
        os.write(descriptor, b"x" * 100)
    return descriptors


def test_every_sync_is_reported_once_in_the_loops_thread(syncs, tmp_path):
    files = opened(tmp_path, 3)
    for token in range(1, 20):
        os.write(files[0], b"more")
        assert syncs.sync(token, files) == (token, None)
    assert [token for token, _ in syncs.reported] == list(range(1, 20))
    assert syncs.by_thread == []


def test_a_descriptor_may_be_closed_while_its_file_is_synced(syncs, tmp_path):
    (file,) = opened(tmp_path, 1)
    syncs.syncs.sync(1, [file], syncs.descriptor)
    syncs.syncs.close(file)
    syncs.loop.call_later(10, syncs.loop.stop)
    syncs.loop.run_forever()
    assert syncs.reported == [(1, None)]


def test_many_files_are_synced_by_the_thread_at_once(syncs, tmp_path):
    files = opened(tmp_path, MANY_FILES)
    assert syncs.sync(1, files) == (1, None)
    assert syncs.by_thread == [1]


def test_what_cannot_be_synced_is_reported_as_failed(syncs):
    reading, writing = os.pipe()
    token, error = syncs.sync(1, [writing])
    assert token == 1
    assert error
    os.close(reading)
    os.close(writing)


def test_another_kind_of_machine_is_told_to_use_the_thread(monkeypatch, tmp_path):
    monkeypatch.setattr("platform.machine", lambda: "vax")
    with pytest.raises(Unavailable):
        Syncs(tmp_path)
