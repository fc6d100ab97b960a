"""The plan of one storm over one district: everything drawn beforehand from one seed.

All numbers that are not taken from the seed are assumptions, chosen so that a calm district of
three hubs keeps nearly every promise and the storm endangers a good part of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from random import Random
from typing import Final

from makegood.clock import HOUR, MINUTE, SECOND
from makegood.domain.geo import Point
from makegood.domain.money import Money
from makegood.replay.company.life.travel import VEHICLES
from makegood.replay.company.model import Courier, Customer, Hub, Line, Order
from makegood.replay.company.weather import RainField, Storm

_M_PER_DEGREE: Final = 111_195
_STORM_RADIUS_M: Final = 2_400
_DELIVERY_RADIUS_M: Final = 1_600
# In this much rain the whole share of couriers that ever looks for shelter does so.
_POURING_MM_H: Final = 40.0
_AGAIN_US: Final = 75 * SECOND
_TIERS: Final = ("standard", "silver", "gold")
_TIER_WEIGHTS: Final = (70, 20, 10)
_LATE_SHARE: Final = 0.06
_REFUND_SHARE: Final = 0.01
_VEHICLES: Final = ("e_bike", "cargo_bike", "car")
_VEHICLE_WEIGHTS: Final = (78, 12, 10)
_GIVEN: Final = ("Lin", "Mei", "Hao", "Yan", "Jun", "Xia", "Bo", "Ning", "Tao", "Rui")
_FAMILY: Final = ("Zhao", "Qian", "Sun", "Li", "Zhou", "Wu", "Zheng", "Wang", "Feng", "Chen")
_NOTES: Final = ("", "", "", "", "Ring twice, please.", "Leave it at the door.", "Gate code 4711.")
# Article, price in minor units.
SHELF: Final = (
    ("rice-5kg", 4_590),
    ("noodles", 1_280),
    ("milk-1l", 1_590),
    ("dumplings", 2_480),
    ("umbrella", 3_900),
    ("tea", 5_900),
    ("oranges", 2_190),
    ("batteries", 1_990),
    ("headphones", 19_900),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CityPlan:
    """The parameters of a district and its storm; times are relative to the start.

    Orders are numbered from `first_order` on. Of those that come to the wet hub from the storm's
    peak on, the goods of a share are stuck behind the water for `stuck_us`, and of another share
    the customer's street floods. `twice_orders` of all orders come in again from another platform.
    The rest is about goods that are missed when they are picked: see `shortage`.
    """

    seed: int = 1
    currency: str = "CNY"
    orders: int = 330
    first_order: int = 1
    customers: int = 260
    lasts_us: int = 150 * MINUTE
    placed_within_us: int = 110 * MINUTE
    rain_from_us: int = 12 * MINUTE
    rain_peak_us: int = 45 * MINUTE
    rain_until_us: int = 115 * MINUTE
    peak_mm_h: float = 46.0
    promise_us: int = 45 * MINUTE
    usual_load: int = 4
    shelter_share: float = 0.7
    stuck_share: float = 0.14
    stuck_us: int = 120 * MINUTE
    flooded_share: float = 0.02
    unreserved_orders: int = 4
    short_articles: int = 0
    spare_units: int = 0
    supply_us: int = 60 * MINUTE
    supply_units: int = 0
    swap_share: float = 0.0
    twice_orders: int = 0
    couriers: tuple[int, ...] = (18, 13, 11)
    demand: tuple[int, ...] = (46, 30, 24)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedOrder:
    """An order to come, and what fate has in store for it."""

    order: Order
    packed_us: int
    reserves: bool = True
    flooded_us: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCourier:
    """A courier, and when they look for shelter and come out again, if they do."""

    courier: Courier
    shelters_us: int | None = None
    returns_us: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A plan with every draw made."""

    plan: CityPlan
    starts_us: int
    ends_us: int
    rain: RainField
    hubs: tuple[Hub, ...]
    customers: tuple[Customer, ...]
    couriers: tuple[PlannedCourier, ...]
    orders: tuple[PlannedOrder, ...] = field(repr=False)


