"""The head of the common Produce request: one topic, one partition; read in place, in every version.

Everything from the client id up to the partition's index is the head. A client sends the
same one again and again, so a connection remembers its last one: a request that begins
with the same bytes needs no reading, and requests that a client pipelines are found by it
(produce_runs.py).

Invariants:
- A head's partitions are those of a topic that is there; when it is deleted they are none.
- What a connection remembers is at most ALIKE_BYTES_MAX long.

Not here: requests of any other shape (the generated codec reads them, handlers/produce.py).
"""

from dataclasses import dataclass
from struct import Struct
from typing import TYPE_CHECKING

from engine.core.records.batch import HEADER_BYTES

if TYPE_CHECKING:
    from engine.broker.broker import Broker
    from engine.broker.partition import Partition

FLEXIBLE, BY_TOPIC_ID = 9, 13  # first versions
ALIKE_AT = 12  # where a head begins: behind size, key, version and correlation id
INDEX_BYTES = 4  # of the partition, behind the head; the length of the records follows
TOPIC_ID_BYTES = 16
ALIKE_BYTES_MAX = 1 << 10

# transactional id (null), acks, timeout, one topic, length of its name
unpack_plain = Struct(">hhiih").unpack_from
unpack_flexible = Struct(">BBhiBB").unpack_from  # tags of the header before them
unpack_int32 = Struct(">i").unpack_from
unpack_index_and_length = Struct(">ii").unpack_from
NO_TAGS = b"\0\0\0"  # no tagged fields in partition, topic, request


@dataclass(slots=True, eq=False)
class Head:
    """What a common request says before it comes to its partition."""

    version: int
    alike: bytes  # the head itself
    end: int  # how far behind the request's beginning it ends: there the partition's index stands
    acks: int
    timeout_ms: int
    name: bytes  # the topic as the request wrote it, with its length, or its id
    partitions: "dict[int, Partition]"


def read_head(
    broker: "Broker", buffer: bytearray, view: memoryview, position: int, end: int, version: int
) -> Head | None:
    """Read the head of the request in `position..end`; None if it is not a common one of a known topic."""
    client_id_bytes = int.from_bytes(view[position + ALIKE_AT : position + ALIKE_AT + 2], "big", signed=True)
    body = position + ALIKE_AT + 2 + max(client_id_bytes, 0)
    if body + HEADER_BYTES > end:
        return None
    if version < FLEXIBLE:
        transactional, acks, timeout_ms, topics, name_bytes = unpack_plain(buffer, body)
        plain = transactional == -1 and topics == 1 and name_bytes > 0
        name_at, name_end = body + 12, body + 14 + name_bytes
        head_end = name_end + 4
        known = broker.replica_manager.by_name
    else:
        tags, transactional, acks, timeout_ms, topics, name_bytes = unpack_flexible(buffer, body)
        plain = not tags and not transactional and topics == 2 and 0 < name_bytes < 0x80
        name_at, name_end = body + 9, body + 9 + name_bytes  # the length byte says one more
        known = broker.replica_manager.by_compact_name
        if version >= BY_TOPIC_ID:
            plain = not tags and not transactional and topics == 2
            name_end = name_at + TOPIC_ID_BYTES
            known = broker.replica_manager.by_id
        head_end = name_end + 1
    if not plain or head_end + INDEX_BYTES + HEADER_BYTES > end or head_end - position > ALIKE_BYTES_MAX:
        return None
    name = bytes(view[name_at:name_end])
    partitions = known.get(name)
    if partitions is None or (unpack_int32(buffer, name_end)[0] != 1 if version < FLEXIBLE else buffer[name_end] != 2):
        return None
    alike = bytes(view[position + ALIKE_AT : head_end])
    return Head(version, alike, head_end - position, acks, timeout_ms, name, partitions)


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
