"""Whether a lag grows: by what was seen before, or not told."""

from console.services import lag_trends
from console.services.lag_trends import Trend, seen


def test_a_trend_needs_two_numbers_that_are_apart():
    assert seen("a", 10, 100.0) is None
    assert seen("a", 10, 101.0) is None
    assert seen("a", 60, 110.0) == Trend(5.0, 10.0)
    assert seen("a", 10, 120.0).direction == "steady"
    assert seen("a", None, 130.0) is None


def test_what_is_old_is_forgotten_and_so_is_what_nobody_looks_at(monkeypatch):
    monkeypatch.setattr(lag_trends, "LAGS_MAX", 2)
    seen("b", 100, 0.0)
    assert seen("b", 10, 61.0) is None
    assert seen("b", 0, 71.0).direction == "shrinks"
    seen("c", 1, 71.0)
    seen("d", 1, 71.0)
    assert set(lag_trends._seen) == {"c", "d"}
