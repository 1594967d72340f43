"""Runs of like Produce requests: pipelined tiny ones are appended by one write a partition.

Requests are alike if they differ only in correlation id, partition and records: same
version, client, acks, timeout and topic. Everything else, and every batch that is not
plain, takes the way of one request at a time (handlers/produce.py); a run never changes
what is answered.

Invariants:
- A run lies in one read; its replies are in the order of its requests.
- Within a partition the batches keep the order of the requests.
- With acks=all the run waits as one, for the high watermarks of all its partitions: what
  an event appends is synced together, so none of them has to wait for another.

Not here: stamps and writes (storage/runs.py), bytes of replies (produce_replies.py).
"""

from collections.abc import Callable
from functools import lru_cache
from struct import Struct
from typing import TYPE_CHECKING, Any

from crc32c import crc32c

from engine.broker import durability
from engine.broker.parked_requests import park_ack
from engine.broker.produce_heads import FLEXIBLE, INDEX_BYTES, NO_TAGS, Head, read_length
from engine.broker.produce_replies import UNTOLD, encode_one, encode_refused, encode_run
from engine.core.records.batch import CRC_START, HEADER_BYTES, LENGTH_END, MAGIC
from engine.storage.disk import StorageError
from engine.storage.runs import BATCH_BYTES_MAX, BATCHES_MAX, RECORDS_MAX, Run, append_run, open_run
from engine.wire.primitives import Malformed

if TYPE_CHECKING:
    from engine.broker.broker import Broker
    from engine.broker.connections import ClientConnection
    from engine.broker.partition import Partition

ALL, NOBODY = -1, 0

Found = tuple[int, list[int], list[int], dict[int, Run]]  # end of the run; correlation ids, partitions; their batches


@lru_cache(256)
def row_struct(alike_bytes: int, length_bytes: int) -> tuple[Callable[..., tuple[Any, ...]], int]:
    """How to unpack a request and the header of its batch, and how many bytes that takes.

    Size, key and version, correlation id, what is alike, partition, length of the records;
    base offset, length, magic, crc, attributes, last offset delta, max timestamp, the first
    byte of the producer id, record count.
    """
    row = Struct(f">iii{alike_bytes}si{length_bytes}sqi4xbIhi8xqb13xi")
    return row.unpack_from, row.size


def handle_run(
    broker: "Broker",
    connection: "ClientConnection",
    buffer: bytearray,
    view: memoryview,
    position: int,
    end: int,
    head: Head,
) -> int:
    """Answer the run of like requests that begins at `position`; return where it ends: there if it is none."""
    run_end, correlation_ids, indexes, runs = find_run(broker, buffer, view, position, end, head)
    if len(indexes) < 2:
        return position
    offsets: dict[int, list[int]] = {}
    refused: dict[int, StorageError] = {}
    for index, run in runs.items():
        try:
            offsets[index] = append(broker, head.partitions[index], run, buffer, view)
        except StorageError as error:
            error.__traceback__ = None  # its frames hold views of the buffer
            durability.note_disk_error(broker, error)
            refused[index] = error
    if head.acks == NOBODY:
        if refused:
            raise Malformed(UNTOLD)
        return run_end
    if refused:
        replies = replies_with_refusals(head, correlation_ids, indexes, offsets, refused)
    else:
        starts = {index: run.log.log_start_offset for index, run in runs.items()}
        replies = encode_run(head.version, correlation_ids, head.name, indexes, offsets, starts)
    if head.acks == ALL and broker.durability.fsync and offsets:
        waiting = [(known[-1], head.partitions[index]) for index, known in offsets.items()]
        park_ack(broker, connection, replies, waiting, head.timeout_ms, head.version)
    else:
        connection.reply(replies)
    return run_end


