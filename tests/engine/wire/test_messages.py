"""Generated messages: the same bytes as an independent implementation's, for every message in every version."""

import random

import pytest

from engine.wire.primitives import Unencodable
from engine.wire.record_types import cluster_metadata, consumer_offsets, share_state, transaction_state
from tests.engine.wire.kio_values import differences, kio_bytes, random_entity, schemas

SEEDS = range(1, 25)
DULL = (0.0, 0.3, 1.0)  # chances that a field stays at its default; 1.0 leaves all tagged fields out
RECORD_TABLES = [
    table
    for module in (cluster_metadata, consumer_offsets, share_state, transaction_state)
    for name in ("RECORDS", "KEYS", "VALUES")
    if (table := getattr(module, name, None)) is not None
]


@pytest.mark.parametrize("seed", SEEDS)
def test_every_message_in_every_version_has_the_bytes_of_kio(seed):
    rng = random.Random(seed)
    assert len(schemas()) > 550
    for schema in schemas():
        theirs = random_entity(schema.entity, rng, DULL[seed % 3])
        expected = kio_bytes(theirs)
        # At an odd position: a decoder must not think that its frame begins at 0.
        message, position = schema.decode(memoryview(b"xyz" + expected), 3, schema.version)
        assert position == len(expected) + 3, schema.name
        assert differences(theirs, message, schema.name) == []
        out = bytearray(b"before")
        schema.encode(message, schema.version, out)
        assert bytes(out) == b"before" + expected, schema.name


def test_what_follows_a_message_is_left_to_whoever_owns_it():
    rng = random.Random(5)
    for schema in schemas()[::7]:
        expected = kio_bytes(random_entity(schema.entity, rng, 0.3))
        _, position = schema.decode(memoryview(expected + b"after"), 0, schema.version)
        assert position == len(expected), schema.name


@pytest.mark.parametrize("table", RECORD_TABLES)
def test_every_kind_of_record_of_the_logs_comes_back_in_every_version(table):
    """kio has no records of the logs; their bytes are compared with Kafka's own in test_golden.py."""
    for key, (kind, encode, decode, highest) in table.items():
        written = 0
        for version in range(highest + 1):
            out = bytearray(b"..")
            try:
                encode(kind(), version, out)
            except Unencodable:  # a version that Kafka has dropped
                continue
            assert decode(memoryview(out), 2, version) == (kind(), len(out)), (key, version)
            written += 1
        assert written, kind.__name__
