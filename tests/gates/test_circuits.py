"""One circuit breaker by itself: what trips it, and how it comes back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makegood.clock import DAY, HOUR, MINUTE
from makegood.domain.policy import Velocity
from makegood.gates.circuits import SEEN, Circuit, State, Tripped

NOW: int = 1_000 * DAY


def circuit(**of: object) -> Circuit:
    values = {
        "name": "b",
        "kinds": ["refund"],
        "per": "hub",
        "window_minutes": 60,
        "open_minutes": 30,
        "probes": 2,
    } | of
    return Circuit(Velocity.model_validate(values), "hub:h", "EUR")


def passed(breaker: Circuit, count: int, now_us: int = NOW, amount: int = 0) -> int:
    return sum(breaker.admit(amount, now_us) for _ in range(count))


def test_the_one_that_would_be_too_many_trips_it_and_does_not_pass() -> None:
    breaker = circuit(max_count=3)
    assert passed(breaker, 5) == 3
    assert breaker.state is State.OPEN
    assert breaker.why == "more than 3 in 60 min"


def test_a_sum_trips_on_the_amount_that_would_pass_its_limit() -> None:
    breaker = circuit(max_amount={"EUR": 1000})
    assert passed(breaker, 2, amount=500) == 2
    assert passed(breaker, 1, amount=1) == 0
    assert breaker.why == "more than 10.00 EUR in 60 min"


def test_its_window_rolls() -> None:
    breaker = circuit(max_count=2)
    assert passed(breaker, 1) == 1
    assert passed(breaker, 1, NOW + 50 * MINUTE) == 1
    assert passed(breaker, 1, NOW + 66 * MINUTE) == 1
    assert breaker.state is State.CLOSED


def test_nothing_is_forgotten_before_it_has_left_the_window() -> None:
    for minute in range(60):
        breaker = circuit(max_count=1)
        assert passed(breaker, 1, NOW + 3 * MINUTE) == 1
        assert passed(breaker, 1, NOW + (3 + minute) * MINUTE) == 0


@given(st.lists(st.integers(0, 8), min_size=10, max_size=60), st.integers(1, 5))
def test_a_window_never_lets_more_pass_than_its_limit(gaps: list[int], most: int) -> None:
    breaker = circuit(max_count=most)
    now_us, passed_at = NOW, list[int]()
    for gap in gaps:
        now_us += gap * MINUTE
        if breaker.state is not State.CLOSED:
            breaker.reset(now_us)
            passed_at.clear()
        if breaker.admit(0, now_us):
            passed_at.append(now_us)
        assert sum(at > now_us - HOUR for at in passed_at) <= most


def test_open_lets_nothing_pass_and_time_makes_it_half_open_not_closed() -> None:
    breaker = circuit(max_count=1)
    passed(breaker, 2)
    breaker.tick(NOW + 30 * MINUTE - 1)
    assert breaker.state is State.OPEN
    breaker.tick(NOW + 30 * MINUTE)
    assert breaker.state is State.HALF_OPEN
    breaker.tick(NOW + 30 * DAY)
    assert breaker.state is State.HALF_OPEN
    assert not breaker.admit(0, NOW + 30 * DAY)


def test_half_open_has_so_many_probes_and_not_one_more() -> None:
    breaker = circuit(max_count=1)
    passed(breaker, 2)
    breaker.tick(NOW + HOUR)
    assert [breaker.take_probe() for _ in range(3)] == [True, True, False]


def test_a_probe_that_goes_wrong_opens_it_again() -> None:
    breaker = circuit(max_count=1)
    passed(breaker, 2)
    breaker.tick(NOW + HOUR)
    breaker.sample(NOW + HOUR, bad=False)
    assert breaker.state is State.HALF_OPEN
    breaker.sample(NOW + HOUR, bad=True)
    assert breaker.state is State.OPEN
    assert breaker.until_us == NOW + HOUR + 30 * MINUTE


def test_a_reset_closes_it_and_lets_it_count_anew() -> None:
    breaker = circuit(max_count=3)
    passed(breaker, 4)
    breaker.reset(NOW)
    assert breaker.state is State.CLOSED
    assert passed(breaker, 4) == 3


@pytest.mark.parametrize("limit", ["max_failures_bp", "max_rejections_bp"])
def test_a_share_trips_above_its_limit_and_says_nothing_of_too_few(limit: str) -> None:
    breaker = circuit(**{limit: 5000}, at_least=4)
    for bad in (True, True, True):
        breaker.sample(NOW, bad=bad)
    assert breaker.state is State.CLOSED
    breaker.sample(NOW, bad=False)
    assert breaker.state is State.OPEN
    assert "75 %" in breaker.why


def test_a_share_at_its_limit_does_not_trip() -> None:
    breaker = circuit(max_failures_bp=5000, at_least=4)
    for bad in (True, True, False, False):
        breaker.sample(NOW, bad=bad)
    assert breaker.state is State.CLOSED


def normal(days: int, per_hour: int, **of: object) -> Circuit:
    """Return a breaker that saw so many an hour at one hour of the day for some days."""
    norm = {"days": 14, "known_days": 5, "spreads": 3} | of
    breaker = circuit(norm=norm, at_least=1)
    for day in range(days):
        assert passed(breaker, per_hour, NOW + day * DAY) == per_hour
    return breaker


def test_a_count_far_above_the_norm_of_its_hour_trips() -> None:
    breaker = normal(6, 4)
    now_us = NOW + 6 * DAY
    # 4 an hour, and three times the root of 4.
    assert breaker.fill(now_us).cap == 10
    assert passed(breaker, 20, now_us) == 10
    assert breaker.why == "11 in this hour, at most 10 is normal"


def test_the_norm_is_of_the_hour_and_not_of_the_day() -> None:
    breaker = normal(6, 9)
    quiet_us = NOW + 6 * DAY + 5 * HOUR
    assert breaker.fill(quiet_us).cap == 1
    assert passed(breaker, 5, quiet_us) == 1


def test_a_norm_that_is_not_known_yet_holds_nothing() -> None:
    breaker = normal(4, 1)
    now_us = NOW + 4 * DAY
    assert breaker.fill(now_us).cap is None
    assert passed(breaker, 500, now_us) == 500


def test_days_without_anything_count_as_days() -> None:
    breaker = circuit(norm={"days": 14, "known_days": 5, "spreads": 3})
    passed(breaker, 3, NOW)
    assert breaker.fill(NOW + 20 * DAY).cap == 1


def test_a_reset_does_not_forget_what_is_normal() -> None:
    breaker = normal(6, 4)
    now_us = NOW + 6 * DAY
    passed(breaker, 11, now_us)
    breaker.reset(now_us)
    assert breaker.fill(now_us).cap == 10


def test_a_norm_that_tripped_it_is_kept_in_figures_until_it_is_reset() -> None:
    breaker = normal(6, 4)
    passed(breaker, 11, NOW + 6 * DAY)
    assert breaker.seen.tripped == Tripped(used=11, cap=10)
    breaker.reset(NOW + 6 * DAY + HOUR)
    assert breaker.seen.tripped is None


def test_it_stays_as_small_however_much_it_saw() -> None:
    breaker = circuit(max_count=10**6)
    for minute in range(3_000):
        passed(breaker, 2, NOW + minute * MINUTE)
    assert len(breaker.seen.buckets) <= 13
    by_norm = circuit(norm={"days": 14, "known_days": 5, "spreads": 20})
    for hour in range(60 * 24):
        passed(by_norm, 1, NOW + hour * HOUR)
    assert {len(counts) for counts in by_norm.seen.past.values()} == {14}


def test_what_it_saw_comes_back_from_the_store_as_it_was() -> None:
    breaker = normal(6, 4)
    assert SEEN.validate_json(SEEN.dump_json(breaker.seen)) == breaker.seen
