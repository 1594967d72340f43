import pytest

from engine.simulation.clocks import Clock


def test_wall_time_leaps_and_monotonic_time_does_not():
    clock = Clock(1_000)
    clock.at_us = 7_999
    assert (clock.now_ms(), clock.wall_ms()) == (7, 1_007)
    clock.wall_offset_ms -= 500
    assert (clock.now_ms(), clock.wall_ms()) == (7, 507)


@pytest.mark.parametrize("rate_ppm", [1_000_000, 900_000, 1_100_000, 1_000_001])
def test_a_deadline_comes_at_the_first_microsecond_at_which_it_is_reached(rate_ppm):
    clock = Clock(0, rate_ppm)
    for deadline_ms in (0, 1, 17, 12_345):
        clock.at_us = clock.world_us(deadline_ms)
        assert clock.now_ms() == deadline_ms
        if clock.at_us:
            clock.at_us -= 1
            assert clock.now_ms() < deadline_ms
