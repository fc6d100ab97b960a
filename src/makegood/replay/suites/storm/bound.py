"""The best plan found with everything known beforehand: what nobody could be expected to beat.

It knows every order before it is placed, when each is packed, when each courier will shelter, and
how long each ride will take; it need not serve the nearest customer first. The search begins from
a plan that was carried out, so that it is never worse than that as far as it can be told again.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians
from typing import Final

import numpy as np

from makegood.clock import MINUTE, SECOND
from makegood.domain.geo import Point
from makegood.replay.company.city import DistrictScript
from makegood.replay.company.city.draw import DRONE, Rider
from makegood.replay.company.city.stores import Line
from makegood.replay.suites.storm.kernel import Floats, Ints, Routes, World, improve

_M_A_DEGREE: Final = 111_195
_LONGEST: Final = 64
_MOST_OUT: Final = 12
_FAR_S: Final = 1e12
_KMH_A_M_S: Final = 3.6


@dataclass(frozen=True, slots=True)
class Trip:
    """A trip as it was made: who, from when on, and which orders in which order (by number)."""

    courier_id: str
    picked_up_us: int
    orders: tuple[int, ...]


def best_known(
    script: DistrictScript, trips: tuple[Trip, ...], iterations: int, seed: int = 1
) -> tuple[bool, ...]:
    """Return for each order of the script whether the best plan found keeps its promise.

    `trips` are what the search begins with; orders that are in none are put in first.
    """
    riders = (*script.riders, *script.drones)
    world = _world(script, riders)
    rows = np.zeros((len(riders), _LONGEST), dtype=np.int64)
    begins = np.zeros((len(riders), _LONGEST), dtype=np.int64)
    sizes = np.zeros(len(riders), dtype=np.int64)
    index = {rider.courier.id: number for number, rider in enumerate(riders)}
    for trip in sorted(trips, key=lambda each: each.picked_up_us):
        c = index[trip.courier_id]
        for place, order in enumerate(trip.orders):
            if sizes[c] < _LONGEST - 2:
                rows[c, sizes[c]], begins[c, sizes[c]] = order, int(place == 0)
                sizes[c] += 1
    plan = Routes(rows, begins, sizes, np.zeros(len(riders)))
    arrives = improve(world, plan, iterations, _MOST_OUT, seed)
    return tuple(bool(each) for each in arrives <= world.promise)


def _world(script: DistrictScript, riders: tuple[Rider, ...]) -> World:
    params, couriers = script.params, [rider.courier for rider in riders]
    plane = _Plane(script.district.position)
    stores = {store.id: number for number, store in enumerate(script.stores)}
    kinds = {each.name: number for number, each in enumerate(params.couriers.vehicles)}
    goals = [f"{coming.order.id}-f1" for coming in script.orders] + [s.id for s in script.stores]
    drones = [courier.vehicle == DRONE for courier in couriers]
    return World(
        start=plane.of([courier.position for courier in couriers]),
        span=_spans(script, riders),
        kind=_ints([kinds.get(courier.vehicle, len(kinds)) for courier in couriers]),
        capacity=_ints([courier.capacity for courier in couriers]),
        counter=np.array([params.drones.turnaround_seconds if d else 60 for d in drones], float),
        drone=_ints(drones),
        stores=plane.of([store.position for store in script.stores]),
        store=_ints([stores[coming.store_id] for coming in script.orders]),
        place=plane.of([coming.order.drop_off for coming in script.orders]),
        load=_ints([coming.load for coming in script.orders]),
        ready=_ready(script),
        promise=_floats([_s(script, each.order.first_promised_us) for each in script.orders]),
        pace=_paces(script),
        temper=_tempers(script, [c.id for c in couriers], drones, goals),
        may=_may(script, plane, drones),
        flies=_flies(script),
    )


class _Plane:
    """The plane that touches the earth at the district's middle."""

    def __init__(self, middle: Point) -> None:
        self._middle = middle
        self._shrink = cos(radians(middle.lat))

    def of(self, places: list[Point]) -> Floats:
        """Return metres east and north of the middle."""
        return _floats(
            [
                [
                    (place.lon - self._middle.lon) * _M_A_DEGREE * self._shrink,
                    (place.lat - self._middle.lat) * _M_A_DEGREE,
                ]
                for place in places
            ]
        )


def _spans(script: DistrictScript, riders: tuple[Rider, ...]) -> Floats:
    return _floats(
        [
            [
                _s(script, rider.courier.shift_starts_us),
                _s(script, rider.courier.shift_ends_us),
                _FAR_S if rider.shelters_us is None else _s(script, rider.shelters_us),
                _FAR_S if rider.returns_us is None else _s(script, rider.returns_us),
            ]
            for rider in riders
        ]
    )


def _ready(script: DistrictScript) -> Floats:
    """Return when each order is packed, by the queues of the stores."""
    packing = script.params.packing
    lines = {
        store.id: Line(store, packing, script.luck, script.starts_us)
        for store in script.params.stores
    }
    return _floats(
        [
            _s(
                script,
                lines[each.store_id].enter(
                    each.order.id, len(each.order.lines), each.order.placed_us
                )[1],
            )
            for each in script.orders
        ]
    )


def _minutes(script: DistrictScript) -> list[int]:
    last_us = script.ends_us + 2 * 60 * MINUTE
    return list(range(script.starts_us, last_us, MINUTE))


def _paces(script: DistrictScript) -> Floats:
    """Return seconds a metre as the crow flies, by kind (drones last) and minute."""
    params = script.params
    rates = [script.sky.curve.rate(at_us) for at_us in _minutes(script)]
    rows = [
        [params.couriers.detour / kind.m_s * (1 + rate / kind.halved_by_mm_h) for rate in rates]
        for kind in params.couriers.vehicles
    ]
    return _floats([*rows, [1 / params.drones.m_s] * len(rates)])


def _tempers(
    script: DistrictScript, couriers: list[str], drones: list[bool], goals: list[str]
) -> Floats:
    spread = script.params.couriers.deviation
    return _floats(
        [
            [1.0] * len(goals)
            if drone
            else [script.luck.factor(spread, "ride", courier, goal) for goal in goals]
            for courier, drone in zip(couriers, drones, strict=True)
        ]
    )


def _may(script: DistrictScript, plane: _Plane, drones: list[bool]) -> Ints:
    """Return what each courier may take: a drone one light parcel of its dock, within range."""
    limits = script.params.drones
    dock = next(store for store in script.stores if store.id == limits.dock)
    places = plane.of([each.order.drop_off for each in script.orders])
    away = np.hypot(*(places - plane.of([dock.position])).T)
    fits = np.array(
        [each.store_id == limits.dock and each.load <= limits.capacity for each in script.orders]
    )
    flown = (fits & (2 * away <= limits.range_m)).astype(np.int64)
    return np.stack([flown if drone else np.ones_like(flown) for drone in drones])


def _flies(script: DistrictScript) -> Ints:
    limits, place = script.params.drones, script.district.position
    return _ints(
        [
            script.sky.rate(place, at_us) <= limits.rain_mm_h
            and script.sky.wind_kmh(place, at_us) / _KMH_A_M_S <= limits.wind_m_s
            for at_us in _minutes(script)
        ]
    )


def _s(script: DistrictScript, at_us: int) -> float:
    return (at_us - script.starts_us) / SECOND


def _ints(values: list[int] | list[bool]) -> Ints:
    return np.array(values, dtype=np.int64)


def _floats(values: list[float] | list[list[float]]) -> Floats:
    return np.array(values, dtype=np.float64)
