"""Snapshots of the producer state: `<offset>.snapshot`, in Kafka's format.

A snapshot holds what was known of every producer id before its offset; what came after
is read from the log. One is written whenever a segment is begun and at a clean stop.

Invariant: of each producer id the format keeps the last batch, not the last five; after
a restart the others are known again only as far as the log is read again.
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
    return _HEAD.pack(VERSION, crc32c(body)) + body


def decode_snapshot(content: bytes) -> ProducerState | None:
    """Return the state in a snapshot, None if it is damaged: then an older one is to be used."""
    if len(content) < _HEAD.size + _COUNT.size:
        return None
    version, crc = _HEAD.unpack_from(content)
    body = memoryview(content)[_HEAD.size :]
    (count,) = _COUNT.unpack_from(body)
    if version != VERSION or crc32c(body) != crc or len(body) != _COUNT.size + count * _ENTRY.size:
        return None
    state = ProducerState()
    for position in range(_COUNT.size, len(body), _ENTRY.size):
        producer_id, epoch, last_sequence, last_offset, delta, timestamp, coordinator_epoch, transaction_start = (
            _ENTRY.unpack_from(body, position)
        )
        entry = ProducerEntry(epoch, last_timestamp=timestamp)
        entry.coordinator_epoch, entry.transaction_start = coordinator_epoch, transaction_start
        if last_sequence != NO_SEQUENCE:
            first_sequence = last_sequence - delta & SEQUENCE_MASK
            entry.batches.append((first_sequence, last_sequence, last_offset - delta, last_offset, timestamp))
        state.entries[producer_id] = entry
    return state
