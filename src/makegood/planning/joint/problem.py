"""Makes arrays of a hub's deliveries and couriers, for the kernels to reckon in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import cos, radians
from typing import Final

import numpy as np

from makegood.clock import MINUTE, SECOND
from makegood.domain.entities import Courier, FulfilmentOrder
from makegood.domain.forecast import CourierLoad, foresee
from makegood.domain.geo import EARTH_RADIUS_M, Point
from makegood.domain.limits import room_of
from makegood.domain.policy import BP, FactorName
from makegood.domain.rides import NEVER_US
from makegood.planning.factors import Scene
from makegood.planning.flow import Floats, Ints
from makegood.planning.joint.kernels.riding import (
    PARTS,
    Couriers,
    Orders,
    Problem,
    Room,
    Rules,
    State,
)
from makegood.planning.joint.kernels.search import place_in
from makegood.planning.joint.work import Work
from makegood.planning.limits import allowed

_M_A_DEGREE: Final = radians(1) * EARTH_RADIUS_M
_NEIGHBOURS: Final = 12
_OTHER_SHOP_M: Final = 1_500.0
# The most that one courier may be given beside what they hold already.
_MORE: Final = 48
_NEVER_S: Final = NEVER_US / SECOND


def problem_of(work: Work) -> Problem:
    """Return the problem of some work, everything as it stands."""
    everyone = [*work.couriers, *work.lost]
    index = {load.courier.id: c for c, load in enumerate(everyone)}
    orders = _orders(work, index)
    width = _MORE + max([0, *Counter(orders.home.tolist()).values()])
    made = Problem(
        orders=orders,
        couriers=_couriers(work),
        rules=_rules(work),
        state=_state(len(orders.load), len(everyone), width),
        was=_state(len(orders.load), len(everyone), width),
        room=_room(len(orders.load), len(everyone), width),
        allowed=_allowed(work),
        movable=np.array([int(work.may_move(each)) for each in work.orders], dtype=np.int64),
        near=_near(orders),
    )
    for i, home in enumerate(orders.home.tolist()):
        place_in(made, i, home)
    return made


def _orders(work: Work, index: Mapping[str, int]) -> Orders:
    orders, conditions = work.orders, work.conditions
    now_us = conditions.now_us
    shops = [each.pick_up or conditions.home for each in orders]
    numbers: dict[Point, int] = {}
    homes = [index.get(each.courier_id or "", -1) for each in orders]
    kept = foresee(
        work.couriers,
        [each for each, home in zip(orders, homes, strict=True) if home < 0],
        conditions,
        work.lost,
    ).arrives_us
    return Orders(
        shop=np.array([numbers.setdefault(each, len(numbers)) for each in shops], dtype=np.int64),
        shop_at=_plane(shops, conditions.home),
        drop_at=_plane(
            [o.drop_off or shop for o, shop in zip(orders, shops, strict=True)], conditions.home
        ),
        ready=_seconds([each.ready_us or 0 for each in orders], now_us),
        due=_seconds([_due_us(each) for each in orders], now_us),
        load=np.array([each.load for each in orders], dtype=np.int64),
        value=np.array([work.values.get(each.id, 0) for each in orders], dtype=np.int64),
        aboard=np.array([int(o.picked_up_us is not None) for o in orders], dtype=np.int64),
        home=np.array(homes, dtype=np.int64),
        kept=_seconds([kept.get(each.id, now_us) for each in orders], now_us),
    )


def _due_us(order: FulfilmentOrder) -> int:
    return (order.created_us or 0) + NEVER_US if order.promised_us is None else order.promised_us


def _couriers(work: Work) -> Couriers:
    conditions, travel = work.conditions, work.conditions.travel
    everyone = [*work.couriers, *work.lost]
    riders = [load.courier for load in everyone]
    back_s = travel.lost_minutes * MINUTE / SECOND
    paces = {v: conditions.us_per_m(v) for v in {rider.vehicle for rider in riders}}
    quarters = len(conditions.rain.mm_h)
    most = [_most(load, work) for load in work.couriers] + [-1] * len(work.lost)
    free = [0.0] * len(work.couriers) + [back_s] * len(work.lost)
    return Couriers(
        at=_plane([rider.position or conditions.home for rider in riders], conditions.home),
        free=np.array(free, dtype=np.float64),
        pace=np.array([paces[r.vehicle] for r in riders], dtype=np.float64).reshape(-1, quarters)
        / SECOND,
        pick=np.array([travel.pick_up_s(r.vehicle) for r in riders], dtype=np.float64),
        drop=np.full(len(riders), float(travel.drop_off_seconds)),
        detour=np.array([travel.detour_of(r.vehicle) / BP for r in riders], dtype=np.float64),
        until=_until(riders, conditions.now_us),
        capacity=np.array([rider.capacity for rider in riders], dtype=np.int64),
        most=np.array(most, dtype=np.int64),
    )


def _until(riders: Sequence[Courier], now_us: int) -> Floats:
    ends = [rider.shift_ends_us for rider in riders]
    return np.array(
        [_NEVER_S if end is None else (end - now_us) / SECOND for end in ends], dtype=np.float64
    )


def _most(load: CourierLoad, work: Work) -> int:
    """Return the load that a courier may hold: a shift that is over leaves room for nothing."""
    courier = load.courier
    if courier.shift_ends_us is not None and courier.shift_ends_us <= work.conditions.now_us:
        return -1
    limits = work.conditions.travel.limits.get(courier.vehicle)
    return room_of(courier, limits) - load.reserved


def _rules(work: Work) -> Rules:
    """Return the weights of the parts; nobody's promise weighs more than another's."""
    objectives, detection = work.policies.objectives, work.policies.detection
    named = work.policies.factors.factors

    def weight(name: FactorName) -> int:
        return objectives.weights[name] if name in named else 0

    conditions = work.conditions
    return Rules(
        weights=np.array(
            [
                weight(FactorName.LATENESS),
                weight(FactorName.LATE_PROBABILITY),
                weight(FactorName.VALUE_AT_RISK),
                weight(FactorName.TRAVEL),
            ],
            dtype=np.int64,
        ),
        change=weight(FactorName.CHANGE),
        workload=weight(FactorName.WORKLOAD),
        spread=detection.travel.spread_bp / BP,
        rain_from=(conditions.rain.from_us - conditions.now_us) / SECOND,
    )


def _allowed(work: Work) -> Ints:
    scene = Scene(work.orders, work.couriers, (), {}, work.values, work.conditions)
    safe = allowed(scene).astype(np.int64)
    return np.concatenate(
        [safe, np.zeros((len(work.orders), len(work.lost)), dtype=np.int64)], axis=1
    )


def _near(orders: Orders) -> Ints:
    """Return the nearest other deliveries of each: by customer, those from another shop further."""
    n = len(orders.load)
    away = np.hypot(
        orders.drop_at[:, None, 0] - orders.drop_at[None, :, 0],
        orders.drop_at[:, None, 1] - orders.drop_at[None, :, 1],
    )
    away += _OTHER_SHOP_M * (orders.shop[:, None] != orders.shop[None, :])
    np.fill_diagonal(away, np.inf)
    found = np.full((n, _NEIGHBOURS), -1, dtype=np.int64)
    nearest = np.argsort(away, axis=1, kind="stable")[:, : min(_NEIGHBOURS, n - 1)]
    found[:, : nearest.shape[1]] = nearest
    return found


def _state(n: int, m: int, width: int) -> State:
    return State(
        held=np.zeros((m, width), dtype=np.int64),
        size=np.zeros(m, dtype=np.int64),
        of=np.full(n, -1, dtype=np.int64),
        load=np.zeros(m, dtype=np.int64),
        cost=np.zeros(m, dtype=np.int64),
    )


def _room(n: int, m: int, width: int) -> Room:
    def ints(*shape: int) -> Ints:
        return np.zeros(shape, dtype=np.int64)

    return Room(
        mine=ints(width + 1),
        todo=ints(width + 1),
        left=ints(width + 1),
        place=np.zeros(2),
        arrives=np.zeros(n),
        parts=ints(PARTS),
        out=ints(_NEIGHBOURS + 1),
        was=ints(_NEIGHBOURS + 1),
        done=ints(_NEIGHBOURS + 1),
        prices=ints(n, m),
        seen=np.full((n, m), -1, dtype=np.int64),
        version=ints(m),
        stamp=ints(1),
        old=ints(m),
        hot=ints(m),
        base=ints(m, PARTS),
    )


def _plane(places: Sequence[Point], home: Point) -> Floats:
    """Return metres north and east of the hub, on the plane that touches the earth there."""
    shrink = cos(radians(home.lat))
    return np.array(
        [
            ((p.lat - home.lat) * _M_A_DEGREE, (p.lon - home.lon) * _M_A_DEGREE * shrink)
            for p in places
        ],
        dtype=np.float64,
    ).reshape(-1, 2)


def _seconds(instants_us: Sequence[int], now_us: int) -> Floats:
    return np.array([(at_us - now_us) / SECOND for at_us in instants_us], dtype=np.float64)
