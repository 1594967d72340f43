import pytest

from engine.core.log.config import LogConfig
from engine.core.records.batch import read_header
from engine.storage.disk import DiskFull
from engine.storage.recovery import open_log
from engine.storage.runs import append_run
from tests.engine.broker.harness import WALL_MS, batch
from tests.engine.storage.memory_disk import MemoryDisk


def opened(**configs: int) -> tuple[MemoryDisk, object]:
    disk = MemoryDisk()
    log = open_log(disk, "t-0", LogConfig(**configs), clean=False, wall_ms=WALL_MS)
    first = bytearray(batch(b"first"))
    log.append(first, memoryview(first), 0, len(first), 0, WALL_MS)
    return disk, log


def run(log, *several: bytes, wall_ms: int = WALL_MS, leader_epoch: int = 0) -> tuple[list[int], bytearray]:
    buffer, spans = bytearray(), []
    for one in several:
        buffer += b"head"
        spans.append((len(buffer), len(one)))
        buffer += one
    return append_run(log, buffer, memoryview(buffer), spans, leader_epoch, wall_ms), buffer


def test_a_run_is_one_write_with_consecutive_offsets():
    disk, log = opened()
    assert run(log, batch(b"a"), batch(b"b", b"c"), batch(b"d"))[0] == [1, 2, 4]
    assert log.log_end_offset == 5
    after = open_log(disk.killed(), "t-0", LogConfig(), clean=False, wall_ms=WALL_MS)
    assert after.log_end_offset == 5
    assert after.active.max_timestamp == log.active.max_timestamp


@pytest.mark.parametrize(
    "other",
    [
        batch(b"x")[:-1] + b"!",
        batch(b"x", magic=1),
        batch(b"x", attributes=1),
        batch(b"x", attributes=8),
        batch(b"x", producer=(1, 0, 0)),
        batch(b"x", base_offset=3),
        batch(b"x", count=2, last_delta=0),
        batch(b"x", count=0, last_delta=-1),
        batch(b"x", timestamp_ms=WALL_MS + 7_200_000),
        batch(b"x" * 2_000_000),
    ],
)
def test_a_run_ends_before_what_is_not_plain(other):
    _, log = opened()
    offsets, buffer = run(log, batch(b"a"), other, batch(b"b"))
    assert offsets == [1]
    assert log.log_end_offset == 2
    at = 4 + len(batch(b"a")) + 4
    assert buffer[at : at + len(other)] == other, "what was not appended is as it came"


def test_a_run_ends_before_an_index_entry_or_a_new_segment_is_due():
    _, log = opened(index_interval_bytes=300)
    assert len(run(log, *[batch(b"x")] * 50)[0]) < 10
    _, log = opened(segment_bytes=400)
    assert len(run(log, *[batch(b"x")] * 50)[0]) < 6
    _, log = opened(segment_ms=1_000)
    assert run(log, batch(b"x", timestamp_ms=WALL_MS + 5_000), wall_ms=WALL_MS + 5_000)[0] == []


def test_another_leader_epoch_or_an_empty_log_takes_the_other_way():
    _, log = opened()
    assert run(log, batch(b"x"), leader_epoch=1)[0] == []
    empty = open_log(MemoryDisk(), "t-0", LogConfig(), clean=False, wall_ms=WALL_MS)
    assert run(empty, batch(b"x"))[0] == []


def test_a_run_that_cannot_be_written_leaves_log_and_buffer_as_they_were():
    disk, log = opened()
    before = (log.log_end_offset, log.active.size, log.active.max_timestamp)
    disk.full = True
    buffer = bytearray(batch(b"a") + batch(b"b"))
    length = len(batch(b"a"))
    came = bytes(buffer)
    with pytest.raises(DiskFull):
        append_run(log, buffer, memoryview(buffer), [(0, length), (length, length)], 0, WALL_MS)
    assert (log.log_end_offset, log.active.size, log.active.max_timestamp) == before
    assert bytes(buffer) == came
    assert read_header(bytes(buffer)).leader_epoch == -1
