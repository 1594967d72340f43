import random

import pytest

from engine.core.log.config import LogConfig
from engine.core.records.batch import read_header
from engine.storage.disk import DiskFull
from engine.storage.recovery import open_log
from engine.storage.runs import Run, append_run, open_run
from tests.engine.broker.harness import WALL_MS, batch
from tests.engine.storage.memory_disk import MemoryDisk


def opened(**configs: int) -> tuple[MemoryDisk, object]:
    disk = MemoryDisk()
    log = open_log(disk, "t-0", LogConfig(**configs), clean=False, wall_ms=WALL_MS)
    append(log, batch(b"first"))
    return disk, log


def append(log, one: bytes) -> None:
    buffer = bytearray(one)
    log.append(buffer, memoryview(buffer), 0, len(buffer), 0, WALL_MS)


def run_of(log, *several: bytes) -> tuple[Run, bytearray]:
    run, buffer = open_run(log, 0, WALL_MS), bytearray()
    assert run is not None
    for one in several:
        buffer += b"head"
        header = read_header(one)
        run.spans.append((len(buffer), len(one)))
        run.counts.append(header.record_count)
        run.timestamps.append(header.max_timestamp)
        buffer += one
    return run, buffer


def test_a_run_is_one_write_with_consecutive_offsets():
    disk, log = opened()
    run, buffer = run_of(log, batch(b"a"), batch(b"b", b"c"), batch(b"d"))
    assert append_run(run, buffer, memoryview(buffer)) == [1, 2, 4, 5]
    assert log.log_end_offset == 5
    after = open_log(disk.killed(), "t-0", LogConfig(), clean=False, wall_ms=WALL_MS)
    assert after.log_end_offset == 5
    assert after.active.max_timestamp == log.active.max_timestamp


@pytest.mark.parametrize("seed", range(20))
def test_a_run_leaves_the_segment_as_its_batches_one_by_one_would(seed):
    chance = random.Random(seed)
    interval = chance.choice([0, 100, 1_000, 100_000])
    (_, together), (_, alone) = opened(index_interval_bytes=interval), opened(index_interval_bytes=interval)
    for _ in range(5):
        values = [
            [chance.randbytes(chance.randrange(300))] * chance.randint(1, 3) for _ in range(chance.randint(1, 128))
        ]
        several = [batch(*some, timestamp_ms=WALL_MS + chance.randint(-9, 9)) for some in values]
        run, buffer = run_of(together, *several)
        append_run(run, buffer, memoryview(buffer))
        for one in several:
            append(alone, one)
        for name in ("size", "index", "index_due", "max_timestamp", "max_timestamp_offset", "roll_after_timestamp"):
            found, expected = (getattr(log.active, name) for log in (together, alone))
            assert str(found) == str(expected), name
        assert together.log_end_offset == alone.log_end_offset


def test_a_run_may_not_be_begun_where_the_next_batch_needs_more():
    _, log = opened()
    assert open_run(log, 1, WALL_MS) is None, "another leader epoch"
    _, log = opened(segment_index_bytes=1_000)
    assert open_run(log, 0, WALL_MS) is None, "an index that may become full"
    _, log = opened(max_message_bytes=1_000)
    assert open_run(log, 0, WALL_MS) is None, "a batch that may be too large"
    empty = open_log(MemoryDisk(), "t-0", LogConfig(), clean=False, wall_ms=WALL_MS)
    assert open_run(empty, 0, WALL_MS) is None, "the first batch of a segment"


def test_a_run_knows_what_it_may_take():
    _, log = opened(segment_bytes=100_000, segment_ms=1_000)
    run = open_run(log, 0, WALL_MS)
    assert run.room == 100_000 - log.active.size
    assert run.latest == WALL_MS + 1_000, "what is later begins a new segment"
    _, log = opened(message_timestamp_after_max_ms=500)
    assert open_run(log, 0, WALL_MS).latest == WALL_MS + 500


def test_a_run_that_cannot_be_written_leaves_log_and_buffer_as_they_were():
    disk, log = opened()
    before = (log.log_end_offset, log.active.size, log.active.max_timestamp)
    run, buffer = run_of(log, batch(b"a"), batch(b"b"))
    came = bytes(buffer)
    disk.full = True
    with pytest.raises(DiskFull):
        append_run(run, buffer, memoryview(buffer))
    assert (log.log_end_offset, log.active.size, log.active.max_timestamp) == before
    assert bytes(buffer) == came
