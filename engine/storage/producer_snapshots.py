"""Snapshots of the producer state: `<offset>.snapshot`, in Kafka's format with a tail of ours.

A snapshot holds what was known of every producer id before its offset; what came after
is read from the log. One is written whenever a segment is begun and at a clean stop.

Kafka's format keeps the last batch of each producer, so after a restart Kafka takes a
retry of an earlier one for a gap. We keep the others in a tail that Kafka's reader passes
over (it reads as many entries as the head says), under the same checksum.

Invariant: a snapshot that Kafka wrote, without the tail, is read as well.
Not here: what the state means (core/log/producer_state.py).
Spec: ProducerSnapshot.json, org.apache.kafka.storage.internals.log.ProducerStateManager.
"""

from struct import Struct

from crc32c import crc32c

from engine.core.log.producer_state import SEQUENCE_MASK, ProducerEntry, ProducerState

_HEAD = Struct(">hI")  # version, CRC of what follows
_COUNT = Struct(">i")
# producer id, epoch, last sequence, last offset, offset delta of the last batch, timestamp, coordinator epoch,
# first offset of the open transaction
_ENTRY = Struct(">qhiqiqiq")
_OLDER = Struct(">qiiqqq")  # producer id, first and last sequence, first and last offset, timestamp
VERSION = 1
NO_SEQUENCE = -1


def encode_snapshot(state: ProducerState) -> bytes:
    """Return the content of a snapshot."""
    body = bytearray(_COUNT.pack(len(state.entries)))
    for producer_id, entry in state.entries.items():
        delta = 0
        if entry.batches:
            _, _, first_offset, last_offset, _ = entry.batches[-1]
            delta = last_offset - first_offset
        body += _ENTRY.pack(
            producer_id,
            entry.epoch,
            entry.last_sequence,
            entry.last_offset,
            delta,
            entry.last_timestamp,
            entry.coordinator_epoch,
            entry.transaction_start,
        )
    for producer_id, entry in state.entries.items():
        for batch in list(entry.batches)[:-1]:
            body += _OLDER.pack(producer_id, *batch)
    return _HEAD.pack(VERSION, crc32c(body)) + body


def decode_snapshot(content: bytes) -> ProducerState | None:
    """Return the state in a snapshot, None if it is damaged: then an older one is to be used."""
    if len(content) < _HEAD.size + _COUNT.size:
        return None
    version, crc = _HEAD.unpack_from(content)
    body = memoryview(content)[_HEAD.size :]
    (count,) = _COUNT.unpack_from(body)
    entries_end = _COUNT.size + count * _ENTRY.size
    if version != VERSION or crc32c(body) != crc or count < 0 or (len(body) - entries_end) % _OLDER.size:
        return None
    if entries_end > len(body):
        return None
    state = ProducerState()
    for position in range(_COUNT.size, entries_end, _ENTRY.size):
        producer_id, epoch, last_sequence, last_offset, delta, timestamp, coordinator_epoch, transaction_start = (
            _ENTRY.unpack_from(body, position)
        )
        entry = ProducerEntry(epoch, last_timestamp=timestamp)
        entry.coordinator_epoch, entry.transaction_start = coordinator_epoch, transaction_start
        if last_sequence != NO_SEQUENCE:
            first_sequence = last_sequence - delta & SEQUENCE_MASK
            entry.batches.append((first_sequence, last_sequence, last_offset - delta, last_offset, timestamp))
        state.entries[producer_id] = entry
    _add_older(state, body[entries_end:])
    return state


def _add_older(state: ProducerState, tail: memoryview) -> None:
    """Put the older batches of our tail before the last one of each producer."""
    last = {producer_id: list(entry.batches) for producer_id, entry in state.entries.items()}
    for entry in state.entries.values():
        entry.batches.clear()
    for producer_id, *batch in _OLDER.iter_unpack(tail):
        state.entries[producer_id].batches.append(tuple(batch))
    for producer_id, entry in state.entries.items():
        entry.batches.extend(last[producer_id])
