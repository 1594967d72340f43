"""Going through a segment's bytes: which whole batches are there, and what follows from them.

Invariants:
- The scan stops at the first byte that no whole, valid batch covers; it changes no file.
- What it tells a segment, the producers and the epochs is what appending told them.

Not here: what is done about a bad end (recovery.py).
"""

from collections.abc import Iterator

from crc32c import crc32c

from engine.core.log.config import LogConfig
from engine.core.log.leader_epochs import LeaderEpochs
from engine.core.log.producer_state import ProducerState
from engine.core.log.rolling import RELATIVE_OFFSET_MAX
from engine.core.log.sparse_index import SparseIndex
from engine.core.records.batch import CRC_START, HEADER_BYTES, LENGTH_END, MAGIC, BatchHeader, read_header
from engine.storage.disk import Disk, DiskFailed
from engine.storage.segment import LOG_SUFFIX, Segment, segment_name

CHUNK_BYTES = 1 << 20


def whole_batches(
    disk: Disk, segment: Segment, size: int, *, position: int = 0, next_offset: int, check_crc: bool
) -> Iterator[tuple[int, BatchHeader]]:
    """Go through the valid batches of a segment from `position`, up to the first that is not: (position, header)."""
    chunk, chunk_start = memoryview(b""), position
    while size - position >= HEADER_BYTES:
        at = position - chunk_start
        if at + HEADER_BYTES > len(chunk):
            chunk, chunk_start, at = _chunk(disk, segment, position, size, CHUNK_BYTES), position, 0
            if len(chunk) < HEADER_BYTES:
                return
        header = read_header(chunk, at)
        if not _plausible(header, segment, next_offset, size - position):
            return
        if check_crc:
            if at + header.size > len(chunk):
                wanted = max(CHUNK_BYTES, header.size)
                chunk, chunk_start, at = _chunk(disk, segment, position, size, wanted), position, 0
            if crc32c(chunk[at + CRC_START : at + header.size]) != header.crc:
                return
        yield position, header
        next_offset = header.last_offset + 1
        position += header.size


def _chunk(disk: Disk, segment: Segment, position: int, size: int, wanted: int) -> memoryview:
    return memoryview(disk.read(segment.file, position, min(wanted, size - position)))


def _plausible(header: BatchHeader, segment: Segment, next_offset: int, room: int) -> bool:
    return (
        header.magic == MAGIC
        and HEADER_BYTES - LENGTH_END <= header.length <= room - LENGTH_END
        and header.base_offset >= next_offset
        and header.last_offset_delta >= 0
        and header.last_offset - segment.base_offset <= RELATIVE_OFFSET_MAX
    )


def replay(header: BatchHeader, producers: ProducerState, epochs: LeaderEpochs) -> None:
    """Tell the state beside the log of a batch that is in it."""
    epochs.assign(header.leader_epoch, header.base_offset)
    if header.producer_id >= 0 and not header.is_control:
        producers.remember(
            header.producer_id,
            header.producer_epoch,
            (
                header.base_sequence,
                header.last_sequence,
                header.base_offset,
                header.last_offset,
                header.max_timestamp,
            ),
        )


def rebuild_index(disk: Disk, directory: str, segment: Segment, config: LogConfig) -> None:
    """Make the index of a closed segment from its headers."""
    size, segment.size = segment.size, 0
    segment.index = SparseIndex()
    segment.index_due = config.index_interval_bytes
    for _, header in whole_batches(disk, segment, size, next_offset=segment.base_offset, check_crc=False):
        segment.note_batch(header.base_offset, header.last_offset, header.size, header.max_timestamp, config)
    if segment.size != size:
        at, segment.size, segment.index = segment.size, size, None
        name = segment_name(segment.base_offset, LOG_SUFFIX)
        raise DiskFailed(f"{directory}/{name} is damaged: no whole record batch begins at {at} of {size} bytes")
