"""Everything that a district leaves to chance, drawn beforehand from one seed.

Demand, promises, couriers' shifts and their limits in the rain are the same whoever dispatches;
what depends on decisions (who rides where, who declines) is drawn from the same seed by name, so
that arms share their luck as far as they share their deeds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from random import Random
from statistics import NormalDist
from typing import Final

from makegood.clock import MINUTE, SECOND
from makegood.domain.geo import Point
from makegood.domain.money import Money
from makegood.replay.company.city.hired import hired
from makegood.replay.company.city.params import CityParams, Store, Vehicle
from makegood.replay.company.city.sky import Sky, Turns, draw_sky
from makegood.replay.company.life.plan import SHELF
from makegood.replay.company.model import Courier, Customer, Hub, Line, Order

DRONE: Final = "drone"
_M_A_DEGREE: Final = 111_195
_HALF_HOUR: Final = 30
_NORMAL: Final = NormalDist()
_NEXT_TO_M: Final = 300
_TIERS: Final = ("standard", "silver", "gold")
_TIER_WEIGHTS: Final = (70, 20, 10)
_LATE_SHARE: Final = 0.06


@dataclass(frozen=True, slots=True)
class Luck:
    """Draws by name: the same seed and names give the same draw, in whatever order it is asked."""

    seed: int

    def share(self, *names: str) -> float:
        """Return a number from 0 to 1, both left out."""
        drawn = blake2b("/".join((str(self.seed), *names)).encode(), digest_size=7).digest()
        return (int.from_bytes(drawn) + 0.5) / 2**56

    def factor(self, spread: float, *names: str) -> float:
        """Return a logarithmic normal factor with median 1."""
        return math.exp(spread * _NORMAL.inv_cdf(self.share(*names)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """An order to come, the store that serves it, and the units that it loads a courier with."""

    order: Order
    store_id: str
    load: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rider:
    """A courier, their store, when the rain drives them into shelter, and when they come out."""

    courier: Courier
    store_id: str
    shelters_us: int | None = None
    returns_us: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DistrictScript:
    """A district with every draw made; `window_us` is the storm's, for promises that fall due."""

    params: CityParams
    seed: int
    starts_us: int
    ends_us: int
    window_us: tuple[int, int]
    sky: Sky
    luck: Luck
    district: Hub
    stores: tuple[Hub, ...]
    customers: tuple[Customer, ...]
    riders: tuple[Rider, ...]
    drones: tuple[Rider, ...]
    partners: tuple[Rider, ...] = ()
    orders: tuple[Coming, ...] = field(repr=False)


def draw(params: CityParams, seed: int, starts_us: int) -> DistrictScript:
    """Draw a district; the same parameters, seed and start give the same script."""
    sky = draw_sky(params, seed, starts_us)
    middle = Point(params.district.lat, params.district.lon)
    stores = tuple(
        Hub(
            id=each.id,
            name=each.name,
            zone=params.zone,
            position=_beside(middle, each.north_m, each.east_m),
        )
        for each in params.stores
    )
    district = Hub(
        id=params.district.id, name=params.district.name, zone=params.zone, position=middle
    )
    customers = _customers(params, Random(f"{seed}/customers"))
    first, last = params.storm.window_minutes
    return DistrictScript(
        params=params,
        seed=seed,
        starts_us=starts_us,
        ends_us=starts_us + params.lasts_minutes * MINUTE,
        window_us=(starts_us + round(first * MINUTE), starts_us + round(last * MINUTE)),
        sky=sky,
        luck=Luck(seed),
        district=district,
        stores=stores,
        customers=customers,
        riders=_riders(params, stores, seed, starts_us, sky),
        drones=_drones(params, stores, starts_us),
        partners=tuple(
            Rider(courier=each, store_id=store_id)
            for each, store_id in hired(params, stores, starts_us)
        ),
        orders=_orders(params, stores, customers, seed, starts_us, sky),
    )


def _customers(params: CityParams, rng: Random) -> tuple[Customer, ...]:
    made: list[Customer] = []
    for number in range(1, params.demand.customers + 1):
        orders = rng.randint(1, 120)
        made.append(
            Customer(
                id=f"cus-{number:04d}",
                name=f"Customer {number}",
                phone=f"+86 130 0000 {number:04d}",
                tier=rng.choices(_TIERS, _TIER_WEIGHTS)[0],
                orders=orders,
                late_orders=sum(rng.random() < _LATE_SHARE for _ in range(orders)),
            )
        )
    return tuple(made)


def _riders(
    params: CityParams, stores: tuple[Hub, ...], seed: int, starts_us: int, sky: Sky
) -> tuple[Rider, ...]:
    rng = Random(f"{seed}/couriers")
    ends_us = starts_us + params.lasts_minutes * MINUTE
    turns = Turns.of(sky, starts_us, ends_us)
    shares = [store.share for store in params.stores]
    kinds = params.couriers.vehicles
    made: list[Rider] = []
    for number in range(1, params.couriers.count + 1):
        near = rng.choices(stores, shares)[0]
        kind = rng.choices(kinds, [each.share for each in kinds])[0]
        first, last = params.couriers.shift_ends_minutes
        courier = Courier(
            id=f"rider-{number:03d}",
            hub_id=params.district.id,
            vehicle=kind.name,
            capacity=kind.capacity,
            position=_somewhere(near.position, _NEXT_TO_M, rng),
            position_us=starts_us,
            shift_starts_us=starts_us + rng.randrange(2 * MINUTE),
            shift_ends_us=starts_us + round(rng.uniform(first, last) * MINUTE),
        )
        made.append(_weathered(params, Rider(courier=courier, store_id=near.id), kind, rng, turns))
    return tuple(made)


