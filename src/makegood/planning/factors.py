"""The raw integer factors of every option of every order, in arrays.

Row i is an order, column j a courier, and the last column is to keep things as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from makegood.clock import MINUTE, SECOND
from makegood.domain.conditions import QUARTER_US, Conditions
from makegood.domain.entities import FulfilmentOrder
from makegood.domain.forecast import CourierLoad
from makegood.domain.geo import EARTH_RADIUS_M, Point
from makegood.domain.policy import BP, FactorName
from makegood.domain.rides import Queue
from makegood.planning.flow import Floats, Ints

_STEEP: Final = 30.0
# From one customer of a round to the next it is shorter than from the shop to a customer.
_LEG_OF_TRIP: Final = 0.7


@dataclass(frozen=True, slots=True)
class Grid:
    """Every way out: arrivals (orders x couriers + 1), the factors of each, crow metres to fetch.

    `factors[name]` has the shape of `arrives_us`; `fetch_m` is orders x couriers. `step_us` is by
    how much one more delivery in a round delays what comes after it, for each courier.
    """

    arrives_us: Ints
    fetch_m: Ints
    factors: dict[FactorName, Ints]
    step_us: Ints


@dataclass(frozen=True, slots=True)
class Scene:
    """What is to be planned, as things stand.

    `values` is each order's money at stake in minor units, by fulfilment order; `arrives_us` is
    when each order arrives if nothing is changed.
    """

    orders: Sequence[FulfilmentOrder]
    couriers: Sequence[CourierLoad]
    queues: Sequence[Queue]
    arrives_us: Mapping[str, int]
    values: Mapping[str, int]
    conditions: Conditions


_Radians: TypeAlias = tuple[Floats, Floats]


@dataclass(frozen=True, slots=True)
class _Places:
    """The orders' places in radians, when each is ready, and crow metres from shop to customer.

    `shop` numbers the pick-up places, so that two orders from one place have one number.
    """

    pick_ups: _Radians
    drop_offs: _Radians
    ready_us: Ints
    trip_m: Ints
    shops: Mapping[Point, int]
    shop: Ints

    @classmethod
    def of(cls, orders: Sequence[FulfilmentOrder], home: Point) -> _Places:
        """Return the places of orders; one without a place is at the hub."""
        shops: dict[Point, int] = {}
        places = [order.pick_up or home for order in orders]
        pick_ups = _radians(places)
        drop_offs = _radians([o.drop_off or p for o, p in zip(orders, places, strict=True)])
        return cls(
            pick_ups,
            drop_offs,
            np.array([order.ready_us or 0 for order in orders], dtype=np.int64),
            _haversine(pick_ups, drop_offs),
            shops,
            np.array([shops.setdefault(p, len(shops)) for p in places], dtype=np.int64),
        )


def grid(scene: Scene) -> Grid:
    """Return arrivals and factors of every option; see `FactorName` for their units."""
    places = _Places.of(scene.orders, scene.conditions.home)
    paces = _paces(scene)
    columns = [
        _column_of(scene.conditions, load.courier.vehicle, queue, places, paces[j])
        for j, (load, queue) in enumerate(zip(scene.couriers, scene.queues, strict=True))
    ]
    kept = np.array([scene.arrives_us[order.id] for order in scene.orders], dtype=np.int64)
    arrives_us = np.stack([*(column[0] for column in columns), kept], axis=1)
    crow_m = np.stack([*(column[1] for column in columns), places.trip_m], axis=1)
    fetch_m = np.stack([column[2] for column in columns] or [kept], axis=1)[:, : len(columns)]
    leg_m = float(places.trip_m.mean()) * _LEG_OF_TRIP
    step_us = scene.conditions.drop_off_us + (paces[:, 0] * leg_m).astype(np.int64)
    return Grid(arrives_us, fetch_m, _factors(scene, arrives_us, crow_m, step_us), step_us)


def _column_of(
    conditions: Conditions, vehicle: str, queue: Queue, places: _Places, paces: Floats
) -> tuple[Ints, Ints, Ints]:
    """Return arrivals, crow metres in all and crow metres to fetch, for one courier."""
    rain_us = conditions.rain.from_us

    def way_us(crow_m: Ints, at_us: Ints) -> Ints:
        quarter = np.minimum((at_us - rain_us) // QUARTER_US, len(paces) - 1)
        return (crow_m * paces[quarter]).astype(np.int64)

    fetch_m = _metres(places.pick_ups, _radians([queue.place]))[:, 0]
    free_us = np.full(len(fetch_m), queue.free_us, dtype=np.int64)
    there_us = np.maximum(free_us + way_us(fetch_m, free_us), places.ready_us)
    leaves_us = there_us + conditions.pick_up_us(vehicle)
    alone_us = leaves_us + way_us(places.trip_m, leaves_us) + conditions.drop_off_us
    joins = queue.joins
    if joins is None:
        return alone_us, fetch_m + places.trip_m, fetch_m
    # The nearest customer comes first: it is served after those who are nearer to the shop.
    stops = _radians([joins.pick_up, *(place for place, _ in joins.stops)])
    stop_us = np.array([[joins.leaves_us, *(at_us for _, at_us in joins.stops)]], dtype=np.int64)
    leg_m = _metres(places.drop_offs, stops)
    nearer = _haversine((stops[0][:1], stops[1][:1]), stops) <= places.trip_m[:, None]
    served_us = np.where(nearer, stop_us + way_us(leg_m, np.broadcast_to(stop_us, leg_m.shape)), 0)
    joined_us = served_us.max(axis=1) + conditions.drop_off_us
    can = (places.ready_us <= joins.leaves_us) & (places.shop == places.shops.get(joins.pick_up))
    crow_m = np.where(can, leg_m.min(axis=1), fetch_m + places.trip_m)
    return np.where(can, joined_us, alone_us), crow_m, np.where(can, 0, fetch_m)


def _factors(scene: Scene, arrives_us: Ints, crow_m: Ints, step_us: Ints) -> dict[FactorName, Ints]:
    orders, conditions = scene.orders, scene.conditions
    promised = _column([order.promised_us or 0 for order in orders])
    late_us = arrives_us - promised
    likely_bp = late_bp(late_us, arrives_us - conditions.now_us, conditions.travel.spread_bp)
    values = _column([scene.values.get(order.id, 0) for order in orders])
    loads = {load.courier.id: load.load for load in scene.couriers}
    own = [_own_load(order, loads) for order in orders]
    workload = [load.load for load in scene.couriers]
    changes = _column([int(order.courier_id is not None) for order in orders])
    return {
        FactorName.LATENESS: np.maximum(late_us, 0) // SECOND,
        FactorName.LATE_PROBABILITY: likely_bp,
        FactorName.TRAVEL: crow_m * _detours(scene) // BP,
        FactorName.VALUE_AT_RISK: values * likely_bp // BP,
        FactorName.CROWDING: _crowding_s(scene, step_us),
        FactorName.WORKLOAD: _beside(workload, _column(own)),
        FactorName.CHANGE: np.concatenate(
            [np.repeat(changes, len(workload), axis=1), np.zeros_like(changes)], axis=1
        ),
    }


def _detours(scene: Scene) -> Ints:
    """Return metres of way for 10,000 as the crow flies: each courier's, then the usual."""
    travel = scene.conditions.travel
    vehicles = [load.courier.vehicle for load in scene.couriers]
    return np.array([*map(travel.detour_of, vehicles), travel.detour_bp], dtype=np.int64)


