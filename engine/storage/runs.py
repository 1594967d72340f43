"""Appending a run of small plain batches by one write: what a producer that pipelines tiny requests needs.

Each batch is checked and stamped as Log.append does it; the system call, most of the
price of a tiny batch, is shared.

Invariants:
- All or nothing of what is returned: an append that fails leaves the log as it was.
- The run ends before the first batch that needs more: a closer look, a sequence check, an
  index entry, a new segment. Log.append is asked for that one.

Not here: which requests make a run (broker/produce_runs.py).
"""

from collections.abc import Sequence
from struct import Struct
from typing import TYPE_CHECKING

from crc32c import crc32c

from engine.core.log.rolling import RELATIVE_OFFSET_MAX
from engine.core.records.batch import CRC_START, LENGTH_END, MAGIC
from engine.storage.disk import StorageError

if TYPE_CHECKING:
    from engine.storage.log import Log

RECORDS_MAX = 1 << 10  # of one batch
# base offset, length, magic, crc, attributes, last offset delta, max timestamp, producer id, record count
unpack_header = Struct(">qi4xbIhi8xqq6xi").unpack_from
pack_stamp = Struct(">qii").pack_into  # base offset, length (as it was), leader epoch


def append_run(
    log: "Log",
    buffer: bytearray,
    view: memoryview,
    spans: Sequence[tuple[int, int]],
    leader_epoch: int,
    wall_ms: int,
) -> list[int]:
    """Append batches at (start, length), as many from the first on as are plain; return their base offsets."""
    active = log.active
    if (
        log.looks_inside
        or not active.size
        or leader_epoch != log.leader_epoch
        or wall_ms > active.roll_after_wall_ms
        or log.log_end_offset + RECORDS_MAX * len(spans) - active.base_offset > RELATIVE_OFFSET_MAX
    ):
        return []
    latest = min(wall_ms + log.timestamp_after_max_ms, active.roll_after_timestamp)
    headers = plain_headers(log, buffer, view, spans, latest)
    offsets: list[int] = []
    next_offset, max_timestamp, max_timestamp_offset = log.log_end_offset, active.max_timestamp, -1
    for (start, length), (count, timestamp) in zip(spans, headers, strict=False):
        pack_stamp(buffer, start, next_offset, length - LENGTH_END, leader_epoch)
        offsets.append(next_offset)
        next_offset += count
        if timestamp > max_timestamp:
            max_timestamp, max_timestamp_offset = timestamp, next_offset - 1
    if not offsets:
        return offsets
    written = b"".join([view[start : start + length] for start, length in spans[: len(offsets)]])
    try:
        log.disk.append(active.file, written)
    except StorageError:
        for start, length in spans[: len(offsets)]:  # as they came, so that they can be appended again
            pack_stamp(buffer, start, 0, length - LENGTH_END, -1)
        raise
    active.size += len(written)
    if max_timestamp_offset >= 0:
        active.max_timestamp, active.max_timestamp_offset = max_timestamp, max_timestamp_offset
    log.log_end_offset = next_offset
    return offsets


def plain_headers(
    log: "Log", buffer: bytearray, view: memoryview, spans: Sequence[tuple[int, int]], latest: int
) -> list[tuple[int, int]]:
    """Count of records and timestamp of each batch, up to the first that needs a closer look or an index entry."""
    headers: list[tuple[int, int]] = []
    position, index_due, segment_bytes, bytes_max = (
        log.active.size, log.active.index_due, log.segment_bytes, log.batch_bytes_max,
    )  # fmt: skip
    for start, length in spans:
        claimed_offset, claimed_length, magic, crc, attributes, last_delta, timestamp, producer_id, count = (
            unpack_header(buffer, start)
        )
        if (
            magic != MAGIC
            or claimed_length + LENGTH_END != length
            or count != last_delta + 1
            or not 0 < count <= RECORDS_MAX
            or length > bytes_max
            or timestamp > latest
            or claimed_offset
            or attributes
            or producer_id >= 0
            or position > index_due
            or position + length > segment_bytes
            or crc32c(view[start + CRC_START : start + length]) != crc
        ):
            break
        headers.append((count, timestamp))
        position += length
    return headers
