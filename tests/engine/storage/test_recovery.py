"""Opening logs: after a clean stop, after kill -9, after damage."""

import hashlib
import random
from pathlib import Path

import pytest

from engine.core.log.config import LogConfig
from engine.core.records.batch import crc_matches, read_header
from engine.core.records.record import batches
from engine.net.files import FileDisk
from engine.net.sync_threads import SyncThread
from engine.storage.disk import Disk, StorageError
from engine.storage.log import Log
from engine.storage.recovery import open_log
from tests.engine.storage.batches import WALL_MS, append, batch, check, open_on, read_records
from tests.engine.storage.memory_disk import MemoryDisk

LOG = "orders-0/00000000000000000000.log"
SMALL = LogConfig(segment_bytes=1000, index_interval_bytes=200)


def filled(disk: MemoryDisk, count: int = 12, config: LogConfig | None = None) -> Log:
    log = open_on(disk, config)
    for number in range(count):
        data = batch(number % 3 + 1, timestamp=WALL_MS + number * 10, producer_id=9, sequence=sequence_of(number))
        append(log, data, leader_epoch=number // 5)
    return log


def sequence_of(number: int) -> int:
    return sum(index % 3 + 1 for index in range(number))


def state(log: Log) -> tuple[object, ...]:
    """What a log is, but for file numbers and memories of readers."""
    index = log.active.index
    assert index is not None
    return (
        log.log_start_offset,
        log.log_end_offset,
        [(segment.base_offset, segment.size) for segment in log.segments],
        list(index.positions),
        list(index.last_offsets),
        list(index.timestamps),
        log.active.max_timestamp,
        log.active.max_timestamp_offset,
        log.active.roll_after_timestamp,
        log.leader_epochs.entries,
        {pid: (entry.epoch, entry.last_sequence, entry.last_offset) for pid, entry in log.producers.entries.items()},
        read_records(log),
    )


@pytest.mark.parametrize("clean", [True, False])
@pytest.mark.parametrize("config", [LogConfig(), SMALL], ids=["one segment", "many"])
def test_an_opened_log_is_the_log_that_was_closed(clean: bool, config: LogConfig) -> None:
    disk = MemoryDisk()
    log = filled(disk, 60, config)
    before = state(log)
    if clean:
        log.close(clean=True)
        assert not disk.numbers, "every file is closed"
    opened = open_on(disk if clean else disk.killed(), config, clean=clean)
    after = state(opened)
    if clean:  # the final entry of the time index is made on closing, as Kafka does
        before, after = (before[:5] + before[6:]), (after[:5] + after[6:])
    assert after == before
    assert opened.recovery_point == opened.log_end_offset
    append(opened, batch(2, producer_id=9, sequence=sequence_of(60)), leader_epoch=50)


def test_an_empty_directory_is_an_empty_log() -> None:
    disk = MemoryDisk()
    assert open_on(disk).log_end_offset == 0
    assert disk.names("orders-0") == ["00000000000000000000.log"]
    assert open_on(disk.killed(), log_start_offset=0).log_end_offset == 0
    assert open_on(MemoryDisk(), log_start_offset=70).end_position() == (70, 70, 0)


def torn_cases() -> list[tuple[int, str]]:
    disk = MemoryDisk()
    filled(disk)
    content = bytes(disk.files[LOG].content)
    starts = [0]
    for header, _ in batches(content):
        starts.append(starts[-1] + header.size)
    return [(cut, fill) for cut in range(starts[-4], len(content)) for fill in ("cut", "zeros", "garbage")]


def same_bytes(one: bytes, other: bytes) -> int:
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def test_a_log_cut_at_any_byte_is_cut_at_its_last_whole_batch() -> None:
    disk = MemoryDisk()
    filled(disk)
    content = bytes(disk.files[LOG].content)
    rng = random.Random(4)
    cases = torn_cases()
    assert len(cases) > 600
    for cut, fill in cases:
        torn = disk.killed()
        rest = len(content) - cut
        tail = {"cut": b"", "zeros": bytes(rest), "garbage": rng.randbytes(rest)}[fill]
        torn.files[LOG].content[:] = content[:cut] + tail
        log = open_on(torn)
        kept = content[: same_bytes(content, content[:cut] + tail)]  # a cut byte may have been a zero
        whole = [header for header, one in batches(kept) if crc_matches(one, header)]
        size = sum(header.size for header in whole)
        assert log.log_end_offset == whole[-1].last_offset + 1
        assert bytes(torn.files[LOG].content) == content[:size], "the prefix is untouched, the rest is gone"
        assert torn.files[LOG].synced == size, "what was found is synced"
        again = open_on(torn.killed())
        assert state(again) == state(log), "a second recovery finds nothing to do"
        assert append(log, batch(producer_id=9, sequence=log.producers.entries[9].last_sequence + 1)) == (
            whole[-1].last_offset + 1
        )


def test_the_same_on_real_files(tmp_path: Path) -> None:
    disk = MemoryDisk()
    filled(disk)
    content = bytes(disk.files[LOG].content)
    for number, (cut, fill) in enumerate(torn_cases()[::37]):
        directory = tmp_path / str(number)
        (directory / "orders-0").mkdir(parents=True)
        tail = {"cut": b"", "zeros": bytes(len(content) - cut), "garbage": b"\xa5" * (len(content) - cut)}[fill]
        (directory / LOG).write_bytes(content[:cut] + tail)
        real: Disk = FileDisk(directory, SyncThread(lambda token, error: None))
        log = open_log(real, "orders-0", LogConfig(), clean=False, wall_ms=WALL_MS)
        check(log)
        size = log.end_position().position
        assert (directory / LOG).read_bytes() == content[:size]
        assert hashlib.sha256((directory / LOG).read_bytes()).digest() == hashlib.sha256(content[:size]).digest()
        log.close(clean=True)
        log = open_log(real, "orders-0", LogConfig(), clean=True, wall_ms=WALL_MS)
        assert log.end_position().position == size
        log.close(clean=False)
        real.close_all()  # type: ignore[attr-defined]


def flip(disk: MemoryDisk, path: str, position: int) -> None:
    disk.files[path].content[position] ^= 0x10


def segment_paths(disk: MemoryDisk) -> list[str]:
    return [path for path in disk.files if path.endswith(".log")]


def test_damage_in_a_closed_segment_takes_the_log_offline_with_a_clear_word() -> None:
    disk = MemoryDisk()
    filled(disk, 60, SMALL)
    paths = segment_paths(disk)
    assert len(paths) > 3
    flip(disk, paths[1], 100)
    before = {path: bytes(file.content) for path, file in disk.files.items()}
    with pytest.raises(StorageError, match=r"orders-0/000.*log is damaged at byte 93 "):
        open_on(disk.killed(), SMALL)
    assert {path: bytes(file.content) for path, file in disk.files.items()} == before, "nothing was cut"


def test_damage_below_the_recovery_point_is_never_cut() -> None:
    disk = MemoryDisk()
    log = filled(disk)
    flip(disk, LOG, 300)
    with pytest.raises(StorageError, match="it was synced up to"):
        open_on(disk.killed(), recovery_point=log.log_end_offset)
    assert open_on(disk.killed()).log_end_offset < log.log_end_offset, "but what was never synced may be"


def test_synced_batches_that_are_missing_take_the_log_offline() -> None:
    disk = MemoryDisk()
    log = filled(disk)
    first = read_header(disk.files[LOG].content)
    del disk.files[LOG].content[first.size :]
    with pytest.raises(StorageError, match="was synced up to"):
        open_on(disk.killed(), recovery_point=log.log_end_offset)


def test_segments_below_the_recovery_point_are_not_read_again() -> None:
    disk = MemoryDisk()
    log = filled(disk, 60, SMALL)
    flip(disk, segment_paths(disk)[0], 100)
    opened = open_on(disk.killed(), SMALL, recovery_point=log.active.base_offset)
    assert opened.log_end_offset == log.log_end_offset


def test_a_torn_closed_segment_ends_the_log_there() -> None:
    disk = MemoryDisk()
    filled(disk, 60, SMALL)
    paths = segment_paths(disk)
    del disk.files[paths[1]].content[-40:]
    log = open_on(disk.killed(), SMALL)
    assert [segment.base_offset for segment in log.segments] == [int(path[-24:-4]) for path in paths[:2]]
    append(log, batch(producer_id=9, sequence=log.producers.entries[9].last_sequence + 1))


@pytest.mark.parametrize("suffix", [".index", ".timeindex", ".snapshot"])
@pytest.mark.parametrize("clean", [True, False])
def test_files_that_can_be_made_again_may_be_missing_or_damaged(suffix: str, clean: bool) -> None:
    disk = MemoryDisk()
    log = filled(disk, 60, SMALL)
    expected = state(log)[:3], read_records(log), state(log)[9:11]
    log.close(clean=True)
    rng = random.Random(7)
    for harm in ("missing", "cut", "zeros", "garbage"):
        harmed = disk.killed()
        for path in [path for path in harmed.files if path.endswith(suffix)]:
            content = harmed.files[path].content
            if harm == "missing":
                del harmed.files[path]
            elif harm == "cut":
                del content[len(content) // 2 + 1 :]
            else:
                content[:] = bytes(len(content)) if harm == "zeros" else rng.randbytes(len(content))
        opened = open_on(harmed, SMALL, clean=clean)
        assert (state(opened)[:3], read_records(opened), state(opened)[9:11]) == expected, harm
        for offset in range(opened.log_end_offset):
            region = opened.locate(offset, opened.end_position(), 1)
            assert region is not None
            header = read_header(opened.disk.read(region.file, region.position, 61))
            assert header.base_offset <= offset <= header.last_offset


def test_a_damaged_leader_epoch_file_is_made_again_from_the_batches() -> None:
    disk = MemoryDisk()
    log = filled(disk, 60, SMALL)
    entries = log.leader_epochs.entries
    log.close(clean=True)
    disk.files["orders-0/leader-epoch-checkpoint"].content[:] = b"0\n99\n0 0\n"
    opened = open_on(disk, SMALL, clean=True, recovery_point=log.log_end_offset)
    assert opened.leader_epochs.entries == entries
    assert open_on(disk.killed(), SMALL).leader_epochs.entries == entries


def test_leader_epochs_beyond_a_cut_are_forgotten() -> None:
    disk = MemoryDisk()
    filled(disk)
    del disk.files[LOG].content[200:]
    log = open_on(disk.killed())
    assert log.leader_epochs.entries == [(0, 0)]


def test_leftovers_of_an_earlier_run_are_removed() -> None:
    disk = MemoryDisk()
    filled(disk).close(clean=True)
    disk.write_whole("orders-0/00000000000000000000.log.deleted", b"x")
    disk.write_whole("orders-0/00000000000000000900.snapshot", b"x")
    open_on(disk, clean=True)
    assert "00000000000000000000.log.deleted" not in disk.names("orders-0")
    assert "00000000000000000900.snapshot" not in disk.names("orders-0")


def test_a_log_start_beyond_what_was_kept_begins_anew_there() -> None:
    disk = MemoryDisk()
    filled(disk)
    log = open_on(disk.killed(), log_start_offset=1000)
    assert (log.log_start_offset, log.log_end_offset) == (1000, 1000)
    assert append(log) == 1000
    assert open_on(disk.killed(), log_start_offset=3).log_start_offset == 3


def test_a_crash_in_the_middle_of_a_roll_loses_nothing() -> None:
    disk = MemoryDisk()
    log = filled(disk, 60, SMALL)
    for suffix in (".index", ".timeindex", ".snapshot"):
        for path in [path for path in disk.files if path.endswith(suffix)]:
            disk.files[path].content.clear()
    assert read_records(open_on(disk.killed(), SMALL)) == read_records(log)


def test_a_segment_that_lost_all_its_bytes_leaves_no_hole_of_offsets() -> None:
    disk = MemoryDisk()
    filled(disk, 60, SMALL)
    paths = segment_paths(disk)
    disk.files[paths[1]].content.clear()
    log = open_on(disk.killed(), SMALL)
    assert log.log_end_offset == int(paths[1][-24:-4])
    assert [record.offset for record in read_records(log)] == list(range(log.log_end_offset))
    append(log, batch(producer_id=9, sequence=log.producers.entries[9].last_sequence + 1))


def test_a_clean_stop_syncs_what_a_sync_under_way_has_not_finished() -> None:
    disk = MemoryDisk()
    log = filled(disk, 60, SMALL)
    disk.start_sync(log.dirty_files(), 1)
    records = read_records(log)
    log.close(clean=True)
    assert read_records(open_on(disk.crash(), SMALL, clean=True)) == records