def find_run(broker: "Broker", buffer: bytearray, view: memoryview, position: int, end: int, head: Head) -> Found:
    """Find the like requests with plain batches from `position` on, and put their batches into runs by partition."""
    version, alike, partitions = head.version, head.alike, head.partitions
    length_at = position + head.end + INDEX_BYTES
    _, records_at = read_length(buffer, length_at, version)
    unpack, row_bytes = row_struct(len(alike), records_at - length_at)
    records_at -= position
    key_and_version = int.from_bytes(view[position + 4 : position + 8], "big")
    tail_bytes = len(NO_TAGS) if version >= FLEXIBLE else 0
    lengths: dict[bytes, int] = {}  # of records, by how it is written
    correlation_ids: list[int] = []
    indexes: list[int] = []
    runs: dict[int, Run] = {}
    while end - position >= row_bytes and len(indexes) < BATCHES_MAX:
        (
            size, key, correlation_id, like, index, written, claimed_offset, claimed_length, magic, crc,
            attributes, last_delta, timestamp, producer, count,
        ) = unpack(buffer, position)  # fmt: skip
        length = lengths.get(written, -1)
        if length < 0:
            length = lengths[written] = read_length(bytearray(written) + b"\0", 0, version)[0]
        start = position + records_at
        row_end = start + length + tail_bytes
        if (
            like != alike
            or key != key_and_version
            or row_end != position + 4 + size
            or row_end > end
            or claimed_length + LENGTH_END != length
            or not HEADER_BYTES <= length <= BATCH_BYTES_MAX
            or magic != MAGIC
            or claimed_offset
            or attributes
            or count != last_delta + 1
            or not 0 < count <= RECORDS_MAX
            or producer >= 0  # an idempotent producer: its sequences are checked one by one
            or crc32c(view[start + CRC_START : start + length]) != crc
            or (tail_bytes and buffer[row_end - tail_bytes : row_end] != NO_TAGS)
        ):
            break
        run = runs.get(index)
        if run is None:
            run = open_partition_run(broker, partitions.get(index))
        if run is None or length > run.room or timestamp > run.latest:
            break
        runs[index] = run
        run.room -= length
        run.spans.append((start, length))
        run.counts.append(count)
        run.timestamps.append(timestamp)
        correlation_ids.append(correlation_id)
        indexes.append(index)
        position = row_end
    return position, correlation_ids, indexes, runs


def open_partition_run(broker: "Broker", partition: "Partition | None") -> Run | None:
    """Begin a run of a partition, if it takes one."""
    if partition is None or partition.offline or partition.holds_groups:
        return None
    return open_run(partition.log, partition.leader_epoch, broker.now_ms + broker.wall_offset_ms)


def append(broker: "Broker", partition: "Partition", run: Run, buffer: bytearray, view: memoryview) -> list[int]:
    """Append one partition's part of the run: it is to count, and to be counted."""
    if partition.offline:
        raise StorageError("the log directory is offline")
    offsets = append_run(run, buffer, view)
    durability.note_append(broker, partition)
    counters = broker.counters
    counters.produced_batches += len(run.spans)
    counters.produced_bytes += sum(length for _, length in run.spans)
    if broker.effects.observing:
        for number in range(len(run.spans)):
            broker.effects.observe("appended", partition.topic, partition.index, offsets[number], offsets[number + 1])
    return offsets


def replies_with_refusals(
    head: Head,
    correlation_ids: list[int],
    indexes: list[int],
    offsets: dict[int, list[int]],
    refused: dict[int, StorageError],
) -> bytes:
    """The replies of a run of which some partitions could not be written."""
    replies = []
    taken = {index: iter(known) for index, known in offsets.items()}
    for correlation_id, index in zip(correlation_ids, indexes, strict=True):
        partition = head.partitions[index]
        if index in refused:
            replies.append(encode_refused(head.version, correlation_id, partition, str(refused[index])))
        else:
            start, offset = partition.log.log_start_offset, next(taken[index])
            replies.append(encode_one(head.version, correlation_id, head.name, index, offset, start))
    return b"".join(replies)
