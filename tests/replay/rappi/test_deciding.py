"""Living through a day: what is known when, who is sent, and what comes of it."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from makegood.domain.geo import Point, distance_m
from makegood.replay.suites.base import Charge
from makegood.replay.suites.rappi.fleet import Fleet, Orders, Send
from makegood.replay.suites.rappi.greedy import greedy
from makegood.replay.suites.rappi.planner import Planner
from makegood.replay.suites.rappi.result import arm
from makegood.replay.suites.rappi.rules import all_seconds, distances_m, seconds, travel_s
from makegood.replay.suites.rappi.run import Dispatcher, live
from tests.replay.rappi.place import at, courier, day, order

if TYPE_CHECKING:
    from makegood.replay.suites.rappi.days import Courier, Day, Order
    from makegood.replay.suites.rappi.rules import Ints

FREE = Charge(0)
PLANNER = Planner(60, lead_s=0)


def test_speeds_are_the_platforms_and_times_are_rounded_up() -> None:
    assert [seconds(1_000, speed) for speed in (25, 20, 15, 5)] == [144, 180, 240, 720]
    assert (seconds(1, 25), seconds(0, 5)) == (1, 0)


@given(st.lists(st.tuples(st.floats(-80, 80), st.floats(-179, 179)), min_size=2, max_size=9))
def test_distances_of_many_are_those_of_each(places: list[tuple[float, float]]) -> None:
    lat, lon = np.radians(np.array(places)).T
    many = distances_m(lat[:-1], lon[:-1], lat[1:], lon[1:])
    points = [Point(*place) for place in places]
    each = [distance_m(a, b) for a, b in pairwise(points)]
    assert np.abs(many - np.array(each)).max() <= 1


def test_a_trip_waits_for_the_order_and_drops_in_sequence() -> None:
    lived = day([order(0, 1_000, 2_000, ready=600), order(1, 1_000, 1_500)], [courier(0, 0)])
    fleet = Fleet(lived)
    trip = fleet.carry_out(Send(0, (1, 0), departs_s=100), decided_s=30)
    assert trip is not None
    assert (trip.departs_s, trip.arrives_s, trip.picked_s) == (100, 244, 600)
    assert trip.dropped_s == (672, 744)
    assert fleet.free_s[0] == 744
    assert np.degrees(fleet.lon[0]) == pytest.approx(at(2_000).lon)


def test_nobody_is_sent_who_would_pick_up_after_the_shift() -> None:
    for dispatcher in (greedy, PLANNER):
        orders = [order(0, 0, 100, ready=601)]
        assert live(day(orders, [courier(0, 0, off=600)]), dispatcher, 60, FREE).trips == ()
        assert len(live(day(orders, [courier(0, 0, off=601)]), dispatcher, 60, FREE).trips) == 1


def test_an_order_is_not_known_before_it_is_placed() -> None:
    asked = list[tuple[int, list[int]]]()

    def watch(now_s: int, pending: Ints, orders: Orders, fleet: Fleet) -> list[Send]:
        asked.append((now_s, pending.tolist()))
        return greedy(now_s, pending, orders, fleet)

    orders = [order(0, 0, 100, placed=30), order(1, 0, 100, placed=121, ready=200)]
    live(day(orders, [courier(0, 0), courier(1, 0)]), watch, 60, FREE)
    assert asked == [(60, [0]), (180, [1])]


def test_what_a_decision_costs_passes_before_anybody_leaves() -> None:
    orders = [order(0, 0, 1_000)]
    [trip] = live(day(orders, [courier(0, 0)]), greedy, 60, Charge(2_500_000)).trips
    assert (trip.decided_s, trip.departs_s) == (0, 3)


def test_greedy_takes_the_nearest_and_the_planner_the_one_who_is_in_time() -> None:
    orders = [order(0, 1_000, 2_000, promised=600)]
    couriers = [courier(0, 900, "walking"), courier(1, 0)]
    [by_greedy] = live(day(orders, couriers), greedy, 60, FREE).trips
    [planned] = live(day(orders, couriers), PLANNER, 60, FREE).trips
    assert (by_greedy.courier, by_greedy.dropped_s[0] <= 600) == (0, False)
    assert (planned.courier, planned.dropped_s[0] <= 600) == (1, True)


def test_the_planner_gives_the_near_courier_to_who_needs_it() -> None:
    orders = [order(0, 0, 1_000, promised=3_600), order(1, 100, 1_100, promised=200)]
    couriers = [courier(0, 100), courier(1, 3_000)]
    assert _kept(day(orders, couriers), PLANNER) == 2
    assert _kept(day(orders, couriers), greedy) == 1


def test_a_courier_leaves_as_late_as_costs_nothing() -> None:
    orders = [order(0, 1_000, 2_000, ready=600)]
    [trip] = live(day(orders, [courier(0, 0)]), PLANNER, 60, FREE).trips
    assert (trip.departs_s, trip.arrives_s, trip.decided_s) == (456, 600, 420)


def test_a_busy_courier_is_planned_with_before_becoming_free() -> None:
    orders = [order(0, 0, 5_000), order(1, 5_000, 6_000, placed=60, ready=700, promised=900)]
    couriers = [courier(0, 0)]
    lived = live(day(orders, couriers), PLANNER, 60, FREE)
    assert [trip.orders for trip in lived.trips] == [(0,), (1,)]
    assert lived.trips[1].departs_s >= lived.trips[0].dropped_s[0]
    assert _kept(day(orders, couriers), PLANNER) == 2


_ORDERS = st.builds(
    order,
    st.integers(0, 0),
    st.integers(0, 4_000),
    st.integers(0, 4_000),
    placed=st.integers(0, 3_000),
    ready=st.integers(3_000, 5_000),
    promised=st.integers(3_000, 6_000),
)
_COURIERS = st.builds(
    courier,
    st.integers(0, 0),
    st.integers(0, 4_000),
    st.sampled_from(["motorcycle", "bicycle", "car", "walking"]),
    on=st.integers(0, 4_000),
    off=st.integers(4_000, 9_000),
)


@given(st.lists(_ORDERS, min_size=1, max_size=8), st.lists(_COURIERS, min_size=1, max_size=5))
def test_every_order_is_served_once_and_nobody_is_in_two_places(
    orders: list[Order], couriers: list[Courier]
) -> None:
    orders.sort(key=lambda one: one.placed_s)
    lived = live(day(orders, couriers), Planner(60), 60, FREE)
    served = [i for trip in lived.trips for i in trip.orders]
    assert len(served) == len(set(served))
    for k, who in enumerate(couriers):
        place, free_s = who.position, who.on_s
        for trip in (trip for trip in lived.trips if trip.courier == k):
            [i] = trip.orders
            assert trip.departs_s >= max(free_s, trip.decided_s, orders[i].placed_s)
            away_s = travel_s(place, orders[i].pick_up, who.speed_km_h)
            assert trip.arrives_s == trip.departs_s + away_s
            assert max(trip.arrives_s, orders[i].ready_s) == trip.picked_s <= who.off_s
            place, free_s = orders[i].drop_off, trip.dropped_s[0]
            carried_s = travel_s(orders[i].pick_up, place, who.speed_km_h)
            assert free_s == trip.picked_s + carried_s


def test_seconds_of_many_are_those_of_each() -> None:
    metres = np.arange(0, 5_000, 7)
    for speed in (25, 20, 15, 5):
        many = all_seconds(metres, np.full_like(metres, speed))
        assert many.tolist() == [seconds(m, speed) for m in metres.tolist()]


def _kept(lived: Day, dispatcher: Dispatcher) -> int:
    return arm(lived, live(lived, dispatcher, 60, FREE)).kept
