"""Producer ids are handed out once, from blocks that are reserved first."""

import pytest

from engine.core.transactions.producer_ids import BLOCK_IDS, ProducerIds


def test_ids_of_a_block_are_handed_out_one_by_one():
    ids = ProducerIds()
    assert ids.used_up, "a block must be reserved first"
    ids.begin_block(5000, durable_offset=12)
    assert [ids.take() for _ in range(3)] == [5000, 5001, 5002]
    assert ids.durable_offset == 12


def test_a_block_ends_after_kafkas_thousand_ids():
    ids = ProducerIds()
    ids.begin_block(0, durable_offset=1)
    assert [ids.take() for _ in range(BLOCK_IDS)] == list(range(1000))
    assert ids.used_up
    with pytest.raises(AssertionError):
        ids.take()


def test_a_block_never_overlaps_the_one_before():
    ids = ProducerIds()
    ids.begin_block(1000, durable_offset=1)
    with pytest.raises(AssertionError):
        ids.begin_block(1999, durable_offset=2)
    ids.begin_block(2000, durable_offset=2)
    assert ids.take() == 2000
