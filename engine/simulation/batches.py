"""Record batches as the workloads write them and the checkers read them.

A second, plain reading of the format, which shares nothing with core/records: what
the checkers find must not depend on the code they check.

Invariants: only uncompressed batches of magic 2; a checksum that does not fit raises.
Spec: https://kafka.apache.org/documentation/#recordbatch
"""

from collections.abc import Iterator
from struct import Struct
from typing import NamedTuple

from crc32c import crc32c

HEAD = Struct(">qiibI")  # base offset, length, leader epoch, magic, CRC
TAIL = Struct(">hiqqqhii")  # attributes to record count: the CRC covers these and the records
HEADER_BYTES = 61


class Batch(NamedTuple):
    """One batch, its records not yet looked at."""

    base_offset: int
    last_offset: int
    leader_epoch: int
    attributes: int
    base_timestamp: int
    max_timestamp: int
    producer_id: int
    producer_epoch: int
    base_sequence: int
    records: int
    data: bytes  # all of it
    position: int  # where it lies in what was read


class Broken(Exception):
    """Bytes that are no batch."""


def encode_batch(values: list[bytes], producer_id: int, epoch: int, sequence: int, timestamp: int) -> bytes:
    """Return one batch of values without keys, all of one time."""
    records = bytearray()
    for delta, value in enumerate(values):
        body = b"\0\0" + _varint(delta) + b"\1" + _varint(len(value)) + value + b"\0"
        records += _varint(len(body)) + body
    tail = TAIL.pack(0, len(values) - 1, timestamp, timestamp, producer_id, epoch, sequence, len(values)) + records
    return HEAD.pack(0, len(tail) + 9, -1, 2, crc32c(tail)) + tail


def batches_of(data: bytes, whole: bool) -> Iterator[Batch]:
    """Return the batches in some bytes; a torn one at the end is an error if all should be `whole`."""
    position = 0
    while position < len(data):
        if len(data) - position < HEADER_BYTES:
            break
        base_offset, length, leader_epoch, magic, checksum = HEAD.unpack_from(data, position)
        end = position + 12 + length
        if length < HEADER_BYTES - 12 or end > len(data):
            break
        if magic != 2 or crc32c(data[position + 21 : end]) != checksum:
            raise Broken(f"at byte {position}, offset {base_offset}")
        attributes, delta, first, last, producer_id, epoch, sequence, count = TAIL.unpack_from(data, position + 21)
        yield Batch(
            base_offset, base_offset + delta, leader_epoch, attributes, first, last, producer_id, epoch, sequence,
            count, data[position:end], position,
        )  # fmt: skip
        position = end
    if whole and position != len(data):
        raise Broken(f"{len(data) - position} bytes at {position} are no batch")


def values_of(batch: Batch) -> list[bytes]:
    """Return the records' values, b"" for a null one."""
    if batch.attributes & 7:
        raise Broken(f"the batch at offset {batch.base_offset} is compressed")
    data, at, found = batch.data, HEADER_BYTES, []
    for _ in range(batch.records):
        length, at = _read_varint(data, at)
        end = at + length
        _, at = _read_varint(data, at + 1)  # attributes, timestamp delta
        _, at = _read_varint(data, at)  # offset delta
        key_length, at = _read_varint(data, at)
        value_length, at = _read_varint(data, at + max(0, key_length))
        found.append(data[at : at + max(0, value_length)])
        at = end
    return found


def _varint(number: int) -> bytes:
    number = number << 1 ^ number >> 63
    if number < 128:
        return bytes((number,))
    encoded = bytearray()
    while number > 127:
        encoded.append(number & 127 | 128)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def _read_varint(data: bytes, position: int) -> tuple[int, int]:
    shift = number = 0
    while True:
        byte = data[position]
        position += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return (number >> 1) ^ -(number & 1), position
        shift += 7
