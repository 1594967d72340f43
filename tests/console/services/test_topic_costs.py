"""What a topic costs, and how keys move when it grows."""

import pytest

from console.kafka.topic_defaults import Broker, Ground
from console.services.key_moves import key_moves
from console.services.partitioners import partition_of
from console.services.topic_costs import Plan, moved_share, sentences

THREE = Ground(frozenset(), tuple(Broker(node, 10**9) for node in (1, 2, 3)), 1, 3, ())
PLAN = Plan(partitions=12, copies=3, needed=2, limit_bytes=None, limit_ms=604_800_000, deletes=True, compacts=False)


def words(**changes):
    from dataclasses import replace

    return " ".join(said for _, said in sentences(replace(PLAN, **changes), THREE))


def test_copies_and_members_are_counted():
    said = words()
    assert "36 replicas, about 12 on each of 3 brokers" in said and "at most 12 members" in said
    assert "1 broker may be away" in said and "Kept 7\u202fd" in said


def test_what_one_may_not_want_is_a_warning():
    assert "One copy only" in words(copies=1)
    assert "stop as soon as one broker is away" in words(needed=3)
    assert "Nobody could write" in words(copies=2, needed=3)
    assert "Kept for ever" in words(limit_ms=None)
    assert "more than the 2.8\u202fGB that are free" in words(limit_bytes=10**9)
    assert "grows with the number of keys" in words(deletes=False, compacts=True)
    assert "removes nothing" in words(deletes=False)


def test_what_is_not_known_is_not_said():
    assert sentences(Plan(None, None, None, None, None, deletes=True, compacts=False), THREE) == []


@pytest.mark.parametrize(("before", "after"), [(6, 12), (6, 9), (3, 7), (4, 4), (1, 5)])
def test_the_share_of_keys_that_move_is_what_counting_gives(before, after):
    hashes = range(before * after * 10)
    counted = sum(one % before != one % after for one in hashes) / len(hashes)
    assert moved_share(before, after) == pytest.approx(counted)


def test_the_hash_of_a_topic_is_guessed_from_where_its_keys_are():
    keys = [f"k{number}".encode() for number in range(30)]
    records = [(key, partition_of(key, 6, "crc32")) for key in keys] + [(None, 2)]
    found = key_moves(records, 6, 12)
    assert (found.partitioner, found.sampled, found.fits, len(found.rows)) == ("crc32", 30, True, 10)
    assert all(row.before == partition_of(row.key, 6, "crc32") for row in found.rows)
    assert not key_moves([(key, 0) for key in keys], 6, 12).fits


def test_without_keys_there_are_examples():
    found = key_moves([(None, 0)], 3, 6)
    assert (found.sampled, found.fits) == (0, False) and any(row.moves for row in found.rows)
