"""Small text files, in Kafka's formats: offsets of all partitions, leader epochs, ids, the marker of a clean stop.

The three offset checkpoints of a log directory are hints that shorten recovery, except
the log start offsets: those bring deleted records back if they are lost, so a damaged
one is an error.

Invariant: each file is written whole and durably (Disk.write_whole): old or new, never between.
Not here: meta.properties (meta_properties.py), when to write (broker/housekeeping.py).
Spec: org.apache.kafka.storage.internals.checkpoint.
"""

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from engine.core.log.leader_epochs import LeaderEpochs
from engine.storage.disk import Disk, StorageError

RECOVERY_POINTS = "recovery-point-offset-checkpoint"
LOG_START_OFFSETS = "log-start-offset-checkpoint"
HIGH_WATERMARKS = "replication-offset-checkpoint"
CLEAN_SHUTDOWN = ".kafka_cleanshutdown"
LEADER_EPOCHS = "leader-epoch-checkpoint"
PARTITION_METADATA = "partition.metadata"
METADATA_DIRECTORY = "__cluster_metadata-0"
DELETED_DIRECTORY_SUFFIX = "-delete"
VERSION = 0

PartitionKey = tuple[str, int]
Offsets = dict[PartitionKey, int]


class CheckpointedLog(Protocol):
    """What a checkpoint tells of a log."""

    recovery_point: int
    log_start_offset: int


class CheckpointedPartition(Protocol):
    """What a checkpoint tells of a partition."""

    topic: str
    index: int
    high_watermark: int

    @property
    def log(self) -> CheckpointedLog:
        """Its log."""


@dataclass(slots=True)
class Known:
    """What a log directory remembers of its last run."""

    clean: bool  # the last run stopped in order: nothing needs recovery
    recovery_points: Offsets = field(default_factory=dict)
    log_start_offsets: Offsets = field(default_factory=dict)
    high_watermarks: Offsets = field(default_factory=dict)


# ---- the log directory
def read_all(disk: Disk) -> Known:
    """Read the checkpoints of the log directory."""
    return Known(
        clean=disk.read_whole(CLEAN_SHUTDOWN) is not None,
        recovery_points=_hints(disk, RECOVERY_POINTS),
        log_start_offsets=read_offsets(disk, LOG_START_OFFSETS),
        high_watermarks=_hints(disk, HIGH_WATERMARKS),
    )


def write_all(disk: Disk, partitions: Iterable[CheckpointedPartition]) -> None:
    """Write the three checkpoints; as in Kafka a log start of 0 goes without saying."""
    recovery_points, starts, high_watermarks = {}, {}, {}
    for partition in partitions:
        key = (partition.topic, partition.index)
        recovery_points[key] = partition.log.recovery_point
        high_watermarks[key] = partition.high_watermark
        if partition.log.log_start_offset > 0:
            starts[key] = partition.log.log_start_offset
    # A start beyond the recovery point is fine after a crash, the other way round is not.
    write_offsets(disk, LOG_START_OFFSETS, starts)
    write_offsets(disk, RECOVERY_POINTS, recovery_points)
    write_offsets(disk, HIGH_WATERMARKS, high_watermarks)


def _hints(disk: Disk, path: str) -> Offsets:
    """Read a checkpoint that only saves work: damaged is as good as absent."""
    try:
        return read_offsets(disk, path)
    except StorageError:
        return {}


def read_offsets(disk: Disk, path: str) -> Offsets:
    """Read one offset checkpoint; empty if there is none."""
    offsets: Offsets = {}
    for fields in _read_lines(disk, path):
        try:
            topic, index, offset = fields
            offsets[topic, int(index)] = int(offset)
        except ValueError as damage:
            raise StorageError(f"{path} is damaged: {' '.join(fields)!r} is no topic, partition and offset") from damage
    return offsets