_HUBS: Final = (
    ("hub-north", "North Gate", Point(30.2900, 120.1300)),
    ("hub-canal", "Canal Side", Point(30.2760, 120.1480)),
    ("hub-willow", "Willow Park", Point(30.2680, 120.1190)),
)
_ZONE: Final = "Asia/Shanghai"


def write_script(plan: CityPlan, starts_us: int) -> Script:
    """Draw everything that the plan leaves to chance; the same plan gives the same script."""
    hubs = tuple(Hub(id=i, name=n, zone=_ZONE, position=p) for i, n, p in _HUBS)
    storm = Storm(
        centre=hubs[0].position,
        radius_m=_STORM_RADIUS_M,
        starts_us=starts_us + plan.rain_from_us,
        peaks_us=starts_us + plan.rain_peak_us,
        ends_us=starts_us + plan.rain_until_us,
        peak_mm_h=plan.peak_mm_h,
    )
    rain = RainField((storm,))
    customers = _customers(plan, Random(f"{plan.seed}/customers"))
    return Script(
        plan=plan,
        starts_us=starts_us,
        ends_us=starts_us + plan.lasts_us,
        rain=rain,
        hubs=hubs,
        customers=customers,
        couriers=_couriers(plan, hubs, starts_us, rain),
        orders=_orders(plan, hubs, customers, starts_us),
    )


def _customers(plan: CityPlan, rng: Random) -> tuple[Customer, ...]:
    made: list[Customer] = []
    for number in range(1, plan.customers + 1):
        orders = rng.randint(1, 120)
        made.append(
            Customer(
                id=f"cus-{number:04d}",
                name=f"{rng.choice(_GIVEN)} {rng.choice(_FAMILY)}",
                phone=f"+86 130 0000 {number:04d}",
                tier=rng.choices(_TIERS, _TIER_WEIGHTS)[0],
                orders=orders,
                late_orders=sum(rng.random() < _LATE_SHARE for _ in range(orders)),
                refunds=sum(rng.random() < _REFUND_SHARE for _ in range(orders)),
            )
        )
    return tuple(made)


def _couriers(
    plan: CityPlan, hubs: tuple[Hub, ...], starts_us: int, rain: RainField
) -> tuple[PlannedCourier, ...]:
    rng = Random(f"{plan.seed}/couriers")
    made: list[PlannedCourier] = []
    for hub, count in zip(hubs, plan.couriers, strict=True):
        for number in range(1, count + 1):
            vehicle = VEHICLES[rng.choices(_VEHICLES, _VEHICLE_WEIGHTS)[0]]
            courier = Courier(
                id=f"{hub.id.removeprefix('hub-')}-{number:02d}",
                hub_id=hub.id,
                vehicle=vehicle.name,
                capacity=vehicle.capacity,
                position=_near(hub.position, 300, rng),
                position_us=starts_us,
                shift_starts_us=starts_us + rng.randrange(3 * MINUTE),
                shift_ends_us=starts_us + plan.lasts_us + HOUR,
            )
            made.append(_weathered(plan, courier, rng, starts_us, rain))
    return tuple(made)


def _weathered(
    plan: CityPlan, courier: Courier, rng: Random, starts_us: int, rain: RainField
) -> PlannedCourier:
    """Say whether and when the rain drives a courier into shelter; nobody leaves a car."""
    peak_us = starts_us + plan.rain_peak_us
    shelters_us = peak_us - rng.randrange(15 * MINUTE)
    returns_us = starts_us + plan.rain_until_us - rng.randrange(20 * MINUTE)
    drawn = rng.random()
    wet = min(1.0, rain.rate(courier.position, peak_us) / _POURING_MM_H)
    if courier.vehicle == "car" or drawn >= plan.shelter_share * wet:
        return PlannedCourier(courier=courier)
    return PlannedCourier(courier=courier, shelters_us=shelters_us, returns_us=returns_us)


