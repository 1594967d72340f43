"""The records inside a batch: read one by one, by hand, each length checked.

The engine looks inside only where it must: compacted topics, lookups by time, the client
that decodes for people. A record's numbers are zig-zag varints relative to its batch.

Invariant: no length or count is trusted: what does not fit the bytes raises WireError.
Not here: writing them (builder.py), unpacking (compression.py).
Spec: org.apache.kafka.common.record.DefaultRecord; KIP-98, KIP-82 (headers).
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from engine.core.records.batch import (
    CODEC_MASK,
    HEADER_BYTES,
    LENGTH_END,
    LOG_APPEND_TIME_BIT,
    MAGIC,
    BatchHeader,
    crc_matches,
    read_header,
)
from engine.core.records.compression import bytes_max, decompress
from engine.wire.error_codes import ErrorCode, WireError

DENSE_MAX = 4  # records in a row that hold a needle
Header = tuple[str, bytes | None]


class Record(NamedTuple):
    """One record as it is in the log."""

    offset: int
    timestamp: int  # ms, -1: none
    key: bytes | None
    value: bytes | None
    headers: tuple[Header, ...]


def batches(data: bytes | memoryview) -> Iterator[tuple[BatchHeader, memoryview]]:
    """Go through the whole batches at the front of `data`; the last one may be cut, as in a fetch."""
    view = memoryview(data)
    position, end = 0, len(view)
    while position + HEADER_BYTES <= end:
        header = read_header(view, position)
        if header.length < HEADER_BYTES - LENGTH_END or header.magic != MAGIC:
            raise WireError(ErrorCode.CORRUPT_MESSAGE, f"No record batch of format 2 begins at byte {position}")
        if position + header.size > end:
            return
        yield header, view[position : position + header.size]
        position += header.size


def decode_records(batch: bytes | memoryview, *, check_crc: bool = True) -> list[Record]:
    """Return the records of one whole batch; WireError if anything in it is not as it claims."""
    header, data = open_batch(batch, check_crc=check_crc)
    try:
        records, end = _decode(data, header)
    except IndexError as damage:
        raise _invalid("Incorrect declared batch size, premature EOF reached") from damage
    if end != len(data):
        raise _invalid("Incorrect declared batch size, records still remaining in file")
    return records


def open_batch(batch: bytes | memoryview, *, check_crc: bool = True) -> tuple[BatchHeader, bytes]:
    """Return the header of one whole batch and its records unpacked, as they lie there; WireError if it is damaged."""
    if len(batch) < HEADER_BYTES:
        raise WireError(ErrorCode.CORRUPT_MESSAGE, f"{len(batch)} bytes are no record batch")
    header = read_header(batch)
    if header.magic != MAGIC or header.size != len(batch):
        raise WireError(ErrorCode.CORRUPT_MESSAGE, "The batch is not as long as it says, or of another format")
    if check_crc and not crc_matches(batch, header):
        raise WireError(ErrorCode.CORRUPT_MESSAGE, "Record is corrupt: its CRC does not match its content")
    codec = header.attributes & CODEC_MASK
    return header, decompress(codec, memoryview(batch)[HEADER_BYTES:], bytes_max(len(batch)))


def records_holding(data: bytes, header: BatchHeader, needles: Sequence[bytes]) -> Iterator[Record]:
    """Decode only those records in whose bytes one of the needles begins; the others are stepped over.

    A needle may begin in one record's last bytes and end in the next: what is given may hold it, what is not does not.
    """
    hits = [data.find(needle) for needle in needles]
    first = _first(hits)
    position = dense = 0
    try:
        for number in range(header.record_count):
            if first < 0:
                return
            size, begin = _varint(data, position)
            end = begin + size
            if size < 0 or end > len(data):
                raise _invalid(f"Invalid record size: {size} bytes are claimed at byte {begin} of {len(data)}")
            if first < end:
                dense += 1
                if dense > DENSE_MAX:  # looking costs more than decoding
                    yield from _decode(data[position:], header._replace(record_count=header.record_count - number))[0]
                    return
                yield from _decode(data[position:end], header._replace(record_count=1))[0]
                for index, hit in enumerate(hits):
                    if 0 <= hit < end:
                        hits[index] = data.find(needles[index], end)
                first = _first(hits)
            else:
                dense = 0
            position = end
    except IndexError as damage:
        raise _invalid("Incorrect declared batch size, premature EOF reached") from damage


def _first(hits: list[int]) -> int:
    """The first of some places; -1: there is none."""
    return hits[0] if len(hits) == 1 else min((hit for hit in hits if hit >= 0), default=-1)


def _decode(data: bytes, header: BatchHeader) -> tuple[list[Record], int]:
    base_offset, base_timestamp = header.base_offset, header.base_timestamp
    append_time = header.max_timestamp if header.attributes & LOG_APPEND_TIME_BIT else None
    records: list[Record] = []
    position = 0
    for _ in range(header.record_count):
        size, position = _varint(data, position)
        end = position + size
        if size < 0 or end > len(data):
            raise _invalid(f"Invalid record size: {size} bytes are claimed at byte {position} of {len(data)}")
        delta, position = _varint(data, position + 1)  # one byte of attributes, unused
        timestamp = base_timestamp + delta if append_time is None else append_time
        delta, position = _varint(data, position)
        key, position = _bytes(data, position, end)
        value, position = _bytes(data, position, end)
        count = data[position] >> 1  # most often 0 or a few: one byte
        if data[position] < 0x80 and not data[position] & 1:
            position += 1
        else:
            count, position = _varint(data, position)
        if count < 0 or count > end - position:
            raise _invalid(f"Found invalid number of record headers {count}")
        headers: tuple[Header, ...] = ()
        if count:
            headers, position = _headers(data, position, end, count)
        if position != end:
            raise _invalid(f"Invalid record size: expected to read {size} bytes, but the record ends elsewhere")
        records.append(Record(base_offset + delta, timestamp, key, value, headers))
    return records, position


def _varint(data: bytes, position: int) -> tuple[int, int]:
    byte = data[position]
    position += 1
    if byte < 0x80:
        return byte >> 1 ^ -(byte & 1), position
    value, shift = byte & 0x7F, 7
    while shift < 70:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value >> 1 ^ -(value & 1), position
        shift += 7
    raise _invalid("Varint is too long, the most significant bit in the 10th byte is set")


def _bytes(data: bytes, position: int, end: int) -> tuple[bytes | None, int]:
    size, position = _varint(data, position)
    if size < 0:
        if size != -1:
            raise _invalid(f"Invalid length {size} of a key or value")
        return None, position
    stop = position + size
    if stop > end:
        raise _invalid(f"A key or value of {size} bytes ends after its record")
    return data[position:stop], stop


def _headers(data: bytes, position: int, end: int, count: int) -> tuple[tuple[Header, ...], int]:
    headers: list[Header] = []
    for _ in range(count):
        name, position = _bytes(data, position, end)
        if name is None:
            raise _invalid("Invalid negative header key size -1")
        value, position = _bytes(data, position, end)
        headers.append((name.decode("utf-8", "replace"), value))
    return tuple(headers), position


def _invalid(message: str) -> WireError:
    return WireError(ErrorCode.INVALID_RECORD, message)
