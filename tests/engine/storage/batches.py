"""Batches and logs for the tests of storage."""

from engine.core.log.config import LogConfig
from engine.core.records.builder import BatchBuilder
from engine.core.records.record import Record, batches, decode_records
from engine.storage.log import Log
from engine.storage.recovery import open_log
from tests.engine.storage.memory_disk import MemoryDisk

WALL_MS = 1_700_000_000_000


def batch(
    count: int = 1,
    *,
    timestamp: int = WALL_MS,
    value: bytes = b"value",
    key: bytes | None = b"key",
    producer_id: int = -1,
    producer_epoch: int = 0,
    sequence: int = -1,
    codec: int = 0,
) -> bytearray:
    builder = BatchBuilder()
    for number in range(count):
        builder.add(key=key, value=value + b"%d" % number, timestamp=timestamp + number)
    if producer_id < 0:
        return builder.build(codec=codec)
    return builder.build(codec=codec, producer_id=producer_id, producer_epoch=producer_epoch, base_sequence=sequence)


def append(log: Log, data: bytearray | None = None, *, leader_epoch: int = 0, wall_ms: int = WALL_MS) -> int:
    """Append as the broker does, from the middle of a larger buffer."""
    data = batch() if data is None else data
    buffer = bytearray(b"head") + data + b"tail"
    base_offset = log.append(buffer, memoryview(buffer), 4, len(data), leader_epoch, wall_ms)
    check(log)
    return base_offset


def check(log: Log) -> None:
    """The invariants of a log."""
    assert log.segments
    assert log.active is log.segments[-1]
    assert log.active.index is not None
    assert 0 <= log.log_start_offset <= log.log_end_offset
    bases = [segment.base_offset for segment in log.segments]
    assert bases == sorted(dict.fromkeys(bases))
    assert bases[0] <= log.log_start_offset or log.log_start_offset == log.log_end_offset
    for segment in log.segments:
        assert log.disk.size(segment.file) == segment.size


def open_on(disk: MemoryDisk, config: LogConfig | None = None, *, clean: bool = False, **options: int) -> Log:
    log = open_log(disk, "orders-0", config or LogConfig(), clean=clean, wall_ms=WALL_MS, **options)
    check(log)
    return log


def read_records(log: Log) -> list[Record]:
    """Every record, read as a consumer does: region after region."""
    end = log.end_position()
    records: list[Record] = []
    offset = log.log_start_offset
    while (data := log.read(offset, end, 10_000)) != b"":
        found = [record for _, one in batches(data) for record in decode_records(one)]
        records += [record for record in found if record.offset >= offset]
        offset = records[-1].offset + 1
    assert offset == log.log_end_offset
    return records
