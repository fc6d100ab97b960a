"""The clocks: what people live through, beside what a clock shows."""

from __future__ import annotations

from makegood.clock import (
    HOUR,
    MINUTE,
    SECOND,
    PacedClock,
    SystemClock,
    VirtualClock,
    meanwhile_us,
)


def test_eight_seconds_of_a_person_are_eight_minutes_of_a_city_that_runs_sixty_times_as_fast() -> (
    None
):
    clock = PacedClock(HOUR, speed=60)
    assert meanwhile_us(clock, 8 * SECOND) == 8 * MINUTE
    clock.pace(1)
    assert meanwhile_us(clock, 8 * SECOND) == 8 * SECOND


def test_on_other_clocks_people_live_by_what_they_show() -> None:
    assert meanwhile_us(SystemClock(), SECOND) == SECOND
    assert meanwhile_us(VirtualClock(HOUR), SECOND) == SECOND


def test_a_change_of_pace_never_sets_a_clock_back() -> None:
    clock = PacedClock(HOUR, speed=1_000)
    before = clock.now_us()
    clock.pace(1)
    assert clock.now_us() >= before
