"""Records of a topic as pages show them: a page of them from any place, or one."""

from dataclasses import dataclass
from typing import Literal

from console.kafka.connection import ConnectionSpec

Positions = tuple[tuple[int, int], ...]  # (partition, offset) pairs: where a page ends and the next one begins


@dataclass(frozen=True, slots=True)
class Start:
    """Where reading begins. `value` is the offset or the timestamp (ms); `positions` for before and after."""

    kind: Literal["newest", "oldest", "offset", "timestamp", "before", "after"] = "newest"
    value: int = 0
    positions: Positions = ()


@dataclass(frozen=True, slots=True)
class RecordView:
    """One record, bytes as they are (text, JSON and hex are the page's concern)."""

    partition: int
    offset: int
    timestamp_ms: int  # -1: none
    timestamp_type: Literal["CreateTime", "LogAppendTime"]
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]
    size: int  # bytes of key, value and headers
    leader_epoch: int
    compression: str  # "none" | "gzip" | "snappy" | "lz4" | "zstd"
    producer_id: int  # -1: not idempotent
    producer_epoch: int
    sequence: int
    transactional: bool


@dataclass(frozen=True, slots=True)
class PartitionRange:
    """What was looked at of one partition: offsets `from_offset` <= x < `to_offset`, of what there is."""

    partition: int
    start_offset: int
    end_offset: int
    from_offset: int
    to_offset: int
    error: str | None = None  # why nothing could be read


@dataclass(frozen=True, slots=True)
class RecordPage:
    """Some records. newest and before: newest first; the other kinds: oldest first. Order: timestamp, partition, offset."""

    records: list[RecordView]
    partitions: list[PartitionRange]
    control_records: int  # transaction markers that were passed over
    older: Positions | None  # for Start("before", positions=...); None when there is nothing older
    newer: Positions | None  # for Start("after", positions=...); None when nothing newer is there yet
    complete: bool  # False: time or bytes were up first; `older` or `newer` goes on from here


def positions_text(positions: Positions) -> str:
    """For a URL: "0:123,1:55"."""
    return ",".join(f"{partition}:{offset}" for partition, offset in positions)


def parse_positions(text: str) -> Positions:
    """The inverse; ValueError if it is not such a text."""
    pairs = [part.split(":") for part in text.split(",")] if text else []
    if any(len(pair) != 2 or not all(number.isascii() and number.isdigit() for number in pair) for pair in pairs):
        raise ValueError("not positions")
    return tuple((int(partition), int(offset)) for partition, offset in pairs)


def read(
    spec: ConnectionSpec, topic: str, *, partition: int | None = None, start: Start | None = None, limit: int = 50
) -> RecordPage:
    """At most `limit` records from the start (newest by default), of one partition or of all."""
    raise NotImplementedError


def one(spec: ConnectionSpec, topic: str, partition: int, offset: int) -> RecordView:
    """The record at this offset; NotFound when it was deleted, compacted away, is a marker, or not there yet."""
    raise NotImplementedError
