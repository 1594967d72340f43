"""Which partition a key belongs to: the three answers that are in use.

`murmur2` is Apache Kafka's Java client, `crc32` librdkafka's "consistent", `murmur3` the
article's hash (mmh3, signed, as Python's % counts it). They disagree per key, which is
why a topic must be written with one of them.

Invariant: 0 <= partition < count, and the same key, name and count give the same partition for ever.
Not here: records without a key (producer.py spreads them, a batch at a time).
"""

from collections.abc import Callable
from zlib import crc32

from mmh3 import hash as murmur3_hash
from murmurhash2 import murmurhash2

JAVA_SEED = 0x9747B28C


def murmur2(key: bytes, count: int) -> int:
    """Java's DefaultPartitioner: murmur2 without its sign bit."""
    partition: int = (murmurhash2(key, JAVA_SEED) & 0x7FFFFFFF) % count
    return partition


def librdkafka_crc32(key: bytes, count: int) -> int:
    """librdkafka's "consistent": CRC-32."""
    return crc32(key) % count


def murmur3(key: bytes, count: int) -> int:
    """The article's: signed MurmurHash3 (x86, 32 bits), with Python's remainder."""
    partition: int = murmur3_hash(key) % count
    return partition


PARTITIONERS: dict[str, Callable[[bytes, int], int]] = {
    "murmur2": murmur2,
    "crc32": librdkafka_crc32,
    "murmur3": murmur3,
}


def partition_of(partitioner: str, key: bytes, count: int) -> int:
    """Return the partition of a key among `count`."""
    assert count > 0, "a topic has partitions"
    return PARTITIONERS[partitioner](key, count)
