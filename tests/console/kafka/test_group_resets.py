"""Where a reset brings a partition."""

import pytest

from console.kafka.group_offsets import AtTime, Bounds
from console.kafka.group_resets import Move, Wish, planned

LOG = Bounds(10, 100)


@pytest.mark.parametrize(
    ("wish", "before", "after", "note"),
    [
        (Wish("t", None, "earliest"), 50, 10, ""),
        (Wish("t", None, "latest"), 50, 100, ""),
        (Wish("t", None, "latest"), None, 100, ""),
        (Wish("t", None, "offset", 60), 50, 60, ""),
        (Wish("t", None, "offset", 101), 50, 100, "the end"),
        (Wish("t", None, "offset", 9), 50, 10, "the beginning"),
        (Wish("t", None, "shift", 20), 50, 70, ""),
        (Wish("t", None, "shift", -2000), 50, 10, "the beginning"),
        (Wish("t", None, "shift", 2**63 - 1), 50, 100, "the end"),
        (Wish("t", None, "shift", 1), None, None, "nothing is committed"),
    ],
)
def test_a_partition_goes_where_it_is_asked_to_and_stays_in_its_log(wish, before, after, note):
    move = planned(0, wish, before, LOG, None)
    assert (move.before, move.after) == (before, after) and note in move.note


def test_a_time_is_looked_up_and_one_that_is_too_late_is_the_end():
    wish = Wish("t", None, "time", 1_700_000_000_000)
    assert planned(0, wish, 50, LOG, AtTime(42)).after == 42
    late = planned(0, wish, 50, LOG, AtTime(None))
    assert late.after == 100 and "no record is that young" in late.note


@pytest.mark.parametrize(
    ("found", "why"), [(AtTime(None, "the leader is not known"), "the leader is not known"), (None, "does not tell")]
)
def test_a_partition_whose_time_could_not_be_looked_up_stays_and_says_why(found, why):
    move = planned(0, Wish("t", None, "time", 1_700_000_000_000), 50, LOG, found)
    assert move.after is None and not move.changes and move.note.startswith("stays: ") and why in move.note


def test_a_partition_that_tells_no_offsets_stays():
    move = planned(0, Wish("t", None, "earliest"), 5, Bounds(None, None, "no leader"), None)
    assert move.after is None and not move.changes and "no leader" in move.note


def test_repeats_and_skips_are_counted_and_an_unknown_begin_counts_neither():
    assert (Move(0, 50, 10).repeats, Move(0, 50, 10).skips) == (40, 0)
    assert (Move(0, 50, 70).repeats, Move(0, 50, 70).skips) == (0, 20)
    assert (Move(0, None, 70).repeats, Move(0, None, 70).skips, Move(0, None, 70).changes) == (0, 0, True)
    assert not Move(0, 5, 5).changes
