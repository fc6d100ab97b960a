"""The predicted arrival of open deliveries."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makegood.clock import MINUTE, SECOND
from makegood.domain.conditions import Rain
from makegood.domain.geo import Point, distance_m
from makegood.domain.rides import NEVER_US
from makegood.incidents.detect import detect
from makegood.incidents.lateness import endangered, predict
from makegood.incidents.view import HubView
from tests.conftest import NOW_US
from tests.incidents.hubs import HOME, POLICY, courier, crowd, hub, order, place
from tests.yardstick import seconds

HANDLING_US = POLICY.travel.handling_us
DROP_OFF_US = POLICY.travel.drop_off_seconds * SECOND
BACK_US = POLICY.travel.lost_minutes * MINUTE
DRY = Rain(NOW_US, (0.0,))


def _ride_us(km: float, rain: float = 0.0) -> int:
    return POLICY.travel.duration_us(round(km * 1000), "e_bike", rain)


def _arrivals(view: HubView, rain: float = 0.0) -> tuple[int, ...]:
    return predict(view, POLICY, NOW_US, Rain(NOW_US, (rain,))).arrives_us


def test_a_courier_rides_to_the_shop_waits_and_rides_to_the_customer() -> None:
    rider = replace(courier(1), position=place(-2.0))
    view = HubView(hub(), (order(1, km=3.0, courier="c1", ready_in=30),), (rider,))
    wanted = NOW_US + 30 * MINUTE + HANDLING_US + _ride_us(3.0)
    assert _arrivals(view)[0] == pytest.approx(wanted, abs=5 * SECOND)


def test_what_is_picked_up_needs_no_way_to_the_shop() -> None:
    rider = replace(courier(1), position=place(2.0))
    view = HubView(hub(), (order(1, km=3.0, courier="c1", picked_up=True),), (rider,))
    wanted = NOW_US + _ride_us(1.0) + POLICY.travel.drop_off_seconds * SECOND
    assert _arrivals(view)[0] == pytest.approx(wanted, abs=5 * SECOND)


def test_orders_that_are_ready_are_fetched_in_one_round_and_the_nearest_comes_first() -> None:
    far, near = order(1, km=2.5, courier="c1"), order(2, km=1.0, courier="c1")
    first, second = _arrivals(HubView(hub(), (near, far), (courier(1),)))
    assert first == pytest.approx(NOW_US + HANDLING_US + _ride_us(1.0), abs=5 * SECOND)
    assert second - first == pytest.approx(_ride_us(1.5) + DROP_OFF_US, abs=5 * SECOND)
    assert _arrivals(HubView(hub(), (far, near), (courier(1),))) == (second, first)


def test_an_order_that_is_not_ready_yet_needs_a_round_of_its_own() -> None:
    soon, later = order(1, km=2.0, courier="c1"), order(2, km=1.0, courier="c1", ready_in=20)
    first, second = _arrivals(HubView(hub(), (soon, later), (courier(1),)))
    assert first == pytest.approx(NOW_US + HANDLING_US + _ride_us(2.0), abs=5 * SECOND)
    back_us = max(NOW_US + 20 * MINUTE, first + _ride_us(2.0))
    assert second == pytest.approx(back_us + HANDLING_US + _ride_us(1.0), abs=5 * SECOND)


def test_nobody_takes_more_along_than_fits() -> None:
    heavy = tuple(replace(order(n, km=1.0, courier="c1"), load=2) for n in range(2))
    first, second = _arrivals(HubView(hub(), heavy, (courier(1, capacity=3),)))
    assert second - first == pytest.approx(2 * _ride_us(1.0) + HANDLING_US, abs=5 * SECOND)


def test_a_way_takes_as_long_as_the_rain_of_its_quarter_of_an_hour_lets_it() -> None:
    view = HubView(hub(), (order(1, km=2.0, courier="c1", ready_in=20),), (courier(1),))
    passing = Rain(NOW_US, (40.0, 0.0))
    arrives = predict(view, POLICY, NOW_US, passing).arrives_us
    assert arrives == _arrivals(view)
    assert arrives < _arrivals(view, 40.0)


def test_rain_slows_every_way_by_the_policy_s_steps() -> None:
    view = HubView(hub(), (order(1, km=4.0, courier="c1"),), (courier(1),))
    dry, wet = _arrivals(view)[0], _arrivals(view, 20.0)[0]
    assert wet - dry == pytest.approx(_ride_us(4.0, 20.0) - _ride_us(4.0), abs=5 * SECOND)
    assert wet > dry


def test_waiting_orders_are_shared_out_a_round_at_a_time_to_whoever_is_free_first() -> None:
    orders = tuple(order(number, km=1.0, promised_in=40 + number) for number in range(4))
    arrivals = _arrivals(HubView(hub(), orders, (courier(1, capacity=2),)))
    gaps = [b - a for a, b in pairwise(arrivals)]
    again_us = 2 * _ride_us(1.0) + HANDLING_US
    wanted = [DROP_OFF_US, again_us, DROP_OFF_US]
    assert gaps == [pytest.approx(each, abs=5 * SECOND) for each in wanted]
    two = _arrivals(HubView(hub(), orders, (courier(1, capacity=2), courier(2, capacity=2))))
    assert two == (arrivals[0], arrivals[1], arrivals[0], arrivals[1])


def test_what_is_packed_much_later_waits_for_nobody_then() -> None:
    held = tuple(order(n, courier="c1") for n in range(3))
    stuck = order(9, km=1.0, ready_in=120)
    at_us = _arrivals(HubView(hub(), (*held, stuck), (courier(1),)))[3]
    on_foot = POLICY.travel.duration_us(1000, "other", 0.0)
    assert at_us == pytest.approx(NOW_US + 120 * MINUTE + HANDLING_US + on_foot, abs=5 * SECOND)


def test_an_order_that_nobody_is_there_to_deliver_is_endangered() -> None:
    view = HubView(hub(), (order(1, promised_in=600),))
    outlook = predict(view, POLICY, NOW_US, DRY)
    assert outlook.arrives_us[0] >= NOW_US + NEVER_US
    assert endangered(view, outlook, 0) == ("f00001",)


def test_the_order_of_a_courier_who_is_lost_waits_until_they_are_back() -> None:
    there = HubView(hub(), (order(1, courier="c1"),), (courier(1),))
    lost = HubView(hub(), (order(1, courier="c1"),), (courier(2),), lost=(courier(1),))
    assert _arrivals(lost)[0] == _arrivals(there)[0] + BACK_US
    unknown = HubView(hub(), (order(1, courier="gone"),), (courier(2),))
    assert _arrivals(unknown)[0] > NOW_US + BACK_US


def test_lost_couriers_are_reckoned_with_for_what_nobody_else_can_take() -> None:
    orders = tuple(order(number, km=3.0) for number in range(12))
    alone = HubView(hub(), orders, (courier(1, capacity=2),))
    helped = replace(alone, lost=tuple(courier(n, capacity=2) for n in range(2, 5)))
    assert max(_arrivals(helped)) < max(_arrivals(alone))


def test_an_order_without_a_promise_cannot_be_late() -> None:
    view = HubView(hub(), (order(1, promised_in=None),))
    assert predict(view, POLICY, NOW_US, DRY).late_by_us(view.fulfilments) == [None]
    assert endangered(view, predict(view, POLICY, NOW_US, DRY), 0) == ()


def test_where_the_customer_s_place_is_unknown_the_fleet_s_estimate_counts() -> None:
    expected_us = NOW_US + 55 * MINUTE
    nowhere = replace(order(1, courier="c1"), drop_off=None, expected_us=expected_us)
    assert _arrivals(HubView(hub(), (nowhere,), (courier(1),))) == (expected_us,)


def test_the_margin_counts_an_order_that_would_be_barely_in_time() -> None:
    view = HubView(hub(), (order(1, courier="c1"),), (courier(1),))
    outlook = predict(view, POLICY, NOW_US, DRY)
    slack_us = -(outlook.late_by_us(view.fulfilments)[0] or 0)
    assert slack_us > 0
    assert endangered(view, outlook, slack_us) == ()
    assert endangered(view, outlook, slack_us + 1) == ("f00001",)


@given(
    lat=st.floats(-60, 60),
    lon=st.floats(-179, 179),
    north=st.floats(-0.4, 0.4),
    east=st.floats(-0.4, 0.4),
)
def test_ways_are_as_long_as_the_great_circle_says(
    lat: float, lon: float, north: float, east: float
) -> None:
    shop, customer = Point(lat, lon), Point(lat + north, lon + east)
    far = replace(order(1, courier="c1"), pick_up=shop, drop_off=customer)
    rider = replace(courier(1), position=shop)
    view = HubView(replace(hub(), position=shop), (far,), (rider,))
    took_us = _arrivals(view)[0] - NOW_US - HANDLING_US
    crow_m = distance_m(shop, customer)
    wanted_us = POLICY.travel.duration_us(crow_m, "e_bike", 0.0)
    assert took_us == pytest.approx(wanted_us, rel=0.02, abs=SECOND)


def test_detecting_on_ten_thousand_open_orders_costs_less_than_twelve_distances_each() -> None:
    """On an idle core that is some 90 ms; the yardstick is taken in the same breath."""
    view = crowd(10_000, 1_500)
    ways = [(one.pick_up, one.drop_off) for one in view.fulfilments]

    def measure() -> None:
        for shop, customer in ways * 12:
            assert shop is not None
            assert customer is not None
            distance_m(shop, customer)

    rounds = [(seconds(lambda: detect(view, POLICY, NOW_US)), seconds(measure)) for _ in range(7)]
    assert detect(view, POLICY, NOW_US)[0].orders
    assert min(took for took, _ in rounds) < min(yardstick for _, yardstick in rounds)


def test_a_hub_without_a_position_measures_from_its_first_order() -> None:
    view = HubView(replace(hub(), position=None), (order(1, km=3.0, courier="c1"),), (courier(1),))
    assert _arrivals(view)[0] == pytest.approx(NOW_US + _ride_us(3.0) + HANDLING_US, abs=5 * SECOND)
    assert view.fulfilments[0].pick_up == HOME
