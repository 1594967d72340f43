"""Snapshots of the metadata log: `<end offset>-<epoch>.checkpoint`, batches of the log's own records.

A snapshot begins with a header and ends with a footer (control batches of their own);
between them lie records that make the image anew.

Invariants: a snapshot is whole or absent (write_whole); one without a footer is refused.
Not here: when one is due, and the log before it (quorum.py), what it says (core/metadata/image_records.py).
Spec: KIP-630; org.apache.kafka.snapshot.
"""

from collections.abc import Sequence

from engine.core.metadata import registration
from engine.core.metadata.image import MetadataDelta, MetadataImage
from engine.core.metadata.image_records import records_of
from engine.core.metadata.record_frame import decode_record, encode_record
from engine.core.raft.control_records import snapshot_footer, snapshot_header
from engine.core.records.builder import BatchBuilder
from engine.core.records.control import ControlType, control_type
from engine.core.records.record import batches, decode_records
from engine.storage.disk import Disk, StorageError
from engine.wire.primitives import Message

SUFFIX = ".checkpoint"
BOOTSTRAP_PATH = "bootstrap.checkpoint"
RECORDS_PER_BATCH = 1000


def snapshot_name(end_offset: int, epoch: int) -> str:
    """The file of the snapshot that covers everything below `end_offset`."""
    return f"{end_offset:020d}-{epoch:010d}{SUFFIX}"


def encode_snapshot(records: list[Message], *, epoch: int, wall_ms: int, last_timestamp_ms: int) -> bytes:
    """The whole file."""
    out = bytearray()
    control, plain = [snapshot_header(last_timestamp_ms)], [(None, encode_record(record)) for record in records]
    groups: list[tuple[Sequence[tuple[bytes | None, bytes]], bool]] = [(control, True)]
    groups += [(plain[start : start + RECORDS_PER_BATCH], False) for start in range(0, len(plain), RECORDS_PER_BATCH)]
    groups.append(([snapshot_footer()], True))
    offset = 0
    for entries, is_control in groups:
        builder = BatchBuilder()
        for key, value in entries:
            builder.add(key=key, value=value, timestamp=wall_ms)
        out += builder.build(base_offset=offset, leader_epoch=epoch, control=is_control)
        offset += len(entries)
    return bytes(out)


def decode_snapshot(name: str, content: bytes) -> list[Message]:
    """The records of a snapshot; StorageError if it is not whole."""
    records: list[Message] = []
    ended, size = False, 0
    for header, batch in batches(content):
        size += header.size
        for record in decode_records(batch):
            if header.is_control:
                ended = control_type(record.key) == ControlType.SNAPSHOT_FOOTER
            else:
                records.append(decode_record(record.value or b""))
    if not ended or size != len(content):
        raise StorageError(f"The metadata snapshot {name} is not whole")
    return records


def write_bootstrap(disk: Disk, directory: str, wall_ms: int) -> None:
    """Write what a new directory begins with: a snapshot of nothing, and the features a new cluster gets."""
    empty = encode_snapshot([], epoch=0, wall_ms=wall_ms, last_timestamp_ms=wall_ms)
    disk.write_whole(f"{directory}/{snapshot_name(0, 0)}", empty)
    features = encode_snapshot(registration.bootstrap_records(), epoch=0, wall_ms=wall_ms, last_timestamp_ms=0)
    disk.write_whole(BOOTSTRAP_PATH, features)


def write_snapshot(
    disk: Disk, directory: str, image: MetadataImage, *, end_offset: int, epoch: int, wall_ms: int
) -> None:
    """Write a snapshot of what the image holds, durably, then remove the older ones."""
    older = [name for name in disk.names(directory) if name.endswith(SUFFIX)]
    content = encode_snapshot(records_of(image), epoch=epoch, wall_ms=wall_ms, last_timestamp_ms=wall_ms)
    name = snapshot_name(end_offset, epoch)
    disk.write_whole(f"{directory}/{name}", content)
    for old in older:
        if old < name:
            disk.delete(f"{directory}/{old}")


def load_newest(disk: Disk, directory: str, images: tuple[MetadataImage, ...]) -> int:
    """Read the newest snapshot into images that are empty; return the offset after what it covers."""
    names = [name for name in disk.names(directory) if name.endswith(SUFFIX)]
    if not names:
        return 0
    name = names[-1]
    content = disk.read_whole(f"{directory}/{name}")
    assert content is not None, "it was just listed"
    end_offset = int(name.partition("-")[0])
    records = decode_snapshot(name, content)
    for image in images:
        unread = MetadataDelta()
        for offset, record in enumerate(records, -len(records)):
            image.offset = offset - 1  # its records have no offsets of their own
            image.apply(record, offset, unread)
        image.offset = end_offset - 1
    return end_offset
