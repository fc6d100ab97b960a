"""A district lives by its parameters: queues, temper, rain, drones and patience."""

from __future__ import annotations

from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pytest

from makegood.clock import HOUR, MINUTE, VirtualClock
from makegood.domain.geo import distance_m
from makegood.errors import InvalidInput
from makegood.replay.company import Company
from makegood.replay.company.city import CityParams, DistrictLife, draw, inhabit, read_city
from makegood.replay.company.city.draw import Luck
from makegood.replay.company.city.sky import draw_sky
from makegood.replay.company.city.stores import Line
from makegood.replay.company.model import CourierStatus, FulfilmentStatus, OrderStatus
from makegood.replay.company.problems import Refused

START = 1_783_933_200_000_000


def small(**changes: object) -> CityParams:
    """A tenth of the storm's city, over in two hours."""
    params = read_city("hangzhou_storm")
    demand = params.demand.model_copy(
        update={"per_minute": (1.0, 1.5, 0.5), "stops_minutes": 90, "customers": 40}
    )
    couriers = params.couriers.model_copy(update={"count": 12})
    small_one = params.model_copy(
        update={"demand": demand, "couriers": couriers, "lasts_minutes": 120}
    )
    return small_one.model_copy(update=changes)


def lived(
    params: CityParams, seed: int, until_min: int | None = None
) -> tuple[Company, DistrictLife]:
    clock = VirtualClock(START)
    company, life = inhabit(clock, draw(params, seed, START))
    if until_min is not None:
        clock.advance_to(START + until_min * MINUTE)
        company.catch_up()
        return company, life
    while (next_us := company.next_us) is not None:
        clock.advance_to(next_us + 10 * MINUTE)
        company.catch_up()
    return company, life


def test_every_parameter_has_a_source_or_the_word_assumption_beside_it() -> None:
    for kept in (files("makegood.replay") / "cities").iterdir():
        for number, line in enumerate(kept.read_text(encoding="utf-8").splitlines(), 1):
            told, _, why = line.partition(" #")
            is_value = bool(told.strip()) and not told.strip().startswith("#")
            if is_value and not told.rstrip().endswith(":"):
                known = any(word in why for word in ("assumption", "source", "calibrated"))
                assert known, f"{kept.name}:{number} says no source: {told.strip()}"


def test_the_same_seed_lives_the_same_life_and_another_does_not() -> None:
    lives = [lived(small(), seed)[0].tape.take() for seed in (1, 1, 2)]
    assert lives[0] == lives[1]
    assert lives[0] != lives[2]


def test_a_city_that_is_not_there_or_not_valid_names_the_field(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="there is no city"):
        read_city("atlantis")
    text = (files("makegood.replay") / "cities" / "hangzhou_storm.yaml").read_text()
    broken = tmp_path / "broken.yaml"
    broken.write_text(text.replace("acceptance: 0.97", "acceptance: 97"))
    with pytest.raises(InvalidInput, match=r"couriers\.acceptance"):
        read_city(broken)


def test_orders_are_packed_first_come_first_served_and_a_rush_makes_them_wait() -> None:
    params = read_city("hangzhou_storm")
    quiet = params.packing.model_copy(update={"spread": 0.0})
    store = params.stores[0].model_copy(update={"pickers": 2, "packers": 1})
    line = Line(store, quiet, Luck(1), START)
    ready = [line.enter(f"so-{n}", 2, START)[1] for n in range(8)]
    assert all(a <= b for a, b in pairwise(ready))
    assert ready[0] - START == (110 + 50) * 1_000_000
    assert ready[7] - START > 4 * 110 * 1_000_000


def test_a_courier_who_declines_leaves_the_order_to_another() -> None:
    couriers = small().couriers.model_copy(update={"acceptance": 0.6})
    company, _ = lived(small(couriers=couriers), 3)
    told = company.tape.take()
    declined = {e["subject"] for e in told if e["type"] == "fulfilment_order.unassigned"}
    delivered = {e["subject"] for e in told if e["type"] == "fulfilment_order.delivered"}
    assert len(declined) > 10
    assert len(declined & delivered) > 0.6 * len(declined)


def test_rain_drives_riders_into_shelter_and_lets_them_out_again() -> None:
    company, life = lived(small(severity=1.0), 1, until_min=95)
    away = [c for c in company.records.couriers.values() if c.status is CourierStatus.SHELTERING]
    assert len(away) >= 4
    assert all(not courier.carried for courier in away)
    assert all(life.is_away(courier.id) for courier in away)
    dry, _ = lived(small(severity=0.0), 1, until_min=95)
    assert all(c.status is not CourierStatus.SHELTERING for c in dry.records.couriers.values())


def test_rain_slows_riders_and_raises_demand() -> None:
    params, wet = small(), small(severity=1.0)
    _, life = lived(wet, 1, until_min=90)
    rider = next(r.courier for r in life.script.riders if r.courier.vehicle == "e_bike")
    start, end = life.script.stores[0].position, life.script.stores[1].position
    dry_us = life.ways.travel_us(rider, "store-canal", start, end, START)
    wet_us = life.ways.travel_us(rider, "store-canal", start, end, START + 85 * MINUTE)
    assert wet_us > 2 * dry_us
    busy = params.demand.model_copy(update={"per_minute": (30.0,)})
    counts = [
        len(draw(params.model_copy(update={"severity": s, "demand": busy}), 1, START).orders)
        for s in (0.0, 1.0)
    ]
    assert counts[1] > 1.02 * counts[0]


