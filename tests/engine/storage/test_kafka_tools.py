"""Apache Kafka's own dump tool on our files: it must find nothing wrong."""

import re
from pathlib import Path

import pytest

from engine.core.log.config import LogConfig
from engine.net.files import FileDisk
from engine.net.sync_threads import SyncThread
from engine.storage.recovery import open_log
from tests.apache_kafka import tool
from tests.engine.storage.batches import WALL_MS, append, batch

pytestmark = [pytest.mark.kafka, pytest.mark.processes]
BATCHES = 300


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A closed log of several segments, with every codec, timestamps and a producer."""
    disk = FileDisk(tmp_path, SyncThread(lambda token, error: None))
    config = LogConfig(segment_bytes=15_000, index_interval_bytes=1000)
    log = open_log(disk, "orders-0", config, clean=True, wall_ms=WALL_MS)
    for number in range(BATCHES):
        data = batch(
            2, timestamp=WALL_MS + number, producer_id=9, sequence=number * 2, codec=number % 5, value=b"v" * 60
        )
        append(log, data, leader_epoch=number // 100)
    assert len(log.segments) > 2
    log.close(clean=True)
    disk.close_all()
    return tmp_path / "orders-0"


def dumped(*options: str) -> str:
    return tool("kafka-dump-log", *options)


def files(directory: Path, *suffixes: str) -> str:
    return ",".join(sorted(str(path) for path in directory.iterdir() if path.suffix in suffixes))


def test_kafkas_tool_reads_every_record_and_agrees_with_the_indexes(directory: Path) -> None:
    out = dumped("--deep-iteration", "--files", files(directory, ".log", ".index", ".timeindex", ".snapshot"))
    assert out.count("isvalid: true") == BATCHES
    assert len(re.findall(r"^\| offset", out, re.MULTILINE)) == 2 * BATCHES
    assert "Mismatches" not in out
    assert "out of order" not in out.lower()
    assert f"lastSequence: {2 * BATCHES - 1}" in out, "the snapshot, our tail passed over"


def test_kafkas_tool_finds_the_indexes_sane(directory: Path) -> None:
    names = files(directory, ".index", ".timeindex")
    assert dumped("--index-sanity-check", "--files", names).count("passed sanity check") == len(names.split(","))
