"""Partitions of keys, as other clients compute them."""

import pytest

from engine.client.partitioners import PARTITIONERS, partition_of

KEYS = (b"id_1234", b"id_4321", b"id_4320", b"id_4319")


@pytest.mark.parametrize(
    ("partitioner", "partitions"),
    [("murmur2", [0, 1, 2, 1]), ("crc32", [0, 0, 0, 1]), ("murmur3", [1, 0, 2, 0])],
)
def test_keys_go_where_the_other_clients_put_them(partitioner, partitions):
    assert [partition_of(partitioner, key, 3) for key in KEYS] == partitions


@pytest.mark.parametrize("partitioner", PARTITIONERS)
def test_every_key_has_a_partition(partitioner):
    for number in range(200):
        assert 0 <= partition_of(partitioner, b"%d" % number, 7) < 7
    assert 0 <= partition_of(partitioner, b"", 7) < 7
