"""Appending a run of small plain batches by one write: what a producer that pipelines tiny requests needs.

Whoever reads the requests checks each batch against the Run (its limits are fields, so
that a check costs no call) and adds it; `append_run` stamps and writes them together. The
system call, most of the price of a tiny batch, is shared.

Invariants:
- Its owner adds only whole batches that Log.append would take in its common case, or with
  a new index entry: no new segment, no sequence check, no look inside.
- All or nothing: an append that fails leaves the log, and the batches, as they were.

Not here: which requests make a run, and what a plain batch is (broker/produce_runs.py).
"""

from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import accumulate
from operator import itemgetter
from struct import Struct
from typing import TYPE_CHECKING

from engine.core.log.rolling import RELATIVE_OFFSET_MAX, TIME_ENTRY_BYTES
from engine.core.records.batch import HEADER_BYTES, LENGTH_END
from engine.storage.disk import StorageError
from engine.storage.segment import Segment

if TYPE_CHECKING:
    from engine.storage.log import Log

BATCHES_MAX = 128  # in one run
RECORDS_MAX = 1 << 10  # of one batch
BATCH_BYTES_MAX = 4 << 10  # larger ones gain nothing
LENGTH = itemgetter(1)  # of a span
pack_stamp = Struct(">qii").pack_into  # base offset, length (as it was), leader epoch


@dataclass(slots=True, eq=False)
class Run:
    """Batches for one log, in order, and what it may still take."""

    log: "Log"
    room: int  # bytes that the active segment still takes
    latest: int  # a batch with a later timestamp needs a closer look, or a new segment
    spans: list[tuple[int, int]] = field(default_factory=list)  # where the batches lie: start, length
    counts: list[int] = field(default_factory=list)  # their records
    timestamps: list[int] = field(default_factory=list)  # their latest ones


def open_run(log: "Log", leader_epoch: int, wall_ms: int) -> Run | None:
    """Begin a run at the log end; None if the next batch may need more than a run does."""
    active = log.active
    if (
        log.looks_inside
        or not active.size
        or active.index is None
        or leader_epoch != log.leader_epoch
        or wall_ms > active.roll_after_wall_ms
        or log.batch_bytes_max < BATCH_BYTES_MAX
        or log.log_end_offset + RECORDS_MAX * BATCHES_MAX - active.base_offset > RELATIVE_OFFSET_MAX
        or (len(active.index.offsets) + BATCHES_MAX + 2) * TIME_ENTRY_BYTES > log.config.segment_index_bytes
    ):
        return None
    latest = min(wall_ms + log.timestamp_after_max_ms, active.roll_after_timestamp)
    return Run(log, log.segment_bytes - active.size, latest)


def append_run(run: Run, buffer: bytearray, view: memoryview) -> list[int]:
    """Stamp and append the batches of a run; return their base offsets, and then the new log end."""
    log, spans = run.log, run.spans
    assert spans and min(spans, key=LENGTH)[1] >= HEADER_BYTES, "a run is of whole batches"
    active, leader_epoch = log.active, log.leader_epoch
    offsets = list(accumulate(run.counts, initial=log.log_end_offset))
    for (start, length), offset in zip(spans, offsets, strict=False):
        pack_stamp(buffer, start, offset, length - LENGTH_END, leader_epoch)
    written = b"".join([view[start : start + length] for start, length in spans])
    try:
        log.disk.append(active.file, written)
    except StorageError:
        for start, length in spans:  # as they came, so that they can be appended again
            pack_stamp(buffer, start, 0, length - LENGTH_END, -1)
        raise
    end = active.size + len(written)
    if end - spans[-1][1] <= active.index_due:
        note_without_entries(active, offsets, run.timestamps, 0, len(spans), end)
    else:
        note_with_entries(run, offsets)
    log.log_end_offset = offsets[-1]
    return offsets


def note_without_entries(
    active: Segment, offsets: list[int], timestamps: list[int], begin: int, due: int, end: int
) -> None:
    """Have the segment count batches `begin` up to `due`, as Segment.note_batch would, none of which gets an entry."""
    latest = max(timestamps[begin:due])
    if latest > active.max_timestamp:
        active.max_timestamp = latest
        active.max_timestamp_offset = offsets[timestamps.index(latest, begin) + 1] - 1
    active.size = end


def note_with_entries(run: Run, offsets: list[int]) -> None:
    """Have the segment count the batches, some of which get an index entry."""
    active, config, timestamps = run.log.active, run.log.config, run.timestamps
    count = len(timestamps)
    positions = list(accumulate([length for _, length in run.spans], initial=active.size))
    begin = 0
    while begin < count:
        due = bisect_right(positions, active.index_due, begin, count)  # the first that gets an entry
        if due > begin:
            note_without_entries(active, offsets, timestamps, begin, due, positions[due])
        if due < count:
            length = positions[due + 1] - positions[due]
            active.note_batch(offsets[due], offsets[due + 1] - 1, length, timestamps[due], config)
        begin = due + 1