def _weathered(params: CityParams, rider: Rider, kind: Vehicle, rng: Random, turns: Turns) -> Rider:
    """Draw what rain a rider stands, and look when the storm passes it."""
    shelter = params.couriers.shelter
    willing, limit = rng.random(), rng.uniform(*shelter.from_mm_h)
    spans = (shelter.delay_minutes, shelter.back_minutes)
    delays = [round(rng.uniform(*span) * MINUTE) for span in spans]
    wet = turns.over(limit, limit * shelter.back_share)
    if wet is None or willing >= kind.shelters * params.couriers.loss:
        return rider
    return replace(rider, shelters_us=wet[0] + delays[0], returns_us=wet[1] + delays[1])


def _drones(params: CityParams, stores: tuple[Hub, ...], starts_us: int) -> tuple[Rider, ...]:
    dock = next(store for store in stores if store.id == params.drones.dock)
    couriers = (
        Courier(
            id=f"drone-{number:02d}",
            hub_id=params.district.id,
            vehicle=DRONE,
            capacity=params.drones.capacity,
            position=dock.position,
            position_us=starts_us,
            shift_starts_us=starts_us,
            shift_ends_us=starts_us + 2 * params.lasts_minutes * MINUTE,
        )
        for number in range(1, params.drones.count + 1)
    )
    return tuple(Rider(courier=courier, store_id=dock.id) for courier in couriers)


def _orders(
    params: CityParams,
    stores: tuple[Hub, ...],
    customers: tuple[Customer, ...],
    seed: int,
    starts_us: int,
    sky: Sky,
) -> tuple[Coming, ...]:
    rng = Random(f"{seed}/orders")
    placed = _placed(params, Random(f"{seed}/demand"), starts_us, sky)
    places = dict(zip(params.stores, stores, strict=True))
    return tuple(
        _order(params, number, placed_us, places, customers, rng)
        for number, placed_us in enumerate(placed, 1)
    )


def _placed(params: CityParams, rng: Random, starts_us: int, sky: Sky) -> list[int]:
    """Draw when orders come: a Poisson process whose rate follows the hour and the rain."""
    demand = params.demand
    most = max(demand.per_minute) * (1 + demand.rain_gain_most)
    placed: list[int] = []
    at_us = starts_us
    while True:
        at_us += round(rng.expovariate(most) * MINUTE)
        minute = (at_us - starts_us) / MINUTE
        if minute >= demand.stops_minutes:
            return placed
        base = demand.per_minute[min(int(minute // _HALF_HOUR), len(demand.per_minute) - 1)]
        gain = min(demand.rain_gain_most, demand.rain_gain_per_mm_h * sky.curve.rate(at_us))
        if rng.random() * most < base * (1 + gain):
            placed.append(at_us // SECOND * SECOND)


def _order(
    params: CityParams,
    number: int,
    placed_us: int,
    places: dict[Store, Hub],
    customers: tuple[Customer, ...],
    rng: Random,
) -> Coming:
    demand = params.demand
    store = places[rng.choices(list(places), [each.share for each in places])[0]]
    lines = _lines(params, rng)
    promise = rng.choices(demand.promises, [each.share for each in demand.promises])[0]
    promised_us = placed_us + promise.minutes * MINUTE
    order = Order(
        id=f"so-{number:05d}",
        customer_id=rng.choice(customers).id,
        hub_id=params.district.id,
        lines=lines,
        total=Money(minor=sum(x.price.minor for x in lines), currency=params.currency),
        placed_us=placed_us,
        promised_us=promised_us,
        first_promised_us=promised_us,
        drop_off=_somewhere(store.position, params.district.delivery_radius_m, rng),
    )
    return Coming(
        order=order, store_id=store.id, load=1 if rng.random() < demand.light_share else 2
    )


def _lines(params: CityParams, rng: Random) -> tuple[Line, ...]:
    chosen = rng.sample(SHELF, rng.choice(params.demand.lines))
    return tuple(
        Line(
            line_id=str(number),
            sku=sku,
            quantity=1,
            price=Money(minor=price, currency=params.currency),
        )
        for number, (sku, price) in enumerate(chosen, 1)
    )


def _somewhere(place: Point, within_m: float, rng: Random) -> Point:
    """Draw a place in the circle around a place, each part of it as likely."""
    away, turn = within_m * math.sqrt(rng.random()), rng.random() * math.tau
    return _beside(place, away * math.cos(turn), away * math.sin(turn))


def _beside(place: Point, north_m: float, east_m: float) -> Point:
    shrink = math.cos(math.radians(place.lat))
    return Point(
        lat=round(place.lat + north_m / _M_A_DEGREE, 6),
        lon=round(place.lon + east_m / (_M_A_DEGREE * shrink), 6),
    )
