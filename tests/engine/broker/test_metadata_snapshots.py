"""Snapshots of the metadata log."""

import pytest

from engine.broker import metadata_snapshots
from engine.core.metadata.image import MetadataImage
from engine.storage.disk import StorageError
from engine.wire.record_types.cluster_metadata import FeatureLevelRecord, TopicRecord
from tests.engine.storage.memory_disk import MemoryDisk

RECORDS = [FeatureLevelRecord("metadata.version", 30)] + [TopicRecord(f"t{n}", n.to_bytes(16)) for n in range(2500)]


def encoded() -> bytes:
    return metadata_snapshots.encode_snapshot(RECORDS, epoch=3, wall_ms=5, last_timestamp_ms=4)


def test_what_is_encoded_is_decoded() -> None:
    assert metadata_snapshots.decode_snapshot("x", encoded()) == RECORDS


def test_a_snapshot_that_is_not_whole_is_refused() -> None:
    content = encoded()
    for damaged in (b"", content[:-1], content[:-75], content + b"x"):
        with pytest.raises(StorageError, match="is not whole"):
            metadata_snapshots.decode_snapshot("x", damaged)


def test_the_newest_one_is_loaded() -> None:
    disk, image = MemoryDisk(), MetadataImage()
    assert metadata_snapshots.load_newest(disk, "d", (image,)) == 0
    metadata_snapshots.write_bootstrap(disk, "d", 5)
    assert metadata_snapshots.load_newest(disk, "d", (image,)) == 0
    disk.write_whole(f"d/{metadata_snapshots.snapshot_name(9000, 3)}", encoded())
    assert metadata_snapshots.load_newest(disk, "d", (image,)) == 9000
    assert (len(image.topics), image.offset) == (2500, 8999)
