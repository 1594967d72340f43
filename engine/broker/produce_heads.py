"""The head of the common Produce request: one topic, one partition; read in place, in every version.

Everything before the partition's index is the head. Requests that a client pipelines have
the same one, so it is read once for a run of them (produce_runs.py).

Not here: requests of any other shape (the generated codec reads them, handlers/produce.py).
"""

from struct import Struct
from typing import TYPE_CHECKING

from engine.core.records.batch import HEADER_BYTES

if TYPE_CHECKING:
    from engine.broker.broker import Broker
    from engine.broker.partition import Partition

FLEXIBLE, BY_TOPIC_ID = 9, 13  # first versions
INDEX_BYTES = 4  # of the partition, behind the head; the length of the records follows
TOPIC_ID_BYTES = 16

# transactional id (null), acks, timeout, one topic, length of its name
unpack_plain = Struct(">hhiih").unpack_from
unpack_flexible = Struct(">BhiBB").unpack_from
unpack_by_id = Struct(">BhiB").unpack_from
unpack_int32 = Struct(">i").unpack_from
NO_TAGS = b"\0\0\0"  # no tagged fields in partition, topic, request


# acks, timeout in ms, the topic as the request wrote it (with its length, or its id), its partitions, and where
# the head ends: there the partition's index stands. A plain tuple, because one is made for each request.
Head = tuple[int, int, bytes, "dict[int, Partition]", int]


def read_head(
    broker: "Broker", buffer: bytearray, view: memoryview, position: int, end: int, version: int
) -> Head | None:
    """Read the head of the request whose body is `position..end`; None if it is not a common one of a known topic."""
    if version < FLEXIBLE:
        transactional, acks, timeout_ms, topic_count, name_bytes = unpack_plain(buffer, position)
        name_end = position + 14 + name_bytes
        if transactional != -1 or topic_count != 1 or name_bytes <= 0 or name_end + 12 + HEADER_BYTES > end:
            return None
        name = bytes(view[position + 12 : name_end])
        partitions = broker.replica_manager.by_name.get(name)
        if partitions is None or unpack_int32(buffer, name_end)[0] != 1:
            return None
        return acks, timeout_ms, name, partitions, name_end + 4
    if version < BY_TOPIC_ID:
        transactional, acks, timeout_ms, topic_count, name_bytes = unpack_flexible(buffer, position)
        name_end = position + 8 + name_bytes  # the length byte says one more
        by_name = broker.replica_manager.by_compact_name
    else:
        transactional, acks, timeout_ms, topic_count = unpack_by_id(buffer, position)
        name_end, name_bytes = position + 8 + TOPIC_ID_BYTES, TOPIC_ID_BYTES
        by_name = broker.replica_manager.by_id
    if transactional or topic_count != 2 or not 0 < name_bytes < 0x80 or name_end + 9 + HEADER_BYTES > end:
        return None
    name = bytes(view[position + 8 : name_end])
    partitions = by_name.get(name)
    if partitions is None or buffer[name_end] != 2:
        return None
    return acks, timeout_ms, name, partitions, name_end + 1


def read_length(buffer: bytearray, position: int, version: int) -> tuple[int, int]:
    """Return how long the records are and where they begin; their length stands at `position`."""
    if version < FLEXIBLE:
        return unpack_int32(buffer, position)[0], position + 4
    byte = buffer[position]
    length, shift = byte & 0x7F, 7
    while byte >= 0x80 and shift < 35:
        position += 1
        byte = buffer[position]
        length |= (byte & 0x7F) << shift
        shift += 7
    return length - 1, position + 1
