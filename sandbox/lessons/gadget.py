"""The hash gadget: how three clients come from a key to a partition, step by step.

The partitions are those of our own client (engine/client/partitioners.py); the steps show how they come about.

*Not here*: where a record really lands (the world says that).
"""

from typing import NamedTuple
from zlib import crc32

from mmh3 import hash as murmur3_hash
from murmurhash2 import murmurhash2

from engine.client.partitioners import JAVA_SEED, partition_of

KEY_MAX, PARTITIONS_MAX = 200, 1_000


class Hashed(NamedTuple):
    """One client's way."""

    client: str
    name: str  # of the hash
    value: int
    masked: int | None  # without its sign, where the client takes it away
    partition: int


def hashed(key: str, count: int) -> list[Hashed]:
    """What each client makes of a key."""
    data = key.encode()
    java = int(murmurhash2(data, JAVA_SEED))
    return [
        Hashed("Java", "murmur2", java, java & 0x7FFFFFFF, partition_of("murmur2", data, count)),
        Hashed("librdkafka", "CRC-32", crc32(data), None, partition_of("crc32", data, count)),
        Hashed("a sample of articles", "murmur3", int(murmur3_hash(data)), None, partition_of("murmur3", data, count)),
    ]


def read(key: str, count: str) -> tuple[str, int]:
    """What the form holds, within limits."""
    number = int(count) if count.isascii() and count.isdigit() and len(count) < 5 else 3
    return key[:KEY_MAX], max(1, min(PARTITIONS_MAX, number))
