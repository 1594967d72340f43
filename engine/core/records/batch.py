"""The 61-byte header of a record batch, format 2: its fields, its check, its stamps.

Batches are opaque to the engine: a header is read, the CRC compared, base offset and
leader epoch (which lie outside the CRC) are written over in place.

Invariants:
- The CRC-32C covers everything from `attributes` on.
- `last_offset = base_offset + last_offset_delta`, also in compacted batches.

Not here: sequences (core/log/producer_state.py), what is in a record (record.py).
Spec: org.apache.kafka.common.record.DefaultRecordBatch; KIP-98.
"""

from struct import Struct
from typing import NamedTuple

from crc32c import crc32c

# base offset, length, leader epoch, magic, crc, attributes, last offset delta, base timestamp, max timestamp,
# producer id, producer epoch, base sequence, record count
HEADER = Struct(">qiibIhiqqqhii")
unpack_header = HEADER.unpack_from
new_tuple = tuple.__new__  # a named tuple of the values it has, without the call that fills in others
HEADER_BYTES = 61
LENGTH_END = 12  # `length` counts what follows it
MAGIC = 2
MAGIC_POSITION = 16
CRC_POSITION = 17
CRC_START = 21

CODEC_MASK = 0x07
LOG_APPEND_TIME_BIT = 0x08
TRANSACTIONAL_BIT = 0x10
CONTROL_BIT = 0x20

NO_PRODUCER_ID = -1
NO_TIMESTAMP = -1
NO_SEQUENCE = -1
NO_LEADER_EPOCH = -1

BASE_OFFSET = Struct(">q")
INT32 = Struct(">i")
CRC = Struct(">I")
ATTRIBUTES = Struct(">h")
MAX_TIMESTAMP = Struct(">q")
ATTRIBUTES_POSITION = 21
LEADER_EPOCH_POSITION = 12
MAX_TIMESTAMP_POSITION = 35
PRODUCER_ID_POSITION = 43


unpack_place = Struct(">qi4xbI2xi").unpack_from  # of a header: base offset, length, magic, crc, last offset delta
unpack_writer = Struct(">q35xq6xi").unpack_from  # of a header: base offset, producer id, record count


class BatchHeader(NamedTuple):
    """The header's fields, in their order."""

    base_offset: int
    length: int
    leader_epoch: int
    magic: int
    crc: int
    attributes: int
    last_offset_delta: int
    base_timestamp: int
    max_timestamp: int
    producer_id: int
    producer_epoch: int
    base_sequence: int
    record_count: int

    @property
    def size(self) -> int:
        """Bytes of the whole batch."""
        return self.length + LENGTH_END

    @property
    def last_offset(self) -> int:
        """The offset of the last record."""
        return self.base_offset + self.last_offset_delta

    @property
    def codec(self) -> int:
        """The compression codec's number (compression.py)."""
        return self.attributes & CODEC_MASK

    @property
    def is_control(self) -> bool:
        """Whether it holds markers instead of records."""
        return bool(self.attributes & CONTROL_BIT)

    @property
    def is_transactional(self) -> bool:
        """Whether it belongs to a transaction."""
        return bool(self.attributes & TRANSACTIONAL_BIT)

    @property
    def log_append_time(self) -> bool:
        """Whether `max_timestamp` is the time of the append, and that of every record."""
        return bool(self.attributes & LOG_APPEND_TIME_BIT)

    @property
    def last_sequence(self) -> int:
        """The sequence of the last record; after 2^31-1 comes 0."""
        if self.base_sequence < 0:
            return NO_SEQUENCE
        return self.base_sequence + self.last_offset_delta & 0x7FFFFFFF


def read_header(buffer: bytes | bytearray | memoryview, start: int = 0) -> BatchHeader:
    """Return the header that begins at `start`; there must be HEADER_BYTES."""
    return new_tuple(BatchHeader, unpack_header(buffer, start))  # _make, without its check of the length


def crc_matches(batch: bytes | memoryview, header: BatchHeader) -> bool:
    """Compare the CRC of a whole batch with the one in its header."""
    return bool(crc32c(memoryview(batch)[CRC_START : header.size]) == header.crc)


def stamp(buffer: bytearray, start: int, *, base_offset: int, leader_epoch: int) -> None:
    """Write base offset and leader epoch into a batch. The CRC does not cover them."""
    BASE_OFFSET.pack_into(buffer, start, base_offset)
    INT32.pack_into(buffer, start + LEADER_EPOCH_POSITION, leader_epoch)


def stamp_append_time(buffer: bytearray, view: memoryview, start: int, length: int, wall_ms: int) -> None:
    """Make a batch say that all its records were appended at `wall_ms`; its CRC is made anew."""
    (attributes,) = ATTRIBUTES.unpack_from(buffer, start + ATTRIBUTES_POSITION)
    ATTRIBUTES.pack_into(buffer, start + ATTRIBUTES_POSITION, attributes | LOG_APPEND_TIME_BIT)
    MAX_TIMESTAMP.pack_into(buffer, start + MAX_TIMESTAMP_POSITION, wall_ms)
    CRC.pack_into(buffer, start + CRC_POSITION, crc32c(view[start + CRC_START : start + length]))
