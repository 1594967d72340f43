"""The sparse index: searches begin at or before what is sought, never after it."""

import random

import pytest

from engine.core.log.sparse_index import SparseIndex


def index_of(*batches):
    """Return an index with entries for (offset, last offset, position)."""
    index = SparseIndex()
    for offset, last_offset, position in batches:
        index.add(offset=offset, last_offset=last_offset, position=position)
    return index


def test_a_search_without_entries_begins_at_the_front():
    assert SparseIndex().position_before(0) == (0, True)
    assert SparseIndex().position_before(7) == (0, False)
    assert SparseIndex().boundary_before(900) == 0
    assert SparseIndex().offset_before_timestamp(5) == 0


def test_a_search_begins_at_the_last_batch_known_at_or_before_the_offset():
    index = index_of((10, 14, 400), (20, 29, 900))
    assert index.position_before(9) == (0, False)
    assert index.position_before(10) == (400, True)
    assert index.position_before(15) == (400, False)
    assert index.position_before(25) == (900, False)


def test_batches_are_noted_in_order():
    index = index_of((10, 14, 400))
    with pytest.raises(AssertionError):
        index.add(offset=20, last_offset=21, position=400)


def test_positions_lead_back_to_a_batch_boundary():
    index = index_of((10, 14, 400), (20, 29, 900))
    assert [index.boundary_before(position) for position in (0, 399, 400, 899, 2000)] == [0, 0, 400, 400, 900]


def test_timestamps_are_noted_only_when_they_are_later():
    index = SparseIndex()
    for timestamp, offset in ((100, 5), (90, 10), (100, 12), (-1, 13), (120, 20), (130, 20)):
        index.add_timestamp(timestamp, offset)
    assert list(index.timestamps) == [100, 120]
    assert list(index.timestamp_offsets) == [5, 20]


def test_a_search_by_time_never_begins_after_the_first_record_that_is_late_enough():
    index = SparseIndex()
    for timestamp, offset in ((100, 5), (120, 20)):
        index.add_timestamp(timestamp, offset)
    assert [index.offset_before_timestamp(time) for time in (50, 100, 101, 120, 121)] == [0, 0, 5, 5, 20]


def test_truncation_forgets_what_lay_at_or_after_it():
    index = index_of((10, 14, 400), (20, 29, 900), (30, 31, 1300))
    for timestamp, offset in ((100, 14), (120, 29), (130, 31)):
        index.add_timestamp(timestamp, offset)
    index.truncate(position=900, offset=20)
    assert list(index.positions) == [400]
    assert list(index.last_offsets) == [14]
    assert list(index.timestamp_offsets) == [14]


def test_searches_in_random_logs_agree_with_a_walk():
    rng = random.Random(4)
    for _ in range(50):
        index, batches, offset, position, latest = SparseIndex(), [], 0, 0, -1
        for _ in range(rng.randrange(1, 60)):
            last, timestamp = offset + rng.randrange(5), rng.randrange(1000)
            batches.append((offset, last, position, timestamp))
            latest = max(latest, timestamp)
            if position and rng.random() < 0.3:
                index.add(offset=offset, last_offset=last, position=position)
                index.add_timestamp(latest, last)
            offset, position = last + 1, position + rng.randrange(61, 200)
        for wanted in range(offset):
            holder = next(batch for batch in batches if batch[1] >= wanted)
            begin, exact = index.position_before(wanted)
            assert begin <= holder[2]
            assert begin in [batch[2] for batch in batches]
            assert not exact or (begin, wanted) == (holder[2], holder[0])
        for wanted in range(0, 1000, 37):
            late_enough = [batch for batch in batches if batch[3] >= wanted]
            assert not late_enough or index.offset_before_timestamp(wanted) <= late_enough[0][1]
