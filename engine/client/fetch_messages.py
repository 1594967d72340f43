"""Fetch as the client says it: positions to a request, an answer to whole batches.

Invariants:
- `Fetched.records` are whole batches only; a batch that was cut at the end is left out.
- `next_offset` is behind the last whole batch, also where compaction left gaps.
- If CRCs are checked, nothing from the first damaged batch on is handed out; one that comes first is an error.

Not here: sessions and positions (consumer.py), what is in a batch (records.py).
Spec: KIP-74 (at least one whole batch per answer), KIP-98 (aborted transactions), KIP-516 (topic ids).
"""

from crc32c import crc32c

from engine.client.calls import Fetch, Fetched, Place
from engine.client.cluster_metadata import NO_ID, ClusterMetadata, error_code
from engine.client.errors import ClientError, CorruptRecord, Refused
from engine.core.records.batch import CRC_START, HEADER_BYTES, LENGTH_END, MAGIC, read_header, unpack_place
from engine.wire.messages.fetch import FetchPartition, FetchRequest, FetchResponse, FetchTopic, PartitionData

BY_NAME_MAX = 12  # later versions name topics by id
NO_SESSION_EPOCH = -1
FetchFrom = tuple[int, int]  # an offset, and the epoch of the leader that is asked (KIP-320)


def fetch_topics(
    asked: dict[Place, FetchFrom], partition_bytes_max: int, metadata: ClusterMetadata
) -> tuple[list[FetchTopic], int]:
    """Return the topics of a request for these offsets, and the highest version that can say them."""
    topics: dict[str, FetchTopic] = {}
    version_max = 0x7FFF
    for (name, partition), (offset, leader_epoch) in asked.items():
        topic = topics.get(name)
        if topic is None:
            topic = topics[name] = FetchTopic(name, metadata.topic_id(name), [])
            if topic.topic_id == NO_ID:
                version_max = BY_NAME_MAX
        wanted = FetchPartition(partition, leader_epoch, offset)
        wanted.partition_max_bytes = partition_bytes_max
        topic.partitions.append(wanted)
    return list(topics.values()), version_max


def encode(asked: dict[Place, FetchFrom], call: Fetch, metadata: ClusterMetadata) -> tuple[FetchRequest, int]:
    """Return the request of a single fetch, and the highest version it may have."""
    topics, version_max = fetch_topics(asked, call.partition_bytes_max, metadata)
    request = FetchRequest(
        max_wait_ms=call.wait_ms,
        min_bytes=call.bytes_min,
        max_bytes=call.bytes_max,
        isolation_level=int(call.read_committed),
        session_id=0,
        session_epoch=NO_SESSION_EPOCH,
        topics=topics,
    )
    return request, version_max


def decode(
    answer: FetchResponse, asked: dict[Place, FetchFrom], metadata: ClusterMetadata, check_crcs: bool
) -> dict[Place, Fetched]:
    """Return what came for each partition that was asked for and is in the answer."""
    found: dict[Place, Fetched] = {}
    if answer.error_code:
        error = Refused(error_code(answer.error_code), "the fetch as a whole")
        return {place: failed(place, position, error) for place, (position, _) in asked.items()}
    for topic in answer.responses:
        name = topic.topic or metadata.names.get(topic.topic_id, "")
        for part in topic.partitions:
            place = (name, part.partition_index)
            if place in asked:
                found[place] = _fetched(place, asked[place][0], part, check_crcs)
    return found


def failed(place: Place, position: int, error: ClientError) -> Fetched:
    """Nothing came of a partition."""
    return Fetched(*place, position, position, -1, -1, -1, b"", (), error)


def _fetched(place: Place, position: int, part: PartitionData, check_crcs: bool) -> Fetched:
    if part.error_code:
        code = error_code(part.error_code)
        return failed(place, position, Refused(code, f"partition {place[1]} of topic {place[0]}"))
    data = bytes(part.records) if part.records is not None else b""
    size, next_offset = whole_batches(data, position, check_crcs=check_crcs)
    if check_crcs and not size and (corrupt := _corrupt(place, data)) is not None:
        return failed(place, position, corrupt)
    aborted: tuple[tuple[int, int], ...] = ()
    if part.aborted_transactions:
        aborted = tuple((entry.producer_id, entry.first_offset) for entry in part.aborted_transactions)
    return Fetched(
        place[0],
        place[1],
        position,
        next_offset,
        part.high_watermark,
        part.last_stable_offset,
        part.log_start_offset,
        data[:size],
        aborted,
    )


def _corrupt(place: Place, data: bytes) -> CorruptRecord | None:
    """Say what is wrong with the batch in front, if it is a whole one."""
    if len(data) < HEADER_BYTES or (header := read_header(data)).size > len(data):
        return None
    where = f"the record batch at offset {header.base_offset} of partition {place[1]} of topic {place[0]}"
    computed = crc32c(memoryview(data)[CRC_START : header.size])
    return CorruptRecord(f"{where} is corrupt (stored crc = {header.crc}, computed crc = {computed})")


def whole_batches(data: bytes, position: int, *, check_crcs: bool) -> tuple[int, int]:
    """Return the size of the whole batches, and the offset behind them (`position` if there is none)."""
    at, end, next_offset = 0, len(data), position
    view = memoryview(data)
    while end - at >= HEADER_BYTES:
        base_offset, length, magic, crc, last_offset_delta = unpack_place(data, at)
        behind = at + LENGTH_END + length
        if length < HEADER_BYTES - LENGTH_END or behind > end:
            break
        if check_crcs and magic == MAGIC and crc32c(view[at + CRC_START : behind]) != crc:
            break
        at = behind
        if base_offset + last_offset_delta >= next_offset:
            next_offset = base_offset + last_offset_delta + 1
    return at, next_offset
