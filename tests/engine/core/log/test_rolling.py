"""When a segment is too old or its indexes are full."""

from engine.core.log.config import LONG_MAX, LogConfig
from engine.core.log.rolling import index_is_full, roll_deadline


def test_a_segment_is_as_old_as_its_first_batch():
    assert roll_deadline(1000, 5000, LogConfig(segment_ms=60)) == (1060, LONG_MAX)


def test_only_where_records_carry_no_time_does_the_wall_clock_count():
    assert roll_deadline(-1, 5000, LogConfig(segment_ms=60)) == (LONG_MAX, 5060)


def test_deadlines_stay_within_64_bits():
    never = LogConfig(segment_ms=LONG_MAX)
    assert roll_deadline(1000, 5000, never) == (LONG_MAX, LONG_MAX)
    assert roll_deadline(-1, 5000, never) == (LONG_MAX, LONG_MAX)


def test_an_index_is_full_when_kafkas_file_would_be():
    config = LogConfig(segment_index_bytes=120)  # 15 offset entries, 10 time entries of which one is kept
    assert not index_is_full(14, 8, config)
    assert index_is_full(15, 0, config)
    assert index_is_full(0, 9, config)
