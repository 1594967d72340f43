"""Retention: from the front, without gaps, never beyond the high watermark."""

from engine.core.log.retention import SegmentFacts, deletable_segments

NOW = 1_000_000
OFF = -1


def count(segments, **limits):
    """Ask how many segments go; everything is below the high watermark unless said otherwise."""
    given = {
        "high_watermark": 10**9,
        "log_start_offset": 0,
        "wall_ms": NOW,
        "retention_ms": OFF,
        "retention_bytes": OFF,
    }
    return deletable_segments([SegmentFacts(*segment) for segment in segments], **(given | limits))


def test_nothing_goes_without_limits():
    assert count([(10, 100, 0), (20, 100, 0)]) == 0


def test_segments_go_when_their_newest_record_is_too_old():
    segments = [(10, 100, NOW - 500), (20, 100, NOW - 101), (30, 100, NOW - 100)]
    assert count(segments, retention_ms=100) == 2


def test_a_young_segment_keeps_all_after_it():
    assert count([(10, 100, NOW), (20, 100, 0)], retention_ms=100) == 0


def test_segments_go_while_what_remains_is_enough():
    segments = [(10, 100, NOW), (20, 100, NOW), (30, 100, NOW)]
    assert count(segments, retention_bytes=200) == 1
    assert count(segments, retention_bytes=199) == 1
    assert count(segments, retention_bytes=100) == 2
    assert count(segments, retention_bytes=300) == 0


def test_at_no_bytes_to_keep_all_goes():
    """The caller puts an empty segment in the place of the active one."""
    assert count([(10, 100, NOW), (20, 100, NOW)], retention_bytes=0) == 2


def test_what_nobody_could_read_yet_stays_whatever_its_age():
    assert count([(10, 100, 0), (20, 100, 0)], retention_ms=1, high_watermark=19) == 1
    assert count([(10, 100, 0), (20, 100, 0)], retention_ms=1, high_watermark=20) == 2
    assert count([(10, 100, 0)], retention_bytes=0, high_watermark=9) == 0


def test_segments_wholly_below_the_log_start_go_without_any_limit():
    assert count([(10, 100, NOW), (20, 100, NOW)], log_start_offset=10) == 1
    assert count([(10, 100, NOW), (20, 100, NOW)], log_start_offset=19) == 1


def test_both_limits_count_together():
    segments = [(10, 100, NOW - 500), (20, 100, NOW), (30, 100, NOW)]
    assert count(segments, retention_ms=100, retention_bytes=100) == 2
