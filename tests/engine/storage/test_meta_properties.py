"""meta.properties."""

import pytest

from engine.storage import meta_properties
from engine.storage.disk import StorageError
from engine.storage.meta_properties import MetaProperties
from tests.engine.storage.memory_disk import MemoryDisk


def test_what_is_saved_is_loaded() -> None:
    disk = MemoryDisk()
    assert meta_properties.load_meta_properties(disk) is None
    properties = MetaProperties("Ku8HjyiPQOClIG1_EqbIzg", 3, b"\xfb\xff" * 8)
    meta_properties.save_meta_properties(disk, properties)
    assert meta_properties.load_meta_properties(disk) == properties


def test_kafkas_own_file_is_read() -> None:
    disk = MemoryDisk()
    text = "#\n#Tue Nov 24 23:16:35 UTC 2026\nnode.id=1\ndirectory.id=bx4dZC5zSoapoPhi4Mie0w\nversion=1\ncluster.id=K\n"
    disk.write_whole("meta.properties", text.encode())
    loaded = meta_properties.load_meta_properties(disk)
    assert loaded is not None and (loaded.cluster_id, loaded.node_id) == ("K", 1)
    assert meta_properties.uuid_text(loaded.directory_id) == "bx4dZC5zSoapoPhi4Mie0w"


def test_a_damaged_file_is_refused_in_words() -> None:
    good = "version=1\ncluster.id=K\nnode.id=1\ndirectory.id=bx4dZC5zSoapoPhi4Mie0w\n"
    for text, words in (
        ("", "lacks version, cluster.id, node.id, directory.id"),
        (good.replace("node.id=1", "node.id=x"), "no number"),
        (good.replace("version=1", "version=2"), "not of version 1"),
        (good.replace("bx4dZC5zSoapoPhi4Mie0w", "short"), "is not an id"),
    ):
        disk = MemoryDisk()
        disk.write_whole("meta.properties", text.encode())
        with pytest.raises(StorageError, match=words):
            meta_properties.load_meta_properties(disk)
