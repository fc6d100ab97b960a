"""What the three detectors find, and what they refuse to guess."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makegood.clock import HOUR, MINUTE
from makegood.domain.incidents import Finding, IncidentKind
from makegood.domain.statuses import SalesOrderStatus
from makegood.incidents import evidence as ev
from makegood.incidents.detect import detect
from makegood.incidents.detectors import anomaly, capacity
from makegood.incidents.view import HubView
from tests.conftest import NOW_US
from tests.incidents.hubs import POLICY, courier, crowd, hub, order, unreserved

CREW = tuple(courier(number) for number in range(4))


def _of(kind: IncidentKind, view: HubView, now_us: int = NOW_US) -> Finding | None:
    return next((one for one in detect(view, POLICY, now_us) if one.kind is kind), None)


def _weather(view: HubView, now_us: int = NOW_US) -> Finding | None:
    return _of(IncidentKind.WEATHER, view, now_us)


def _values(finding: Finding) -> dict[str, int]:
    return {one.name: one.value for one in finding.evidence}


# --- weather -------------------------------------------------------------------------------


@pytest.mark.parametrize(("rain", "ahead"), [(8.0, 0.0), (0.0, 8.0), (30.0, None)])
def test_rain_at_the_threshold_now_or_ahead_is_a_finding(rain: float, ahead: float | None) -> None:
    found = _weather(HubView(hub(rain, ahead), (), CREW))
    assert found is not None
    assert found.severity == 1
    assert _values(found)[ev.RAIN_NOW] == round(rain * 1000)


def test_below_the_clearing_threshold_there_is_no_finding() -> None:
    assert _weather(HubView(hub(3.9, 3.9), (order(1, promised_in=0),), CREW)) is None


def test_between_clearing_and_opening_the_finding_only_keeps_open() -> None:
    found = _weather(HubView(hub(5.0, 7.9), (order(1, promised_in=0),), CREW))
    assert found is not None
    assert found.severity == ev.UNDECIDED
    assert found.orders == ("f00001",)


def test_endangered_by_rain_is_an_order_that_only_the_dry_way_would_keep() -> None:
    minutes = POLICY.weather.margin_minutes
    ride = POLICY.travel.duration_us(6000, "e_bike", 0.0) + POLICY.travel.handling_us
    tight = ride // MINUTE + 1 + minutes
    view = HubView(hub(), (order(1, km=6.0, promised_in=tight, courier="c0"),), CREW)
    assert _weather(view) is None
    wet = _weather(replace(view, hub=hub(20.0)))
    assert wet is not None
    assert wet.orders == ("f00001",)
    assert wet.severity == 4


def test_severity_grows_with_the_share_of_orders_in_danger() -> None:
    assert [ev.severity(late, 100) for late in (0, 1, 24, 25, 49, 50, 100)] == [1, 2, 2, 3, 3, 4, 4]


@pytest.mark.parametrize("rain", [None, 50.0])
def test_a_stale_or_missing_weather_feed_opens_nothing_and_says_so(rain: float | None) -> None:
    seen_us = NOW_US - (POLICY.feeds.weather_stale_minutes * MINUTE + 1_000_000)
    view = HubView(hub(rain, 50.0, seen_us=seen_us), (order(1, promised_in=0),), CREW)
    found = _weather(view)
    assert found is not None
    assert found.severity == ev.UNDECIDED
    assert found.orders == ()
    assert ev.is_stale(found.evidence)


def test_a_hub_whose_weather_was_never_heard_is_stale_and_not_dry() -> None:
    found = _weather(HubView(hub(None, None, seen_us=None), (), CREW))
    assert found is not None
    assert _values(found) == {ev.WEATHER_AGE: ev.NEVER_S}
    assert ev.is_stale(found.evidence)


def test_a_fresh_feed_is_not_stale_to_the_minute() -> None:
    limit_us = POLICY.feeds.weather_stale_minutes * MINUTE
    view = HubView(hub(20.0), (), CREW)
    on_time, late = _weather(view, NOW_US + limit_us), _weather(view, NOW_US + limit_us + MINUTE)
    assert on_time is not None
    assert late is not None
    assert (ev.is_stale(on_time.evidence), ev.is_stale(late.evidence)) == (False, True)


# --- capacity ------------------------------------------------------------------------------


def test_demand_is_what_is_due_within_the_window_and_what_the_rate_foretells() -> None:
    orders = (order(1), order(2), order(3, ready_in=POLICY.capacity.window_minutes + 1))
    view = HubView(hub(), orders, CREW, arrivals=6)
    assert capacity.demand_bp(view, POLICY, NOW_US) == (2 + 6) * 10_000


def test_supply_ends_with_the_shift() -> None:
    window = POLICY.capacity.window_minutes
    crew = (courier(1), courier(2, ends_in=window // 2), courier(3, ends_in=-5))
    supply = capacity.supply_bp(HubView(hub(), (), crew), POLICY, NOW_US)
    assert supply == POLICY.capacity.orders_per_courier_hour_bp * window * 3 // 2 // 60


def test_a_drone_is_no_supply_and_does_not_speak_for_riders_who_are_silent() -> None:
    drone = replace(courier(9), id="d9", vehicle="drone")
    silent = tuple(replace(each, position_us=NOW_US - HOUR) for each in CREW)
    alone, together = (HubView(hub(), (), crew) for crew in (silent, (*silent, drone)))
    supply = capacity.supply_bp(together, POLICY, NOW_US)
    assert supply == capacity.supply_bp(alone, POLICY, NOW_US) > 0
    heard = capacity.feed(together, POLICY, NOW_US)
    assert heard is not None
    assert heard.value > heard.limit
    only = HubView(hub(), (order(1),), (drone,))
    assert capacity.feed(only, POLICY, NOW_US) is None
    found = _of(IncidentKind.CAPACITY, only)
    assert found is not None
    assert _values(found)[ev.DEMAND_OVER_SUPPLY] == capacity.NO_SUPPLY_BP


def test_demand_over_supply_opens_and_lists_the_orders_that_will_be_late() -> None:
    orders = tuple(order(number, promised_in=20 + number) for number in range(12))
    found = _of(IncidentKind.CAPACITY, HubView(hub(), orders, (courier(1),)))
    assert found is not None
    assert found.severity == 4
    assert _values(found)[ev.DEMAND_OVER_SUPPLY] > POLICY.capacity.open_at_bp
    assert "f00011" in found.orders


def test_work_without_anyone_on_shift_is_a_finding() -> None:
    found = _of(IncidentKind.CAPACITY, HubView(hub(), (order(1),)))
    assert found is not None
    assert found.severity == 4


def test_no_work_is_no_finding_even_with_nobody_on_shift() -> None:
    assert _of(IncidentKind.CAPACITY, HubView(hub())) is None


def test_between_closing_and_opening_capacity_only_keeps_open() -> None:
    # Four couriers make 5 deliveries in 30 minutes; 5 are wanted: 100 %.
    view = HubView(hub(), tuple(order(number) for number in range(5)), CREW)
    found = _of(IncidentKind.CAPACITY, view)
    assert found is not None
    assert found.severity == ev.UNDECIDED


def test_couriers_who_all_went_silent_are_marked_as_a_stale_feed() -> None:
    silent = tuple(replace(one, position_us=NOW_US - 60 * MINUTE) for one in CREW)
    orders = tuple(order(number) for number in range(30))
    found = _of(IncidentKind.CAPACITY, HubView(hub(), orders, silent))
    heard = _of(IncidentKind.CAPACITY, HubView(hub(), orders, (*silent, courier(9))))
    assert found is not None
    assert heard is not None
    assert (ev.is_stale(found.evidence), ev.is_stale(heard.evidence)) == (True, False)
    assert found.severity > ev.UNDECIDED


# --- anomaly -------------------------------------------------------------------------------


def test_orders_paid_without_stock_are_one_finding_of_their_hub() -> None:
    view = HubView(hub(), (order(2),), CREW, unreserved=(unreserved(2), unreserved(1)))
    found = _of(IncidentKind.ANOMALY, view)
    assert found is not None
    assert found.sales_orders == ("s00001", "s00002")
    assert found.orders == ("f00002",)
    assert found.key == anomaly.key("west")


@pytest.mark.parametrize(
    "case",
    [
        unreserved(1, minutes_ago=1),
        unreserved(1, captured=0),
        unreserved(1, refunded=1990),
        unreserved(1, status=SalesOrderStatus.CANCELLED),
    ],
    ids=["too fresh", "not paid", "paid back", "cancelled"],
)
def test_an_order_is_no_anomaly_when_nothing_is_kept_from_the_customer(case: object) -> None:
    view = replace(HubView(hub(), (), CREW), unreserved=(case,))
    assert _of(IncidentKind.ANOMALY, view) is None


def test_the_waiting_time_runs_from_the_later_of_payment_and_failure() -> None:
    failed, sale = unreserved(1, minutes_ago=10)
    just_paid = replace(sale, paid_us=NOW_US - MINUTE)
    view = HubView(hub(), (), CREW, unreserved=((failed, just_paid),))
    assert _of(IncidentKind.ANOMALY, view) is None
    assert _of(IncidentKind.ANOMALY, view, NOW_US + 2 * MINUTE) is not None


# --- all -----------------------------------------------------------------------------------


@given(
    seed=st.integers(0, 10_000),
    orders=st.integers(0, 40),
    couriers=st.integers(1, 10),
    rain=st.one_of(st.none(), st.floats(0, 100)),
)
def test_detection_is_a_pure_function_whatever_the_order_of_the_rows(
    seed: int, orders: int, couriers: int, rain: float | None
) -> None:
    view = replace(crowd(orders, couriers, seed), hub=hub(rain))
    turned = replace(view, fulfilments=view.fulfilments[::-1], couriers=view.couriers[::-1])
    found = detect(view, POLICY, NOW_US)
    assert found == detect(view, POLICY, NOW_US) == detect(turned, POLICY, NOW_US)
    assert len({one.key for one in found}) == len(found)
    for one in found:
        assert set(one.orders) <= {each.id for each in view.fulfilments}
        assert 0 <= one.severity <= 4


@given(seed=st.integers(0, 10_000), less=st.floats(0, 30), more=st.floats(0, 30))
def test_more_rain_never_endangers_fewer_orders_in_the_same_rounds(
    seed: int, less: float, more: float
) -> None:
    """Where an order is not packed yet, a slower courier may come just in time to take it along."""
    view = crowd(60, 8, seed)
    packed = tuple(
        replace(one, ready_us=NOW_US) for one in view.fulfilments if one.courier_id is not None
    )
    view = replace(view, fulfilments=packed)
    low, high = sorted((8.0 + less, 8.0 + more))
    light, heavy = (_weather(replace(view, hub=hub(rain))) for rain in (low, high))
    assert light is not None
    assert heavy is not None
    assert set(light.orders) <= set(heavy.orders)
