"""`meta.properties`: which cluster, which node and which directory these files belong to.

Invariants: written once, when an empty directory is made ready, and never changed; a
directory of another node is refused, not used.
Spec: KIP-858; org.apache.kafka.metadata.properties.MetaProperties (version 1).
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import NamedTuple

from engine.storage.disk import Disk, StorageError

PATH = "meta.properties"
VERSION = "1"


class MetaProperties(NamedTuple):
    """What the file says."""

    cluster_id: str
    node_id: int
    directory_id: bytes


def uuid_text(uuid: bytes) -> str:
    """An id as Kafka writes it: URL-safe base 64 without padding."""
    return urlsafe_b64encode(uuid).decode().rstrip("=")


def parse_uuid(text: str) -> bytes:
    """The id that was written so; StorageError if it is none."""
    try:
        uuid = urlsafe_b64decode(text + "==")
    except ValueError as error:
        raise StorageError(f"{text!r} is not an id") from error
    if len(uuid) != 16:
        raise StorageError(f"{text!r} is not an id of 16 bytes")
    return uuid


def load_meta_properties(disk: Disk) -> MetaProperties | None:
    """What the directory says of itself; None if it is new."""
    content = disk.read_whole(PATH)
    if content is None:
        return None
    text = content.decode("utf-8", "replace")
    values: dict[str, str] = {}
    for line in text.splitlines():
        name, separator, value = line.partition("=")
        if separator and not line.startswith("#"):
            values[name.strip()] = value.strip()
    missing = [name for name in ("version", "cluster.id", "node.id", "directory.id") if not values.get(name)]
    if missing:
        raise StorageError(f"{PATH} lacks {', '.join(missing)}")
    if values["version"] != VERSION or not values["node.id"].isdecimal():
        raise StorageError(f"{PATH} is not of version {VERSION}, or its node.id is no number")
    return MetaProperties(values["cluster.id"], int(values["node.id"]), parse_uuid(values["directory.id"]))


def save_meta_properties(disk: Disk, properties: MetaProperties) -> None:
    """Write the file of a directory that is made ready."""
    lines = (
        f"cluster.id={properties.cluster_id}",
        f"directory.id={uuid_text(properties.directory_id)}",
        f"node.id={properties.node_id}",
        f"version={VERSION}",
    )
    disk.write_whole(PATH, "".join(f"{line}\n" for line in lines).encode())
