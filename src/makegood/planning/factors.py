"""The raw integer factors of every option of every order, in arrays.

Row i is an order, column j a courier, and the last column is to keep things as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from makegood.clock import MINUTE, SECOND
from makegood.domain.entities import FulfilmentOrder
from makegood.domain.geo import EARTH_RADIUS_M, Point
from makegood.domain.policy import BP, FactorName
from makegood.planning.flow import Floats, Ints
from makegood.planning.queues import Conditions, CourierLoad, Queue

_STEEP: Final = 30.0
_NO_ARRIVAL: Final = -1


@dataclass(frozen=True, slots=True)
class Grid:
    """Every way out: arrivals (orders x couriers + 1), the factors of each, crow metres to fetch.

    `factors[name]` has the shape of `arrives_us`; `fetch_m` is orders x couriers.
    """

    arrives_us: Ints
    fetch_m: Ints
    factors: dict[FactorName, Ints]


@dataclass(frozen=True, slots=True)
class Scene:
    """What is to be planned, as things stand.

    `values` is each order's money at stake in minor units, by fulfilment order; `arrives_us` is
    when each held order arrives if nothing is changed. An order that nobody on shift holds has
    no entry: as things stand nobody brings it, which is taken to be `never_us` off.
    """

    orders: Sequence[FulfilmentOrder]
    couriers: Sequence[CourierLoad]
    queues: Sequence[Queue]
    arrives_us: Mapping[str, int]
    values: Mapping[str, int]
    conditions: Conditions
    never_us: int


def grid(scene: Scene) -> Grid:
    """Return arrivals and factors of every option; see `FactorName` for their units."""
    conditions, orders = scene.conditions, scene.orders
    pick_ups = [order.pick_up or conditions.home for order in orders]
    drop_offs = [order.drop_off or p for order, p in zip(orders, pick_ups, strict=True)]
    ends = [queue.place for queue in scene.queues]
    fetch_m = _metres(pick_ups, ends)
    carry_m = _metres(drop_offs, ends)
    trip_m = _pairwise(pick_ups, drop_offs)[:, None]
    joins = np.array(
        [[queue.joins == place for queue in scene.queues] for place in pick_ups], dtype=np.bool_
    ).reshape(len(orders), len(ends))
    us_per_m = _pace(scene)
    ready = _column([order.ready_us or 0 for order in orders])
    ends_us = np.array([queue.ends_us for queue in scene.queues], dtype=np.int64)
    fetched = np.maximum(ends_us + (fetch_m * us_per_m).astype(np.int64), ready)
    alone = fetched + conditions.pick_up_us + (trip_m * us_per_m).astype(np.int64)
    joined = ends_us + (carry_m * us_per_m).astype(np.int64)
    arrives = np.where(joins, joined, alone) + conditions.drop_off_us
    kept = _column([_kept_us(scene, order) for order in orders])
    arrives_us = np.concatenate([arrives, kept], axis=1)
    crow_m = np.concatenate([np.where(joins, carry_m, fetch_m + trip_m), trip_m], axis=1)
    return Grid(arrives_us, np.where(joins, 0, fetch_m), _factors(scene, arrives_us, crow_m))


def _factors(scene: Scene, arrives_us: Ints, crow_m: Ints) -> dict[FactorName, Ints]:
    orders, conditions = scene.orders, scene.conditions
    promised = _column([order.promised_us or 0 for order in orders])
    late_us = arrives_us - promised
    late_bp = _late_bp(late_us, arrives_us - conditions.now_us, conditions.travel.spread_bp)
    values = _column([scene.values.get(order.id, 0) for order in orders])
    loads = {load.courier.id: load.load for load in scene.couriers}
    own = [_own_load(order, loads) for order in orders]
    shape = (len(orders), len(scene.couriers))
    workload = np.broadcast_to(np.array([c.load for c in scene.couriers], dtype=np.int64), shape)
    changes = np.broadcast_to(
        _column([int(order.courier_id is not None) for order in orders]), shape
    )
    return {
        FactorName.LATENESS: np.maximum(late_us, 0) // SECOND,
        FactorName.LATE_PROBABILITY: late_bp,
        FactorName.TRAVEL: crow_m * conditions.travel.detour_bp // BP,
        FactorName.VALUE_AT_RISK: values * late_bp // BP,
        FactorName.WORKLOAD: np.concatenate([workload, _column(own)], axis=1),
        FactorName.CHANGE: np.concatenate(
            [np.broadcast_to(changes, shape), _column([0] * len(orders))], axis=1
        ),
    }


def _late_bp(late_us: Ints, away_us: Ints, spread_bp: int) -> Ints:
    """Return the likelihood of arriving late, in basis points, at least a minute of spread.

    Arrival is taken to be logistic around its prediction with a scale of `spread_bp` of the time
    until then: P(late) = 1 / (1 + exp(-late / scale)).
    """
    scale = np.maximum(away_us.astype(np.float64) * spread_bp / BP, MINUTE)
    steps = np.clip(late_us / scale, -_STEEP, _STEEP)
    return np.rint(BP / (1.0 + np.exp(-steps))).astype(np.int64)


def _kept_us(scene: Scene, order: FulfilmentOrder) -> int:
    known = scene.arrives_us.get(order.id, _NO_ARRIVAL)
    if known != _NO_ARRIVAL:
        return known
    return max(scene.conditions.now_us, order.promised_us or 0) + scene.never_us


def _own_load(order: FulfilmentOrder, loads: Mapping[str, int]) -> int:
    return max(0, loads.get(order.courier_id or "", order.load) - order.load)


def _pace(scene: Scene) -> Floats:
    """Return each courier's microseconds for a metre as the crow flies."""
    conditions = scene.conditions
    travel = conditions.travel
    return np.array(
        [
            MINUTE
            * travel.detour_bp
            / BP
            / travel.speed(load.courier.vehicle, conditions.rain_mm_h)
            for load in scene.couriers
        ],
        dtype=np.float64,
    )


def _column(values: Sequence[int]) -> Ints:
    return np.array(values, dtype=np.int64).reshape(-1, 1)


def _radians(places: Sequence[Point]) -> tuple[Floats, Floats]:
    degrees = np.array([(p.lat, p.lon) for p in places], dtype=np.float64).reshape(-1, 2)
    return np.radians(degrees[:, 0]), np.radians(degrees[:, 1])


def _haversine(lat_a: Floats, lon_a: Floats, lat_b: Floats, lon_b: Floats) -> Ints:
    """Return great-circle metres, as `domain.geo.distance_m` but for whole arrays."""
    h = (
        np.sin((lat_b - lat_a) / 2) ** 2
        + np.cos(lat_a) * np.cos(lat_b) * np.sin((lon_b - lon_a) / 2) ** 2
    )
    return np.rint(2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(1.0, h)))).astype(np.int64)


def _metres(rows: Sequence[Point], columns: Sequence[Point]) -> Ints:
    (lat_a, lon_a), (lat_b, lon_b) = _radians(rows), _radians(columns)
    return _haversine(lat_a[:, None], lon_a[:, None], lat_b[None, :], lon_b[None, :])


def _pairwise(a: Sequence[Point], b: Sequence[Point]) -> Ints:
    (lat_a, lon_a), (lat_b, lon_b) = _radians(a), _radians(b)
    return _haversine(lat_a, lon_a, lat_b, lon_b)
