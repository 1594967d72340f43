"""Records as clients see them: bytes of a fetch to records, records to a batch.

Invariants:
- Batches that do not decode are named in `damaged`, and the others are still given.
- Records before the position that was asked for are left out: a batch begins where it begins.
- Control records are counted, never given.

Not here: the format itself (core/records).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from engine.client.calls import Fetched, Header
from engine.core.records.batch import BatchHeader
from engine.core.records.builder import BatchBuilder
from engine.core.records.compression import CODEC_NAMES, CODEC_NUMBERS
from engine.core.records.control import ControlType, control_type
from engine.core.records.record import batches, decode_records
from engine.wire.error_codes import WireError


class ConsumedRecord(NamedTuple):
    """A record, and what its batch says of it."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int  # -1: none
    log_append_time: bool  # whether the timestamp is the broker's
    key: bytes | None
    value: bytes | None
    headers: tuple[Header, ...]
    leader_epoch: int
    compression: str
    producer_id: int
    producer_epoch: int
    sequence: int
    transactional: bool


@dataclass(slots=True)
class Decoded:
    """What was in a fetch of one partition."""

    records: list[ConsumedRecord] = field(default_factory=list)
    control_records: int = 0
    damaged: list[tuple[int, int, str]] = field(default_factory=list)  # first and last offset of a batch, why


class RawBatch(NamedTuple):
    """A batch that is not decoded."""

    base_offset: int
    last_offset: int
    record_count: int
    control: bool
    data: memoryview


def raw_batches(fetched: Fetched) -> Iterator[RawBatch]:
    """Go through the batches of a fetch without looking inside; stop at bytes that are none."""
    try:
        for header, data in batches(fetched.records):
            yield RawBatch(header.base_offset, header.last_offset, header.record_count, header.is_control, data)
    except WireError:
        return


def decode(fetched: Fetched) -> Decoded:
    """Decode a fetch. Records of aborted transactions are left out if the fetch was read_committed."""
    decoded = Decoded()
    aborted = sorted(fetched.aborted, key=lambda entry: entry[1])
    aborting: dict[int, None] = {}  # producer ids inside a transaction that ends in an abort
    behind = fetched.position
    try:
        for header, data in batches(fetched.records):
            behind = max(behind, header.last_offset + 1)
            while aborted and aborted[0][1] <= header.last_offset:
                aborting[aborted.pop(0)[0]] = None
            if header.is_control:
                decoded.control_records += header.record_count
                if header.producer_id in aborting and _is_abort(data):
                    del aborting[header.producer_id]
            elif not (header.is_transactional and header.producer_id in aborting):
                _decode_batch(decoded, fetched, header, data)
    except WireError as error:
        decoded.damaged.append((behind, fetched.next_offset - 1, error.message or error.code.name))
    return decoded


def _decode_batch(decoded: Decoded, fetched: Fetched, header: BatchHeader, data: memoryview) -> None:
    try:
        found = decode_records(data)
    except WireError as error:
        decoded.damaged.append((header.base_offset, header.last_offset, error.message or error.code.name))
        return
    sequence = header.base_sequence
    for record in found:
        if record.offset >= fetched.position:
            decoded.records.append(
                ConsumedRecord(
                    fetched.topic,
                    fetched.partition,
                    record.offset,
                    record.timestamp,
                    header.log_append_time,
                    record.key,
                    record.value,
                    record.headers,
                    header.leader_epoch,
                    CODEC_NAMES[header.codec],
                    header.producer_id,
                    header.producer_epoch,
                    sequence + record.offset - header.base_offset & 0x7FFFFFFF if sequence >= 0 else -1,
                    header.is_transactional,
                )
            )


def _is_abort(data: memoryview) -> bool:
    try:
        found = decode_records(data)
        return bool(found) and control_type(found[0].key) == ControlType.ABORT
    except WireError:
        return False


def encode_batch(
    entries: list[tuple[int, bytes | None, bytes | None, tuple[Header, ...]]],
    *,
    compression: str,
    producer: tuple[int, int, int],
) -> bytes:
    """Return a batch of (timestamp, key, value, headers) for (producer id, epoch, base sequence)."""
    builder = BatchBuilder()
    for timestamp_ms, key, value, headers in entries:
        builder.add(key=key, value=value, timestamp=timestamp_ms, headers=headers)
    producer_id, producer_epoch, base_sequence = producer
    return bytes(
        builder.build(
            codec=CODEC_NUMBERS[compression],
            producer_id=producer_id,
            producer_epoch=producer_epoch,
            base_sequence=base_sequence,
        )
    )
