"""Leader epochs of a log: the cases of Kafka's LeaderEpochFileCache (KIP-101, KIP-279)."""

from hypothesis import given
from hypothesis import strategies as st

from engine.core.log.leader_epochs import LeaderEpochs

LOG_END_OFFSET = 100


def epochs(*entries):
    """Return a table with these (epoch, start offset)."""
    table = LeaderEpochs()
    for entry in entries:
        assert table.assign(*entry)
    return table


def test_nothing_is_known_of_an_empty_log():
    table = LeaderEpochs()
    assert table.latest == -1
    assert table.end_offset_for(0, LOG_END_OFFSET) == (-1, -1)
    assert table.epoch_at(5) == -1


def test_the_latest_epoch_ends_at_the_log_end():
    assert epochs((2, 6)).end_offset_for(2, LOG_END_OFFSET) == (2, LOG_END_OFFSET)


def test_an_earlier_epoch_ends_where_the_next_begins():
    table = epochs((0, 0), (1, 10), (4, 30))
    assert table.end_offset_for(0, LOG_END_OFFSET) == (0, 10)
    assert table.end_offset_for(1, LOG_END_OFFSET) == (1, 30)


def test_an_epoch_that_was_skipped_is_answered_with_the_one_before_it():
    assert epochs((0, 0), (1, 10), (4, 30)).end_offset_for(3, LOG_END_OFFSET) == (1, 30)


def test_an_epoch_before_all_that_is_known_ends_where_the_first_begins():
    assert epochs((5, 20), (6, 30)).end_offset_for(2, LOG_END_OFFSET) == (2, 20)


def test_an_epoch_that_has_not_been_heard_of_is_unknown():
    assert epochs((2, 6)).end_offset_for(3, LOG_END_OFFSET) == (-1, -1)
    assert epochs((2, 6)).end_offset_for(-1, LOG_END_OFFSET) == (-1, -1)


def test_an_epoch_is_noted_once_and_never_goes_back():
    table = epochs((3, 10))
    assert not table.assign(3, 20)
    assert not table.assign(2, 30)
    assert not table.assign(-1, 30)
    assert table.entries == [(3, 10)]


def test_an_epoch_without_records_is_dropped_when_the_next_begins_at_its_place():
    table = epochs((1, 0), (2, 10))
    assert table.assign(3, 10)
    assert table.entries == [(1, 0), (3, 10)]


def test_each_offset_has_the_epoch_in_which_it_was_written():
    table = epochs((1, 5), (3, 10))
    assert [table.epoch_at(offset) for offset in (4, 5, 9, 10, 99)] == [-1, 1, 1, 3, 3]


def test_what_ended_before_the_log_start_is_forgotten_and_its_epoch_moves_up():
    table = epochs((1, 0), (2, 10), (3, 20))
    assert table.truncate_from_start(15)
    assert table.entries == [(2, 15), (3, 20)]
    assert not table.truncate_from_start(15)
    assert not table.truncate_from_start(3)
    assert table.truncate_from_start(20)
    assert table.entries == [(3, 20)]


def test_epochs_that_begin_at_or_after_the_new_end_are_forgotten():
    table = epochs((1, 0), (2, 10), (3, 20))
    assert table.truncate_from_end(10)
    assert table.entries == [(1, 0)]
    assert not table.truncate_from_end(5)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 30)), max_size=12), st.integers(0, 30), st.booleans())
def test_epochs_and_offsets_always_increase(assigned, cut, from_start):
    table = LeaderEpochs()
    for epoch, offset in assigned:
        table.assign(epoch, offset)
    if from_start:
        table.truncate_from_start(cut)
    else:
        table.truncate_from_end(cut)
    for before, after in zip(table.entries, table.entries[1:], strict=False):
        assert before[0] < after[0]
        assert before[1] < after[1]
