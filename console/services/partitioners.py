"""Which partition a key goes to, by each of the three hashes in use, and the arithmetic that shows why.

    partition_of(b"id_1234", 3, "murmur3") == 1

`murmur2` is what Java clients do, `crc32` what librdkafka does when nobody chooses (consistent_random), `murmur3` is
the article's mmh3. They disagree for most keys, so all that write keyed records to one topic must use the same one.

*Invariants*: 0 <= partition < partitions; the same key, name and number give the same partition for ever.
*Not here*: the hashes themselves (engine/client/partitioners.py), how a typed key becomes bytes (encodings.py).
Spec: org.apache.kafka.clients.producer.internals.BuiltInPartitioner; librdkafka's rdkafka_msg.c; mmh3.
"""

from dataclasses import dataclass
from typing import Literal, get_args
from zlib import crc32

from mmh3 import hash as murmur3_hash
from murmurhash2 import murmurhash2

from engine.client import partitioners

Partitioner = Literal["murmur2", "murmur3", "crc32"]
PARTITIONERS: tuple[Partitioner, ...] = get_args(Partitioner)
USED_BY: dict[Partitioner, str] = {
    "murmur2": "Java clients, kafka-python, librdkafka’s murmur2_random",
    "murmur3": "the article’s producer (Python’s mmh3)",
    "crc32": "librdkafka’s default: confluent-kafka, kcat",
}
PARTITIONS_MAX = 2**31 - 1
SIGN_BIT_OFF = 0x7FFFFFFF
BITS = 1 << 32


@dataclass(frozen=True, slots=True)
class Calculation:
    """One hash of a key, step by step."""

    partitioner: Partitioner
    used_by: str
    hash: int  # as its library gives it: murmur2 and CRC-32 unsigned, mmh3 signed
    steps: tuple[str, ...]  # the arithmetic, a line each
    note: str  # what is particular about it; "" if nothing
    partition: int


def partition_of(key: bytes, partitions: int, partitioner: Partitioner) -> int:
    """The partition of a key that is not null."""
    assert 0 < partitions <= PARTITIONS_MAX, "a topic has partitions"
    return partitioners.partition_of(partitioner, key, partitions)


def calculations(key: bytes, partitions: int) -> tuple[Calculation, ...]:
    """All three, side by side."""
    return (_murmur2(key, partitions), _murmur3(key, partitions), _crc32(key, partitions))


def null_key_words(partitioner: Partitioner) -> str:
    """Where a record without a key goes: no hash is asked."""
    return {
        "murmur2": "No hash: Java’s client stays with one partition until a batch is full (16 KB), then takes another.",
        "murmur3": "No hash: mmh3 takes no null; the article’s producer leaves the choice to its client.",
        "crc32": "No hash: librdkafka takes a partition by chance and stays with it for a moment (10 ms).",
    }[partitioner]


def _murmur2(key: bytes, partitions: int) -> Calculation:
    number = murmurhash2(key, partitioners.JAVA_SEED)
    kept = number & SIGN_BIT_OFF
    steps = (
        f"murmur2(key) = {number}",
        f"{number} & 0x7fffffff = {kept}",
        f"{kept} % {partitions} = {kept % partitions}",
    )
    note = f"Java shows this hash as {number - BITS}; its highest bit is dropped." if number > SIGN_BIT_OFF else ""
    return _calculation("murmur2", number, steps, note, key, partitions)


def _murmur3(key: bytes, partitions: int) -> Calculation:
    number = murmur3_hash(key)
    steps = (f"mmh3.hash(key) = {number}", f"{number} % {partitions} = {number % partitions}")
    note = ""
    remainder = -(-number % partitions)
    if number < 0 and remainder:
        note = (
            f"The hash is negative. Python’s % takes the sign of the divisor: {remainder} + {partitions} = "
            f"{number % partitions}. Java and C would answer {remainder}, which is no partition."
        )
    return _calculation("murmur3", number, steps, note, key, partitions)


def _crc32(key: bytes, partitions: int) -> Calculation:
    number = crc32(key)
    steps = (f"crc32(key) = {number}", f"{number} % {partitions} = {number % partitions}")
    note = "" if key else "librdkafka takes an empty key for none and spreads by chance; only “consistent” hashes it."
    return _calculation("crc32", number, steps, note, key, partitions)


def _calculation(
    name: Partitioner, number: int, steps: tuple[str, ...], note: str, key: bytes, partitions: int
) -> Calculation:
    return Calculation(name, USED_BY[name], number, steps, note, partition_of(key, partitions, name))
