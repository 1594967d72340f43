"""Making record batches: the client's producer, the broker's own records, batches that are packed anew.

Invariants:
- A built batch passes the checks of core/log/validation.py (control batches aside).
- `size` is never less than what `build` gives uncompressed.

Not here: when a batch is full (client/producer.py).
Spec: org.apache.kafka.common.record.MemoryRecordsBuilder.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from crc32c import crc32c

from engine.core.records.batch import (
    CONTROL_BIT,
    CRC,
    CRC_POSITION,
    CRC_START,
    HEADER,
    HEADER_BYTES,
    LENGTH_END,
    LOG_APPEND_TIME_BIT,
    MAGIC,
    NO_LEADER_EPOCH,
    NO_PRODUCER_ID,
    NO_SEQUENCE,
    NO_TIMESTAMP,
    TRANSACTIONAL_BIT,
)
from engine.core.records.compression import NONE, compress
from engine.core.records.record import Header

pack_header, pack_crc = HEADER.pack_into, CRC.pack_into


@dataclass(slots=True, eq=False)
class BatchBuilder:
    """One batch in the making: add records, then build it once."""

    body: bytearray = field(default_factory=bytearray)
    count: int = 0
    base_timestamp: int = NO_TIMESTAMP
    max_timestamp: int = NO_TIMESTAMP
    last_offset_delta: int = -1

    @property
    def size(self) -> int:
        """Bytes of the batch if it were built now, uncompressed."""
        return HEADER_BYTES + len(self.body)

    def add(
        self,
        *,
        key: bytes | None,
        value: bytes | None,
        timestamp: int,
        headers: Iterable[Header] = (),
        offset_delta: int | None = None,
    ) -> None:
        """Add a record; its offset follows the last one's unless it is given."""
        if not self.count:
            self.base_timestamp = timestamp
        delta = self.last_offset_delta + 1 if offset_delta is None else offset_delta
        assert delta > self.last_offset_delta, "offsets in a batch increase"
        headers = tuple(headers)
        parts = [NO_ATTRIBUTES, varint(timestamp - self.base_timestamp), varint(delta)]
        parts += (NULL,) if key is None else (varint(len(key)), key)
        parts += (NULL,) if value is None else (varint(len(value)), value)
        parts.append(varint(len(headers)))
        for name, content in headers:
            encoded = name.encode()
            parts += (varint(len(encoded)), encoded)
            parts += (NULL,) if content is None else (varint(len(content)), content)
        record = b"".join(parts)
        self.body += varint(len(record))
        self.body += record
        self.count += 1
        self.last_offset_delta = delta
        if timestamp > self.max_timestamp:
            self.max_timestamp = timestamp

    def build(
        self,
        *,
        base_offset: int = 0,
        leader_epoch: int = NO_LEADER_EPOCH,
        codec: int = NONE,
        level: int | None = None,
        producer_id: int = NO_PRODUCER_ID,
        producer_epoch: int = -1,
        base_sequence: int = NO_SEQUENCE,
        control: bool = False,
        transactional: bool = False,
        append_time: int | None = None,
    ) -> bytearray:
        """Return the whole batch. With `append_time` all its records are of that time."""
        attributes = codec
        attributes |= CONTROL_BIT if control else 0
        attributes |= TRANSACTIONAL_BIT if transactional else 0
        attributes |= LOG_APPEND_TIME_BIT if append_time is not None else 0
        body = self.body if codec == NONE else compress(codec, self.body, level)
        batch = bytearray(HEADER_BYTES)
        pack_header(
            batch, 0,
            base_offset, HEADER_BYTES - LENGTH_END + len(body), leader_epoch, MAGIC, 0, attributes,
            self.last_offset_delta, self.base_timestamp, self.max_timestamp if append_time is None else append_time,
            producer_id, producer_epoch, base_sequence, self.count,
        )  # fmt: skip
        batch += body
        pack_crc(batch, CRC_POSITION, crc32c(memoryview(batch)[CRC_START:]))
        return batch


def _varint(value: int) -> bytes:
    out = bytearray()
    value = value << 1 ^ value >> 63
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


varint = lru_cache(1 << 14)(_varint)  # lengths, and deltas in a batch, come again and again
NO_ATTRIBUTES, NULL = b"\x00", _varint(-1)
