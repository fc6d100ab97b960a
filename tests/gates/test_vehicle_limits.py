"""Invariant 13 for drones: past range, payload, rain or wind nobody is sent, whoever asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from makegood.domain.authority import Verdict
from makegood.domain.policy import Autonomy
from tests.gates.world import reassign

if TYPE_CHECKING:
    from tests.gates.world import World

ALLOW, DENY = Verdict.ALLOW, Verdict.DENY
HOME = {"lat": 30.27, "lon": 120.15}
NEAR = {"lat": 30.28, "lon": 120.15}
FAR = {"lat": 30.31, "lon": 120.15}


def weather(world: World, rain: float, wind: float | None) -> None:
    """Let the hub hear of rain in mm/h and wind in m/s."""
    said = {} if wind is None else {"wind_m_s": wind}
    world.happen("hub.weather_observed", "h1", rain_mm_h=rain, **said)


def drone(world: World, courier_id: str = "d", capacity: int = 4) -> None:
    """Register a drone and let it be ready."""
    world.happen("courier.registered", courier_id, vehicle="drone", capacity=capacity)
    world.happen("courier.shift_started", courier_id)


def parcel(
    world: World,
    order_id: str,
    drop_off: dict[str, float] | None,
    load: int = 1,
    dock: str = "store-canal",
) -> None:
    """Add a delivery `f-ID` to an order: from the hub to a place, or nobody knows where."""
    total = {"minor": 5000, "currency": "EUR"}
    world.happen("sales_order.placed", order_id, total=total, customer_id=f"c-{order_id}")
    places = {} if drop_off is None else {"pick_up": HOME, "drop_off": drop_off}
    world.happen(
        "fulfilment_order.created",
        f"f-{order_id}",
        order_id=order_id,
        customer_id=f"c-{order_id}",
        load=load,
        pick_up_id=dock,
        **places,
    )


def test_a_drone_may_go_in_weather_and_range(world: World) -> None:
    drone(world)
    parcel(world, "o", NEAR)
    weather(world, 3.0, 4.0)
    assert world.one(reassign("o", "d")).verdict is ALLOW


@pytest.mark.parametrize(("rain", "wind"), [(25.5, 4.0), (3.0, 12.5), (3.0, None)])
def test_a_drone_is_not_sent_into_rain_or_wind_past_its_limits_or_into_unknown_wind(
    world: World, rain: float, wind: float | None
) -> None:
    drone(world)
    parcel(world, "o", NEAR)
    weather(world, rain, wind)
    judged = world.one(reassign("o", "d"))
    assert (judged.verdict, judged.rules) == (DENY, ("safety.vehicle",))


def test_a_drone_is_not_sent_where_nobody_ever_heard_of_the_weather(world: World) -> None:
    drone(world)
    parcel(world, "o", NEAR)
    assert world.one(reassign("o", "d")).verdict is DENY


def test_a_drone_is_not_sent_on_weather_that_is_too_old(world: World) -> None:
    drone(world)
    parcel(world, "o", NEAR)
    weather(world, 3.0, 4.0)
    world.pass_time(world.policies.detection.feeds.weather_stale_minutes + 1)
    assert world.one(reassign("o", "d")).verdict is DENY


@pytest.mark.parametrize("drop_off", [FAR, None])
def test_a_drone_is_not_sent_past_its_range_or_nobody_knows_where(
    world: World, drop_off: dict[str, float] | None
) -> None:
    drone(world)
    parcel(world, "o", drop_off)
    weather(world, 3.0, 4.0)
    judged = world.one(reassign("o", "d"))
    assert (judged.verdict, judged.rules) == (DENY, ("safety.vehicle",))


def test_a_drone_is_not_sent_to_where_it_has_no_dock(world: World) -> None:
    drone(world)
    parcel(world, "o", NEAR, dock="store-north")
    weather(world, 3.0, 4.0)
    judged = world.one(reassign("o", "d"))
    assert (judged.verdict, judged.rules) == (DENY, ("safety.vehicle",))


def test_a_drone_carries_no_more_than_its_payload_whatever_the_fleet_reports(
    world: World,
) -> None:
    drone(world, capacity=9)
    for order_id in "op":
        parcel(world, order_id, NEAR)
    parcel(world, "q", NEAR)
    weather(world, 3.0, 4.0)
    judged = world.propose(*(reassign(o, "d") for o in "opq"))
    assert [one.verdict for one in judged] == [ALLOW, DENY, DENY]
    assert judged[2].rules == ("safety.capacity",)


def test_a_courier_without_limits_rides_on_in_any_weather(world: World) -> None:
    world.courier("k")
    parcel(world, "o", FAR)
    weather(world, 80.0, 30.0)
    assert world.one(reassign("o", "k")).verdict is ALLOW


def test_the_wind_that_rose_since_is_looked_at_again_at_the_spend(world: World) -> None:
    drone(world)
    parcel(world, "o", NEAR)
    weather(world, 3.0, 4.0)
    world.one(reassign("o", "d"))
    weather(world, 3.0, 14.0)
    assert world.settle() == 0


def test_weather_that_turned_stale_since_is_looked_at_again_at_the_spend(world: World) -> None:
    drone(world)
    parcel(world, "o", NEAR)
    weather(world, 3.0, 4.0)
    world.pass_time(world.policies.detection.feeds.weather_stale_minutes - 1)
    world.one(reassign("o", "d"))
    assert world.settle(minutes=2) == 0


def test_nobody_can_approve_a_flight_that_the_weather_forbids_by_then(world: World) -> None:
    autonomy = world.policies.autonomy
    actions = {**autonomy.actions, reassign("o", "d").kind: Autonomy.HOLD}
    world.policy("autonomy", actions=actions)
    drone(world)
    parcel(world, "o", NEAR)
    weather(world, 3.0, 4.0)
    world.held(reassign("o", "d"))
    weather(world, 26.0, 4.0)
    world.approve()
    assert world.settle(minutes=1) == 0
