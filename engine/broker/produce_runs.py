"""Runs of like Produce requests: pipelined tiny ones are appended by one write and wait as one.

Requests are alike if they differ only in correlation id and records: same version, client,
acks, timeout, topic and partition. Everything else, and everything that is not plain,
takes the way of one request at a time (handlers/produce.py); a run never changes what
is answered.

Invariants:
- A run lies in one read and has one partition; its replies are in the order of its requests.
- With acks=all the run waits as one: for the high watermark to pass its last record.

Not here: checks and stamps of batches (storage/runs.py), bytes of replies (produce_replies.py).
"""

from struct import Struct
from typing import TYPE_CHECKING

from engine.broker import durability
from engine.broker.parked_requests import ParkedAck
from engine.broker.produce_replies import encode_run
from engine.core.connection.reply_order import Slot
from engine.core.records.batch import HEADER_BYTES
from engine.storage.disk import StorageError
from engine.storage.runs import append_run

if TYPE_CHECKING:
    from engine.broker.broker import Broker
    from engine.broker.connections import ClientConnection
    from engine.broker.partition import Partition

REQUESTS_MAX = 64  # in one run
RECORD_BYTES_MAX = 4 << 10  # of one request: larger ones gain nothing
CORRELATION_END = 12  # where a request goes on to be like the others
HEAD_BYTES = 14  # size, api key, version, correlation id, length of the client id
PRODUCER_ID = 43  # where in a batch
unpack_start = Struct(">iii").unpack_from  # size, api key and version, correlation id
unpack_int16 = Struct(">h").unpack_from
unpack_int32 = Struct(">i").unpack_from
unpack_head = Struct(">hhiih").unpack_from  # transactional id (null), acks, timeout, one topic, name length
unpack_partition = Struct(">iii").unpack_from  # one partition, its index, bytes of records
ALL, NOBODY = -1, 0


def handle_run(
    broker: "Broker", connection: "ClientConnection", buffer: bytearray, view: memoryview, position: int, end: int
) -> int:
    """Answer the run of like requests (Produce 3 to 8) that begins at `position`; return where it ends."""
    client_id_bytes = unpack_int16(buffer, position + CORRELATION_END)[0]
    body = position + HEAD_BYTES + (client_id_bytes if client_id_bytes > 0 else 0)
    if body + 14 > end:
        return position
    transactional, acks, timeout_ms, topic_count, name_bytes = unpack_head(buffer, body)
    name_end = body + 14 + name_bytes
    if transactional != -1 or topic_count != 1 or name_bytes <= 0 or name_end + 12 + HEADER_BYTES > end:
        return position
    partition_count, index, length = unpack_partition(buffer, name_end)
    if partition_count != 1 or not HEADER_BYTES <= length <= RECORD_BYTES_MAX or not -1 <= acks <= 1:
        return position
    name = bytes(view[body + 12 : name_end])
    partition = broker.replica_manager.by_name.get(name, {}).get(index)
    if (
        partition is None
        or partition.offline
        or buffer[name_end + 12 + PRODUCER_ID] < 0x80  # an idempotent producer: its sequences are checked one by one
    ):
        return position
    active = partition.log.active
    until_index_entry = active.index_due - active.size  # the batch after that takes the other way
    spans, correlation_ids = find_run(buffer, position, name_end + 8 - position, end, until_index_entry)
    if len(spans) < 2:
        return position
    try:
        offsets = append_run(
            partition.log, buffer, view, spans, partition.leader_epoch, broker.now_ms + broker.wall_offset_ms
        )
    except StorageError as error:
        durability.note_disk_error(broker, error)
        return position  # one by one they are refused, or not
    if not offsets:
        return position
    note_appended(broker, partition, offsets, spans)
    if acks != NOBODY:
        version = unpack_int16(buffer, position + 6)[0]
        start = partition.log.log_start_offset
        replies = encode_run(version, correlation_ids, name, index, offsets, start)
        answer(broker, connection, partition, replies, acks, timeout_ms, version)
    last_start, last_length = spans[len(offsets) - 1]
    return last_start + last_length


def find_run(
    buffer: bytearray, position: int, head: int, end: int, bytes_left: int
) -> tuple[list[tuple[int, int]], list[int]]:
    """Where the records of like requests lie, from `position` on, and their correlation ids.

    `head` is how far behind a request's beginning the length of its records stands; no
    request is looked for once `bytes_left` bytes of records are found.
    """
    spans: list[tuple[int, int]] = []
    correlation_ids: list[int] = []
    alike = buffer[position + CORRELATION_END : position + head]
    key_and_version = unpack_start(buffer, position)[1]
    while bytes_left >= 0 and end - position >= head + 4 + HEADER_BYTES and len(spans) < REQUESTS_MAX:
        size, key, correlation_id = unpack_start(buffer, position)
        length = unpack_int32(buffer, position + head)[0]
        start = position + head + 4
        if (
            key != key_and_version
            or size != head + length
            or not HEADER_BYTES <= length <= RECORD_BYTES_MAX
            or start + length > end
            or buffer[position + CORRELATION_END : position + head] != alike
        ):
            break
        spans.append((start, length))
        correlation_ids.append(correlation_id)
        position = start + length
        bytes_left -= length
    return spans, correlation_ids


def note_appended(broker: "Broker", partition: "Partition", offsets: list[int], spans: list[tuple[int, int]]) -> None:
    """The run is new in the log: it is to count, and to be counted."""
    durability.note_append(broker, partition)
    counters = broker.counters
    counters.produced_batches += len(offsets)
    counters.produced_bytes += sum(length for _, length in spans[: len(offsets)])
    if broker.effects.observing:
        ends = [*offsets[1:], partition.log.log_end_offset]
        for offset, after in zip(offsets, ends, strict=True):
            broker.effects.observe("appended", partition.topic, partition.index, offset, after)


def answer(
    broker: "Broker",
    connection: "ClientConnection",
    partition: "Partition",
    replies: bytes,
    acks: int,
    timeout_ms: int,
    version: int,
) -> None:
    """Send the replies in their turn, or keep them until the last record of the run counts."""
    if acks == ALL and broker.durability.fsync:
        slot = ParkedAck(None, connection, broker.now_ms + timeout_ms, version, replies, 1)
        connection.slots.append(slot)
        partition.parked_acks.append((partition.log.log_end_offset, slot))
    elif connection.slots:
        connection.slots.append(Slot([replies]))
    else:
        connection.out.add(replies)
