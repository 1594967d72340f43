"""Taking segments out of a log: by age, by size, below the log start.

A deleted segment's files are renamed at once, so that nothing finds them any more, and
unlinked after a delay: a fetch that was queued before still reads them by number.

Invariants:
- Segments go from the front; the log start moves first, so a reader never falls between.
- Nothing at or above the high watermark goes.

Not here: which may go (core/log/retention.py), when (broker/housekeeping.py).
Spec: org.apache.kafka.storage.internals.log.LocalLog.deleteSegmentFiles.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.core.log.retention import SegmentFacts, deletable_segments
from engine.storage import reading
from engine.storage.disk import Disk
from engine.storage.segment import DELETED_SUFFIX, LOG_SUFFIX, SEGMENT_SUFFIXES, Segment, segment_name

if TYPE_CHECKING:
    from engine.storage.log import Log


@dataclass(slots=True, eq=False)
class DeletedSegment:
    """Files with a name that ends in `.deleted`, until their time is over."""

    base_offset: int
    files: list[int]  # numbers still open
    names: list[str]
    due_wall_ms: int


def delete_old_segments(log: "Log", wall_ms: int, high_watermark: int) -> list[DeletedSegment]:
    """Take out what the configs do not keep; return it."""
    config = log.config
    by_policy = config.delete
    count = deletable_segments(
        _facts(log, wall_ms, needs_time=by_policy and config.retention_ms >= 0),
        high_watermark=high_watermark,
        log_start_offset=log.log_start_offset,
        wall_ms=wall_ms,
        retention_ms=config.retention_ms if by_policy else -1,
        retention_bytes=config.retention_bytes if by_policy else -1,
    )
    if count == len(log.segments):
        if log.active.size:
            log.roll(wall_ms)  # an empty segment takes the place of what goes
        else:
            count -= 1
    if not count:
        return []
    log.move_start(max(log.log_start_offset, log.segments[count].base_offset))
    deleted = []
    for _ in range(count):
        # One by one, so that a disk that fails in the middle leaves the list true.
        deleted.append(_rename(log.disk, log.directory, log.segments[0], wall_ms + config.file_delete_delay_ms))
        log.deleted.append(deleted[-1])
        gone = log.segments.pop(0)
        log.unsynced = [file for file in log.unsynced if file not in deleted[-1].files]
        assert gone is not log.active, "the active segment stays"
    return deleted


def _facts(log: "Log", wall_ms: int, *, needs_time: bool) -> list[SegmentFacts]:
    facts = []
    for segment, after in zip(log.segments, [*log.segments[1:], None], strict=True):
        end_offset = log.log_end_offset if after is None else after.base_offset
        largest = _largest_timestamp(log, segment) if needs_time else wall_ms
        facts.append(SegmentFacts(end_offset, segment.size, largest))
    return facts


def _largest_timestamp(log: "Log", segment: Segment) -> int:
    reading.ensure_index(log, segment)
    if segment.max_timestamp >= 0 or not segment.size:
        return segment.max_timestamp if segment.size else segment.created_ms
    return log.disk.modified_ms(f"{log.directory}/{segment_name(segment.base_offset, LOG_SUFFIX)}")


def _rename(disk: Disk, directory: str, segment: Segment, due_wall_ms: int) -> DeletedSegment:
    present = dict.fromkeys(disk.names(directory))
    names = []
    for suffix in SEGMENT_SUFFIXES:
        name = segment_name(segment.base_offset, suffix)
        if name in present:
            disk.rename(f"{directory}/{name}", f"{directory}/{name}{DELETED_SUFFIX}")
            names.append(name + DELETED_SUFFIX)
    return DeletedSegment(segment.base_offset, [segment.file, *segment.index_files], names, due_wall_ms)


def remove_deleted(log: "Log", wall_ms: int) -> None:
    """Unlink the files of deleted segments whose delay is over."""
    while log.deleted and log.deleted[0].due_wall_ms <= wall_ms:
        due = log.deleted.pop(0)
        for file in due.files:
            log.disk.close(file)
        for name in due.names:
            log.disk.delete(f"{log.directory}/{name}")