def _orders(
    plan: CityPlan, hubs: tuple[Hub, ...], customers: tuple[Customer, ...], starts_us: int
) -> tuple[PlannedOrder, ...]:
    rng = Random(f"{plan.seed}/orders")
    fate = Random(f"{plan.seed}/fate")
    offsets = sorted(_offset(plan, rng) for _ in range(plan.orders))
    unreserved = frozenset(
        fate.sample(range(plan.orders // 8, plan.orders), plan.unreserved_orders)
    )
    made: list[PlannedOrder] = []
    twice = frozenset(Random(f"{plan.seed}/twice").sample(range(plan.orders), plan.twice_orders))
    for index, offset_us in enumerate(offsets):
        order = _order(plan, plan.first_order + index, starts_us + offset_us, hubs, customers, rng)
        ready_us = order.placed_us + rng.randrange(3 * MINUTE, 8 * MINUTE)
        # The storm is over the first hub, and by its last third the low streets are under water.
        wet = order.hub_id == hubs[0].id and offset_us >= plan.rain_peak_us
        stuck = fate.random() < plan.stuck_share and wet
        flooded = fate.random() < plan.flooded_share and wet
        made.append(
            PlannedOrder(
                order=order,
                packed_us=ready_us + (plan.stuck_us if stuck else 0),
                reserves=index not in unreserved,
                flooded_us=ready_us + fate.randrange(5 * MINUTE, 20 * MINUTE) if flooded else None,
            )
        )
    made += [_again(each) for index, each in enumerate(made) if index in twice]
    return tuple(sorted(made, key=lambda one: one.order.placed_us))


def _again(planned: PlannedOrder) -> PlannedOrder:
    """Return an order as another platform sends it a little later, under its own number."""
    first = planned.order
    order = replace(
        first,
        id=first.id.replace("so-", "mp-"),
        placed_us=first.placed_us + _AGAIN_US,
        promised_us=first.promised_us + _AGAIN_US,
        first_promised_us=first.first_promised_us + _AGAIN_US,
    )
    return replace(planned, order=order, packed_us=planned.packed_us + _AGAIN_US)


def _offset(plan: CityPlan, rng: Random) -> int:
    """Draw when an order comes; rain raises demand, so half as many again come at its peak."""
    if rng.random() < 2 / 3:
        return rng.randrange(plan.placed_within_us)
    spread_us = plan.rain_until_us - plan.rain_from_us
    drawn = rng.triangular(
        plan.rain_from_us, plan.rain_from_us + spread_us * 0.8, plan.rain_peak_us
    )
    return min(round(drawn), plan.placed_within_us - SECOND)


def _order(
    plan: CityPlan,
    number: int,
    placed_us: int,
    hubs: tuple[Hub, ...],
    customers: tuple[Customer, ...],
    rng: Random,
) -> Order:
    hub = rng.choices(hubs, plan.demand)[0]
    lines = _lines(plan, rng)
    return Order(
        id=f"so-{number:05d}",
        customer_id=rng.choice(customers).id,
        hub_id=hub.id,
        lines=lines,
        total=Money(minor=sum(x.price.minor for x in lines), currency=plan.currency),
        placed_us=placed_us,
        promised_us=placed_us + plan.promise_us,
        first_promised_us=placed_us + plan.promise_us,
        drop_off=_near(hub.position, _DELIVERY_RADIUS_M, rng),
        note=rng.choice(_NOTES),
    )


def _lines(plan: CityPlan, rng: Random) -> tuple[Line, ...]:
    made: list[Line] = []
    for number, (sku, price) in enumerate(rng.sample(SHELF, rng.choice((1, 2, 2, 3))), 1):
        quantity = rng.choice((1, 1, 1, 2))
        amount = Money(minor=price * quantity, currency=plan.currency)
        made.append(Line(line_id=str(number), sku=sku, quantity=quantity, price=amount))
    return tuple(made)


def _near(place: Point, within_m: int, rng: Random) -> Point:
    """Draw a place in the square of twice `within_m` around a place."""
    north, east = rng.uniform(-1, 1) * within_m, rng.uniform(-1, 1) * within_m
    # One degree of longitude at this latitude (30.28 degrees north) is 0.8636 of one of latitude.
    return Point(
        lat=round(place.lat + north / _M_PER_DEGREE, 6),
        lon=round(place.lon + east / (_M_PER_DEGREE * 0.8636), 6),
    )
