"""Whether a lag grows: by what was seen before, or not told."""

from console.services import lag_trends
from console.services.lag_trends import SETTLES_S, Trend, moved, seen


def test_a_trend_needs_two_numbers_that_are_apart():
    assert seen("a", 10, 5, 100.0) is None
    assert seen("a", 10, 5, 101.0) is None
    assert seen("a", 60, 5, 110.0) == Trend(5.0, 10.0)
    assert seen("a", 10, 55, 120.0).direction == "steady"
    assert seen("a", None, 0, 130.0) is None


def test_what_is_old_is_forgotten_and_so_is_what_nobody_looks_at(monkeypatch):
    monkeypatch.setattr(lag_trends, "LAGS_MAX", 2)
    seen("b", 100, 0, 0.0)
    assert seen("b", 10, 90, 61.0) is None
    assert seen("b", 0, 100, 71.0).direction == "shrinks"
    seen("c", 1, 0, 71.0)
    seen("d", 1, 0, 71.0)
    assert set(lag_trends._seen) == {"c", "d"}


def test_commits_that_go_back_are_somebodys_reset_and_no_trend():
    seen("back", 0, 1200, 0.0)
    assert seen("back", 1200, 0, 10.0) is None
    assert seen("back", 1150, 50, 20.0) == Trend(-5.0, 10.0)


def test_a_reset_of_ours_ends_a_trend_and_numbers_from_before_it_begin_none():
    seen("skipped", 1200, 0, 0.0)
    moved("skipped", 5.0)
    assert seen("skipped", 1200, 0, 6.0) is None  # an answer that was shared, from before
    assert seen("skipped", 0, 1200, 5.0 + SETTLES_S + 1) is None
    assert seen("skipped", 30, 1200, 5.0 + SETTLES_S + 11) == Trend(3.0, 10.0)