def test_a_forecast_is_right_about_the_past_and_errs_about_what_comes() -> None:
    params = read_city("hangzhou_storm")
    sky = draw_sky(params, 5, START)
    place = draw(params, 5, START).district.position
    seen = sky.as_seen(START + 70 * MINUTE)
    past_us, coming_us = START + 65 * MINUTE, START + 100 * MINUTE
    assert seen.rate(place, past_us) == sky.rate(place, past_us)
    assert seen.rate(place, coming_us) != sky.rate(place, coming_us)
    error = params.forecast.model_copy(update={"error": 0.0})
    right = draw_sky(params.model_copy(update={"forecast": error}), 5, START)
    assert right.as_seen(START).rate(place, coming_us) == right.rate(place, coming_us)


def test_the_hours_of_the_real_storm_fall_as_they_were_observed() -> None:
    params = read_city("hangzhou_storm").model_copy(update={"severity": 1.0})
    sky = draw_sky(params, 1, START)
    place = draw(params, 1, START).district.position
    end_us = START + (params.storm.begins_minutes + 75) * MINUTE
    fallen = sky.fallen_mm(place, end_us, HOUR + 30 * MINUTE)
    assert fallen == pytest.approx(sum(params.storm.mm), rel=0.02)


def test_the_weather_is_told_with_its_wind_in_metres_a_second() -> None:
    company, _ = lived(small(), 1, until_min=90)
    told = [e for e in company.tape.take() if e["type"] == "hub.weather_observed"]
    assert {e["hub"] for e in told} == {"hub-west-lake"}
    assert told[0]["data"]["wind_m_s"] == pytest.approx(5.4, abs=0.1)


def test_what_stores_do_is_told_under_the_district() -> None:
    company, _ = lived(small(), 1, until_min=40)
    created = [e for e in company.tape.take() if e["type"] == "fulfilment_order.created"]
    assert {e["hub"] for e in created} == {"hub-west-lake"}
    assert {e["data"]["pick_up_id"] for e in created} >= {"store-north", "store-canal"}


def test_a_drone_is_refused_past_its_range_from_another_dock_and_in_a_downpour() -> None:
    wet, life = lived(small(severity=2.0), 1, until_min=90)
    drone = life.script.drones[0].courier
    waiting = [d for d in wet.records.fulfilments.values() if d.load == 1]
    with pytest.raises(Refused) as rain:
        life.ways.check(drone, waiting[0])
    assert rain.value.kind == "drone-rain"
    dry, life = lived(small(severity=0.0), 1, until_min=90)
    mine = [d for d in dry.records.fulfilments.values() if d.hub_id == "store-canal"]
    other = next(d for d in dry.records.fulfilments.values() if d.hub_id != "store-canal")
    life.ways.check(drone, mine[0])
    with pytest.raises(Refused) as dock:
        life.ways.check(drone, other)
    assert dock.value.kind == "drone-dock"
    near = small(severity=0.0, drones=small().drones.model_copy(update={"range_m": 400.0}))
    short, life = lived(near, 1, until_min=90)
    dock_at = life.script.stores[1].position
    far = next(
        d
        for d in short.records.fulfilments.values()
        if d.hub_id == "store-canal" and distance_m(dock_at, d.drop_off) > 250
    )
    with pytest.raises(Refused) as distance:
        life.ways.check(drone, far)
    assert distance.value.kind == "drone-range"


def test_a_drone_flies_straight_delivers_and_comes_back_to_its_dock() -> None:
    clock = VirtualClock(START)
    company, life = inhabit(clock, draw(small(severity=0.0), 1, START))
    drone = life.script.drones[0].courier
    given = None
    while given is None:
        clock.advance(MINUTE)
        company.catch_up()
        light = (d for d in life.waiting() if d.load == 1 and d.hub_id == "store-canal")
        given = next(light, None)
    company.fleet.give(given, drone.id)
    clock.advance(40 * MINUTE)
    company.catch_up()
    done = company.records.fulfilment(given.id)
    assert done.status is FulfilmentStatus.DELIVERED
    dock = life.script.stores[1].position
    assert company.records.courier(drone.id).position == dock
    crow_m = distance_m(dock, done.drop_off)
    assert life.riding.metres[drone.id] == pytest.approx(2 * crow_m, abs=3)


def test_a_customer_whose_patience_is_over_calls_the_order_off() -> None:
    couriers = small().couriers.model_copy(update={"count": 1})
    company, _ = lived(small(couriers=couriers), 1)
    off = [o for o in company.records.orders.values() if o.status is OrderStatus.CANCELLED]
    assert len(off) > 10
    reasons = {
        e["data"]["reason"] for e in company.tape.take() if e["type"] == "sales_order.cancelled"
    }
    assert reasons == {"customer_gave_up"}


def test_a_shift_that_ends_takes_away_what_waits_and_finishes_what_is_on_board() -> None:
    couriers = small().couriers.model_copy(update={"shift_ends_minutes": (50.0, 60.0)})
    company, life = lived(small(couriers=couriers), 2)
    riders = [c for c in company.records.couriers.values() if c.vehicle != "drone"]
    assert all(courier.status is CourierStatus.OFF for courier in riders)
    assert all(not courier.waiting and not courier.carried for courier in riders)
    assert max(life.overtime_us.values()) > 0
    ends = {e["subject"] for e in company.tape.take() if e["type"] == "courier.shift_ended"}
    assert {courier.id for courier in riders} <= ends
