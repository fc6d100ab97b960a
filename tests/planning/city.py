"""Small cities to plan in."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from random import Random

from makegood.clock import MINUTE
from makegood.domain.entities import Courier, FulfilmentOrder
from makegood.domain.geo import Point
from makegood.domain.policy import Policies
from makegood.planning import Conditions, CourierLoad, Rain, Stamp
from makegood.workspace.policies import read_policies

NOW_US = 1_000_000 * MINUTE
HOME = Point(30.27, 120.15)
STAMP = Stamp("policy", "workspace")


@cache
def policies() -> Policies:
    found, problems = read_policies(Path(__file__).resolve().parents[2])
    assert found is not None, problems
    return found


def conditions(rain_mm_h: float = 20.0) -> Conditions:
    return Conditions(HOME, Rain(NOW_US, (rain_mm_h,)), policies().detection.travel, NOW_US)


def near(rng: Random, spread: float = 0.009) -> Point:
    return Point(HOME.lat + rng.uniform(-spread, spread), HOME.lon + rng.uniform(-spread, spread))


def order(number: int, rng: Random, *, courier_id: str | None = None) -> FulfilmentOrder:
    return FulfilmentOrder(
        id=f"ful-{number:04d}",
        order_id=f"ord-{number:04d}",
        customer_id=f"cus-{number:04d}",
        hub_id="hub-1",
        status="assigned" if courier_id else "created",
        pick_up=HOME,
        drop_off=near(rng),
        courier_id=courier_id,
        assignment=1 if courier_id else 0,
        ready_us=NOW_US - rng.randrange(10) * MINUTE,
        promised_us=NOW_US + rng.randrange(-5, 40) * MINUTE,
    )


def courier(number: int, rng: Random, capacity: int) -> Courier:
    return Courier(
        id=f"cou-{number:02d}",
        hub_id="hub-1",
        status="on",
        vehicle=rng.choice(["e_bike", "car", "unicycle"]),
        capacity=capacity,
        position=near(rng, 0.01),
        position_us=NOW_US,
    )


def city(
    seed: int, *, orders: int, couriers: int, capacity: int, lost: int
) -> tuple[list[FulfilmentOrder], list[CourierLoad]]:
    """Orders spread over `couriers` with room and `lost` couriers who have gone."""
    rng = Random(seed)
    people = [courier(n, rng, capacity) for n in range(couriers)]
    gone = [f"gone-{n}" for n in range(lost)]
    holders = [None, *gone, *(one.id for one in people)]
    made = [order(n, rng, courier_id=rng.choice(holders)) for n in range(orders)]
    loads = [
        CourierLoad(one, tuple(o for o in made if o.courier_id == one.id), rng.randrange(2))
        for one in people
    ]
    return made, loads
