"""Planted bugs about logs: recovery, sequences, retention, lookups.

Not here: what a log really does (engine/storage, core/log).
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from engine.broker import replica_manager
from engine.core.log.producer_state import ProducerState
from engine.core.log.retention import SegmentFacts, deletable_segments
from engine.core.log.sparse_index import SparseIndex
from engine.simulation.plants.plant import Plant
from engine.storage import deletion, reading, recovery
from engine.storage.disk import DiskFull
from engine.storage.log import Log
from engine.storage.recovery_scan import replay, whole_batches
from engine.storage.segment import Segment

_honest_check = ProducerState.check
_honest_lookup = reading.offset_for_timestamp
_honest_write = Log._write


def _remembers_one_batch(
    state: ProducerState, producer_id: int, epoch: int, first_sequence: int, last_sequence: int
) -> int | None:
    entry = state.entries.get(producer_id)
    older = list(entry.batches)[:-1] if entry is not None else []
    if any(batch[0] == first_sequence for batch in older):
        return None
    return _honest_check(state, producer_id, epoch, first_sequence, last_sequence)


def _overlooks_a_full_disk(log: Log, *arguments: Any) -> None:
    with suppress(DiskFull):
        _honest_write(log, *arguments)


def _forgets_producers(*arguments: Any, **options: Any) -> Log:
    log = recovery.open_log(*arguments, **options)
    log.producers = ProducerState()
    return log


def _recover(opening: Any, segment: Segment, *, cuts: bool, syncs: bool) -> bool:
    size, segment.size, segment.index = segment.size, 0, SparseIndex()
    for _, header in whole_batches(opening.disk, segment, size, next_offset=opening.next_offset, check_crc=True):
        segment.note_batch(header.base_offset, header.last_offset, header.size, header.max_timestamp, opening.config)
        replay(header, opening.producers, opening.epochs)
        opening.next_offset = opening.replayed_to = header.last_offset + 1
    if cuts and segment.size != size:
        opening.disk.truncate(segment.file, segment.size)
    if syncs:
        opening.disk.sync(segment.file)
    segment.asked_size = segment.size
    return True


def _keeps_the_torn_tail(opening: Any, segment: Segment, *, is_last: bool) -> bool:
    return _recover(opening, segment, cuts=False, syncs=True)


def _trusts_the_page_cache(opening: Any, segment: Segment, *, is_last: bool) -> bool:
    return _recover(opening, segment, cuts=True, syncs=False)


def _deletes_too_early(segments: Sequence[SegmentFacts], **limits: int) -> int:
    if limits["retention_ms"] > 0:
        limits["retention_ms"] //= 4
    return deletable_segments(segments, **limits)


def _deletes_above_the_mark(segments: Sequence[SegmentFacts], **limits: int) -> int:
    limits["high_watermark"] = segments[-1].end_offset
    return deletable_segments(segments, **limits)


def _finds_the_next_record(log: Log, timestamp: int, end: Any) -> reading.TimedOffset | None:
    found = _honest_lookup(log, timestamp, end)
    return found and found._replace(offset=found.offset + 1)


PLANTS = (
    Plant(
        "duplicate window of one",
        "Of a producer's batches only the last is known, older ones are stored again.",
        ProducerState,
        "check",
        _remembers_one_batch,
        seeds_max=40,
    ),
    Plant(
        "full disk overlooked",
        "An append that found no room is answered as if it had.",
        Log,
        "_write",
        _overlooks_a_full_disk,
        seeds_max=40,
    ),
    Plant(
        "producers forgotten",
        "After a restart no producer is known.",
        replica_manager,
        "open_log",
        _forgets_producers,
        seeds_max=40,
    ),
    Plant(
        "torn tail kept",
        "Recovery leaves what follows the last whole batch in the file.",
        recovery,
        "_recover_segment",
        _keeps_the_torn_tail,
        seeds_max=40,
    ),
    Plant(
        "page cache trusted",
        "What is found after a kill counts although no sync covered it.",
        recovery,
        "_recover_segment",
        _trusts_the_page_cache,
        seeds_max=40,
    ),
    Plant(
        "deleted too early",
        "Retention takes a quarter of retention.ms for the whole.",
        deletion,
        "deletable_segments",
        _deletes_too_early,
        seeds_max=60,
    ),
    Plant(
        "deleted above the mark",
        "Retention takes segments that the high watermark has not passed.",
        deletion,
        "deletable_segments",
        _deletes_above_the_mark,
        seeds_max=100,
    ),
    Plant(
        "lookup by time goes too far",
        "A timestamp finds the record after the first that is not older.",
        reading,
        "offset_for_timestamp",
        _finds_the_next_record,
        seeds_max=20,
    ),
)
