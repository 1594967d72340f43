"""Opening a log: what lies in its directory becomes a Log."""

from engine.core.log.config import LogConfig
from engine.storage.disk import Disk
from engine.storage.log import Log
from engine.storage.segment import LOG_SUFFIX, Segment, segment_name


def open_log(
    disk: Disk,
    directory: str,
    config: LogConfig,
    *,
    clean: bool,
    wall_ms: int,
    recovery_point: int = 0,
    log_start_offset: int = 0,
) -> Log:
    """Open or make the log in `directory`; what it holds afterwards is synced."""
    file = disk.open(f"{directory}/{segment_name(0, LOG_SUFFIX)}")
    return Log(disk, directory, config, [Segment(0, file, index_due=config.index_interval_bytes, created_ms=wall_ms)])
