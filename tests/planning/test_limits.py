"""What a vehicle is never sent past: the planner offers nothing that the gate would deny."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makegood.clock import MINUTE
from makegood.domain.conditions import Conditions
from makegood.domain.entities import Courier, FulfilmentOrder, Hub
from makegood.domain.forecast import foresee
from makegood.domain.geo import Point
from makegood.domain.limits import UNKNOWN_SKY, Sky, grounded, out_of_range
from makegood.planning import CourierLoad, Plan, Work, assign, plan_jointly
from tests.planning.city import HOME, NOW_US, STAMP, conditions, courier, order, policies

CALM = Sky(2.0, 3.0)
LIMITS = policies().detection.travel.limits["drone"]
STALE_US = 20 * MINUTE


def drone(number: int = 1, capacity: int = 2) -> CourierLoad:
    return CourierLoad(
        Courier(
            id=f"drone-{number}",
            hub_id="hub-1",
            status="on",
            vehicle="drone",
            capacity=capacity,
            position=HOME,
            position_us=NOW_US,
        )
    )


def under(sky: Sky) -> Conditions:
    return replace(conditions(2.0), sky=sky)


def plan(orders: list[FulfilmentOrder], loads: list[CourierLoad], sky: Sky) -> Plan:
    made = assign(
        orders,
        loads,
        values={each.id: 5_000 for each in orders},
        conditions=under(sky),
        policies=policies(),
        stamp=STAMP,
    )
    assert made is not None
    return made


def flown(made: Plan) -> list[str]:
    return [
        choice.order.id
        for choice in made.choices
        if choice.to_courier is not None and choice.to_courier.startswith("drone")
    ]


def late_orders(count: int) -> list[FulfilmentOrder]:
    rng = Random(3)
    made = [order(number, rng) for number in range(count)]
    return [replace(each, pick_up_id="store-canal") for each in made]


def test_a_drone_that_may_fly_takes_what_fits_it() -> None:
    assert flown(plan(late_orders(1), [drone()], CALM))


@pytest.mark.parametrize(
    "sky",
    [Sky(LIMITS.rain_mm_h, None), Sky(None, 1.0), UNKNOWN_SKY, Sky(25.1, 1.0), Sky(0.0, 12.1)],
)
def test_no_plan_sends_a_drone_past_rain_or_wind_or_into_the_unknown(sky: Sky) -> None:
    assert not flown(plan(late_orders(3), [drone()], sky))


def test_at_its_limits_a_drone_may_still_leave() -> None:
    assert not grounded(LIMITS, "drone", Sky(LIMITS.rain_mm_h, LIMITS.wind_m_s))


def test_no_plan_sends_a_drone_past_its_range() -> None:
    (near,) = late_orders(1)
    far = replace(near, drop_off=Point(HOME.lat + 0.037, HOME.lon))
    assert out_of_range(LIMITS, "drone", far, HOME)
    assert not flown(plan([far], [drone()], CALM))


def test_no_plan_sends_a_drone_to_where_it_has_no_dock() -> None:
    (near,) = late_orders(1)
    assert not flown(plan([replace(near, pick_up_id="store-north")], [drone()], CALM))


def test_no_plan_loads_a_drone_past_its_payload_whatever_the_fleet_reports() -> None:
    orders = late_orders(6)
    made = plan(orders, [drone(capacity=6)], CALM)
    assert 0 < len(flown(made)) <= (LIMITS.payload or 0)
    heavy = [replace(each, load=2) for each in orders]
    assert not flown(plan(heavy, [drone(capacity=6)], CALM))


def jointly(orders: list[FulfilmentOrder], loads: list[CourierLoad], sky: Sky) -> list[str]:
    """Return what a joint plan gives to drones; a drone that may fly is always the better way."""
    work = Work(orders=orders, couriers=loads, conditions=under(sky), policies=policies())
    made = plan_jointly(work, endangered=frozenset(each.id for each in orders), stamp=STAMP)
    assert made is not None
    return flown(made)


def test_no_joint_plan_sends_a_drone_past_its_limits_either() -> None:
    (near,) = late_orders(1)
    assert jointly([near], [drone()], CALM)
    assert not jointly([near], [drone()], Sky(25.1, 1.0))
    assert not jointly([near], [drone()], UNKNOWN_SKY)
    assert not jointly([replace(near, pick_up_id="store-north")], [drone()], CALM)
    far = replace(near, drop_off=Point(HOME.lat + 0.037, HOME.lon))
    assert not jointly([far], [drone()], CALM)
    six = [replace(each, load=1) for each in late_orders(6)]
    assert len(jointly(six, [drone(capacity=6)], CALM)) == LIMITS.payload
    assert not jointly([replace(near, load=2)], [drone(capacity=6)], CALM)


def test_why_a_drone_does_not_go_does_not_tell_where_a_customer_lives() -> None:
    (near,) = late_orders(1)
    places = [Point(HOME.lat + 0.04, HOME.lon), Point(HOME.lat - 0.06, HOME.lon + 0.02)]
    whys = {out_of_range(LIMITS, "drone", replace(near, drop_off=p), HOME) for p in places}
    assert len(whys) == 1


def test_nobody_waits_for_a_drone_to_come_by_itself() -> None:
    waiting = late_orders(2)
    rider = CourierLoad(courier(1, Random(1), 6))
    alone = foresee([rider], waiting, under(CALM)).arrives_us
    assert foresee([rider, drone()], waiting, under(CALM)).arrives_us == alone


def test_a_drone_flies_straight_and_rain_does_not_slow_it() -> None:
    travel = policies().detection.travel
    assert travel.road_m(1_000, "drone") == 1_000
    assert travel.road_m(1_000, "e_bike") == 1_300
    assert travel.speed("drone", 40.0) == travel.speed("drone", 0.0)
    assert travel.speed("e_bike", 40.0) < travel.speed("e_bike", 0.0)


weather = st.one_of(st.none(), st.floats(0, 60))


@given(weather, weather, weather, weather)
def test_the_worse_of_two_skies_never_lets_more_fly(
    rain: float | None, wind: float | None, rain_too: float | None, wind_too: float | None
) -> None:
    one, other = Sky(rain, wind), Sky(rain_too, wind_too)
    both = one.or_worse(other)
    if not grounded(LIMITS, "drone", both):
        assert not grounded(LIMITS, "drone", one)
        assert not grounded(LIMITS, "drone", other)


def test_a_sky_that_was_heard_of_too_long_ago_is_unknown() -> None:
    hub = Hub(id="h", status="open", rain_mm_h=1.0, rain_seen_us=NOW_US, wind_m_s=2.0)
    assert Sky.over(hub, NOW_US + STALE_US, STALE_US) == Sky(1.0, 2.0)
    assert Sky.over(hub, NOW_US + STALE_US + 1, STALE_US) == UNKNOWN_SKY
    assert Sky.over(None, NOW_US, STALE_US) == UNKNOWN_SKY


def test_rain_that_was_forecast_for_now_counts_as_much_as_what_was_seen() -> None:
    hub = Hub(
        id="h",
        status="open",
        rain_mm_h=1.0,
        rain_seen_us=NOW_US,
        rain_quarters_mm_h=(1.0, 30.0),
        wind_m_s=2.0,
    )
    assert Sky.over(hub, NOW_US + 14 * MINUTE, STALE_US).rain_mm_h == 1.0
    assert Sky.over(hub, NOW_US + 15 * MINUTE, STALE_US).rain_mm_h == 30.0