def write_offsets(disk: Disk, path: str, offsets: Mapping[PartitionKey, int]) -> None:
    """Write one offset checkpoint."""
    _write_lines(disk, path, [f"{topic} {index} {offset}" for (topic, index), offset in offsets.items()])


def mark_clean_shutdown(disk: Disk) -> None:
    """Say that everything is synced and closed: the next start needs no recovery."""
    disk.write_whole(CLEAN_SHUTDOWN, b'{"version":0,"brokerEpoch":-1}')


def forget_clean_shutdown(disk: Disk) -> None:
    """From now on a stop would be a crash."""
    disk.delete(CLEAN_SHUTDOWN)


def partition_directories(disk: Disk) -> list[str]:
    """Return the directories of partitions, those of deleted ones too, but not the metadata log's."""
    return [
        name
        for name in disk.names("")
        if name != METADATA_DIRECTORY
        and (name.endswith(DELETED_DIRECTORY_SUFFIX) or partition_of(name) is not None)
        and disk.names(name)
    ]


def partition_of(directory: str) -> PartitionKey | None:
    """Return topic and partition of a directory's name, None if it is no such name."""
    topic, dash, index = directory.rpartition("-")
    if not dash or not topic or not index.isascii() or not index.isdigit():
        return None
    return topic, int(index)


# ---- one partition's directory
def read_leader_epochs(disk: Disk, directory: str) -> LeaderEpochs | None:
    """Read a log's leader epochs; None if they are absent or damaged: the log tells them too."""
    epochs = LeaderEpochs()
    try:
        for epoch, start_offset in _read_lines(disk, f"{directory}/{LEADER_EPOCHS}"):
            if not epochs.assign(int(epoch), int(start_offset)):
                return None
    except (ValueError, StorageError):
        return None
    return epochs


def write_leader_epochs(disk: Disk, directory: str, epochs: LeaderEpochs) -> None:
    """Write a log's leader epochs."""
    _write_lines(disk, f"{directory}/{LEADER_EPOCHS}", [f"{epoch} {start}" for epoch, start in epochs.entries])


def read_partition_metadata(disk: Disk, directory: str) -> bytes | None:
    """Return the topic id that the directory belongs to, None if it does not say."""
    content = disk.read_whole(f"{directory}/{PARTITION_METADATA}")
    if content is None:
        return None
    fields = dict(line.split(": ", 1) for line in content.decode("utf-8", "replace").splitlines() if ": " in line)
    try:
        topic_id = base64.b64decode(fields["topic_id"] + "==", b"-_", validate=True)
    except (KeyError, binascii.Error) as damage:
        raise StorageError(f"{directory}/{PARTITION_METADATA} is damaged") from damage
    if fields.get("version") != "0" or len(topic_id) != 16:
        raise StorageError(f"{directory}/{PARTITION_METADATA} is damaged or of an unknown version")
    return topic_id


def write_partition_metadata(disk: Disk, directory: str, topic_id: bytes) -> None:
    """Say which topic the directory belongs to, unless it says so already."""
    path = f"{directory}/{PARTITION_METADATA}"
    if disk.read_whole(path) is None:
        text = base64.urlsafe_b64encode(topic_id).decode().rstrip("=")
        disk.write_whole(path, f"version: {VERSION}\ntopic_id: {text}".encode())


# ---- the text format: version, number of entries, entries
def _read_lines(disk: Disk, path: str) -> list[list[str]]:
    content = disk.read_whole(path)
    if content is None:
        return []
    lines = content.decode("utf-8", "replace").splitlines()
    if len(lines) < 2 or lines[0].strip() != str(VERSION) or lines[1].strip() != str(len(lines) - 2):
        raise StorageError(f"{path} is damaged: its head does not fit its {len(lines)} lines")
    return [line.split() for line in lines[2:]]


def _write_lines(disk: Disk, path: str, lines: list[str]) -> None:
    disk.write_whole(path, "".join(f"{line}\n" for line in (VERSION, len(lines), *lines)).encode())
