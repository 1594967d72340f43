"""The bytes of a Fetch answer: small buffers around regions of files, so that records go out by sendfile.

Written by hand because a generated encoder would want the records in memory; tests
compare every version with the generated decoder.

Invariants:
- The frame's size counts the regions; no empty item is ever given out.
- Partitions of one topic that follow each other share its entry.

Not here: which records (handlers/fetch.py).
Spec: wire/messages/fetch.py, which is generated from Kafka's definition.
"""

from dataclasses import dataclass
from struct import Struct

from engine.broker.partition import Partition
from engine.core.connection.out_queue import Region
from engine.core.replication.fetch_sessions import FetchState
from engine.wire.error_codes import ErrorCode
from engine.wire.primitives import put_compact_count, put_compact_string, put_string, put_uvarint

WITH_LOG_START, WITH_SESSION, WITH_READ_REPLICA, FLEXIBLE, BY_TOPIC_ID = 5, 7, 11, 12, 13  # first versions
HEAD = Struct(">iii")  # size, correlation id, throttle time
HEAD_FLEXIBLE = Struct(">iiBi")
ERROR_AND_SESSION = Struct(">hi")
INT32 = Struct(">i")
PARTITION = {4: Struct(">ihqqi"), 5: Struct(">ihqqqi"), 11: Struct(">ihqqqii")}
PARTITION_FLEXIBLE = Struct(">ihqqqBi")
DIVERGING_TAG, LEADER_TAG = 0, 1
NO_ERROR = ErrorCode.NONE  # by its own name: what an Enum is asked for costs a search, and each answer passes here
DIVERGING = Struct(">BBiqB")  # tag, size, epoch, end offset, no tagged fields
LEADER = Struct(">BBiiB")
NULL, EMPTY = 0, 1  # counts of a compact array


@dataclass(slots=True, eq=False)
class FetchedPartition:
    """What one partition's part of the answer says."""

    state: FetchState
    committed_only: bool = False
    partition: Partition | None = None
    code: ErrorCode = ErrorCode.NONE
    urgent: bool = False  # to be told now, however few records there are
    high_watermark: int = -1
    log_start_offset: int = -1
    region: Region | None = None
    record_bytes: int = 0
    diverging: tuple[int, int] | None = None  # epoch, its end offset
    leader_hint: tuple[int, int] | None = None  # leader id, leader epoch

    def is_news(self) -> bool:
        """Say whether an incremental answer tells it, and remember that it does."""
        return self.state.is_news(
            high_watermark=self.high_watermark,
            log_start_offset=self.log_start_offset,
            failed=self.code != 0 or self.diverging is not None,
            has_records=self.record_bytes > 0,
        )


def encode_refusal(version: int, correlation_id: int, code: ErrorCode) -> bytes:
    """The answer to a fetch whose session is not there or out of step (from version 7 on)."""
    head = bytearray()
    _put_head(head, version, code, 0)
    _put_count(head, version, 0)
    if version >= FLEXIBLE:
        head.append(0)
    return _with_size(bytes(head), version, correlation_id, 0)


def encode_reply(
    version: int, correlation_id: int, session_id: int, fetched: list[FetchedPartition]
) -> list[bytes | Region]:
    """The frame as items: bytes, and the regions that lie between them."""
    flexible = version >= FLEXIBLE
    items: list[bytes | Region] = []
    out = bytearray()
    _put_head(out, version, NO_ERROR, session_id)
    runs = _topic_runs(fetched)
    _put_count(out, version, len(runs))
    size = 0
    for run in runs:
        _put_topic(out, version, run)
        for one in run:
            _put_partition(out, version, one)
            if one.region is not None:
                items += (bytes(out), one.region)
                size += len(out) + one.record_bytes
                out = bytearray()
            if flexible:
                _put_tags(out, one)
        if flexible:
            out.append(0)
    if flexible:
        out.append(0)
    if out:
        items.append(bytes(out))
        size += len(out)
    first = items[0]
    assert isinstance(first, bytes), "an answer begins with its head"
    items[0] = _with_size(first, version, correlation_id, size - len(first))
    return items


def _with_size(head: bytes, version: int, correlation_id: int, size_after: int) -> bytes:
    """Put before the first item what it could not know yet: how long the frame is."""
    size = len(head) + size_after
    if version >= FLEXIBLE:
        return HEAD_FLEXIBLE.pack(HEAD_FLEXIBLE.size - 4 + size, correlation_id, 0, 0) + head
    return HEAD.pack(HEAD.size - 4 + size, correlation_id, 0) + head


def _put_head(out: bytearray, version: int, code: ErrorCode, session_id: int) -> None:
    if version >= WITH_SESSION:
        out += ERROR_AND_SESSION.pack(code, session_id)


def _put_count(out: bytearray, version: int, count: int) -> None:
    if version >= FLEXIBLE:
        put_compact_count(out, count)
    else:
        out += INT32.pack(count)


def _topic_runs(fetched: list[FetchedPartition]) -> list[list[FetchedPartition]]:
    runs: list[list[FetchedPartition]] = []
    for one in fetched:
        if runs and runs[-1][0].state.topic == one.state.topic:
            runs[-1].append(one)
        else:
            runs.append([one])
    return runs


def _put_topic(out: bytearray, version: int, run: list[FetchedPartition]) -> None:
    topic = run[0].state.topic
    if isinstance(topic, bytes):
        out += topic
    elif version >= FLEXIBLE:
        put_compact_string(out, topic)
    else:
        put_string(out, topic)
    _put_count(out, version, len(run))


def _put_partition(out: bytearray, version: int, one: FetchedPartition) -> None:
    """Everything of a partition up to its records."""
    index, code, mark, start = one.state.index, one.code, one.high_watermark, one.log_start_offset
    if version >= FLEXIBLE:
        aborted = EMPTY if one.committed_only else NULL
        out += PARTITION_FLEXIBLE.pack(index, code, mark, mark, start, aborted, -1)
        put_uvarint(out, one.record_bytes + 1)
        return
    aborted = 0 if one.committed_only else -1
    if version >= WITH_READ_REPLICA:
        out += PARTITION[11].pack(index, code, mark, mark, start, aborted, -1)
    elif version >= WITH_LOG_START:
        out += PARTITION[5].pack(index, code, mark, mark, start, aborted)
    else:
        out += PARTITION[4].pack(index, code, mark, mark, aborted)
    out += INT32.pack(one.record_bytes)


def _put_tags(out: bytearray, one: FetchedPartition) -> None:
    """What follows a partition's records."""
    if one.diverging is None and one.leader_hint is None:  # nearly each
        out.append(0)
        return
    out.append((one.diverging is not None) + (one.leader_hint is not None))
    if one.diverging is not None:
        out += DIVERGING.pack(DIVERGING_TAG, DIVERGING.size - 2, *one.diverging, 0)
    if one.leader_hint is not None:
        out += LEADER.pack(LEADER_TAG, LEADER.size - 2, *one.leader_hint, 0)
