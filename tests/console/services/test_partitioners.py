"""Hashes of keys against the answers of other people's libraries."""

import pytest

from console.services.partitioners import PARTITIONERS, calculations, partition_of

# Utils.murmur2 of Apache Kafka's own UtilsTest, as Java's signed numbers.
JAVA = {b"21": -973932308, b"foobar": -790332482, b"a-little-bit-long-string": -985981536,
        b"a-little-bit-longer-string": -1486304829, b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
        b"abc": 479470107}  # fmt: skip


@pytest.mark.parametrize(("key", "signed"), JAVA.items())
def test_murmur2_is_java_s(key, signed):
    assert partition_of(key, 12, "murmur2") == (signed & 0x7FFFFFFF) % 12
    assert calculations(key, 12)[0].hash == signed % 2**32


def test_murmur3_is_the_article_s_with_python_s_remainder():
    found = calculations(b"id_1234", 3)[1]
    assert (found.hash, found.partition) == (-286100597, 1)
    assert found.steps == ("mmh3.hash(key) = -286100597", "-286100597 % 3 = 1")
    assert "-2 + 3 = 1" in found.note and "would answer -2" in found.note


def test_crc32_is_the_check_value_of_its_specification():
    assert calculations(b"123456789", 7)[2].hash == 0xCBF43926
    assert partition_of(b"123456789", 7, "crc32") == 0xCBF43926 % 7


def test_all_steps_end_at_the_partition_and_every_partition_is_there():
    for number in range(200):
        key = f"key-{number}".encode()
        for found in calculations(key, 7):
            assert found.steps[-1].endswith(f"= {found.partition}") and 0 <= found.partition < 7
            assert found.partition == partition_of(key, 7, found.partitioner)
            assert "+ 7" not in found.note or found.partition > 0


def test_an_empty_key_has_a_hash_everywhere_but_librdkafka_spreads_it():
    found = {one.partitioner: one for one in calculations(b"", 5)}
    assert set(found) == set(PARTITIONERS)
    assert "spreads" in found["crc32"].note
