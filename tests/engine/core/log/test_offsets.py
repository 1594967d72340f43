"""A place in a log is three numbers that compare by offset first."""

from engine.core.log.offsets import LogPosition


def test_places_compare_by_offset():
    assert LogPosition(5, 0, 500) < LogPosition(6, 6, 0)
    assert LogPosition(5, 0, 500) == (5, 0, 500)