def _crowding_s(scene: Scene, step_us: Ints) -> Ints:
    """Return by how much others get later past their promise, in seconds, for every option.

    One more delivery in a round comes before half of the others, so each is taken to be delayed
    by half a step. An order that is kept delays those it shares its courier with.
    """
    caused: dict[str, dict[str, int]] = {}
    for load, step in zip(scene.couriers, step_us.tolist(), strict=True):
        waiting = [order for order in load.held if order.picked_up_us is None]
        caused[load.courier.id] = {o.id: _grown_us(scene, o, step // 2) for o in waiting}
    sums = {courier_id: sum(by_order.values()) for courier_id, by_order in caused.items()}
    kept = [
        sums[o.courier_id] - caused[o.courier_id].get(o.id, 0) if o.courier_id in sums else 0
        for o in scene.orders
    ]
    return _beside([sums[load.courier.id] for load in scene.couriers], _column(kept)) // SECOND


def _grown_us(scene: Scene, order: FulfilmentOrder, by_us: int) -> int:
    """Return how much of a delay an order spends late."""
    if order.promised_us is None:
        return 0
    late_us = scene.arrives_us[order.id] - order.promised_us
    return max(0, late_us + by_us) - max(0, late_us)


def _beside(by_courier: Sequence[int], kept: Ints) -> Ints:
    row = np.array(by_courier, dtype=np.int64)
    return np.concatenate([np.broadcast_to(row, (len(kept), len(row))), kept], axis=1)


def late_bp(late_us: Ints, away_us: Ints, spread_bp: int) -> Ints:
    """Return the likelihood of arriving late, in basis points, at least a minute of spread.

    Arrival is taken to be logistic around its prediction with a scale of `spread_bp` of the time
    until then: P(late) = 1 / (1 + exp(-late / scale)).
    """
    scale = np.maximum(away_us.astype(np.float64) * spread_bp / BP, MINUTE)
    steps = np.clip(late_us / scale, -_STEEP, _STEEP)
    return np.rint(BP / (1.0 + np.exp(-steps))).astype(np.int64)


def _own_load(order: FulfilmentOrder, loads: Mapping[str, int]) -> int:
    return max(0, loads.get(order.courier_id or "", order.load) - order.load)


def _paces(scene: Scene) -> Floats:
    """Return each courier's microseconds for a metre as the crow flies, by quarter of the rain."""
    conditions = scene.conditions
    return np.array(
        [conditions.us_per_m(load.courier.vehicle) for load in scene.couriers], dtype=np.float64
    ).reshape(len(scene.couriers), len(conditions.rain.mm_h))


def _column(values: Sequence[int]) -> Ints:
    return np.array(values, dtype=np.int64).reshape(-1, 1)


def _radians(places: Sequence[Point]) -> _Radians:
    degrees = np.array([(p.lat, p.lon) for p in places], dtype=np.float64).reshape(-1, 2)
    return np.radians(degrees[:, 0]), np.radians(degrees[:, 1])


def _haversine(a: _Radians, b: _Radians) -> Ints:
    """Return great-circle metres, as `domain.geo.distance_m` but for whole arrays."""
    (lat_a, lon_a), (lat_b, lon_b) = a, b
    h = (
        np.sin((lat_b - lat_a) / 2) ** 2
        + np.cos(lat_a) * np.cos(lat_b) * np.sin((lon_b - lon_a) / 2) ** 2
    )
    return np.rint(2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(1.0, h)))).astype(np.int64)


def _metres(rows: _Radians, columns: _Radians) -> Ints:
    return _haversine((rows[0][:, None], rows[1][:, None]), columns)
