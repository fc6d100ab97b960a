"""Decides for all waiting orders together, and sends couriers as late as costs nothing.

At every look, the orders that will be ready soon are assigned to couriers at once, as a
minimum-cost flow: exact for one order a courier. A courier counts who is busy now and free in time.
Only who has to leave before the next look is sent; everything else is decided again, with what is
known then. On these days couriers are many and their ways short, so that planning several orders
for one courier ahead gives nothing: this alone keeps all but one promise in a thousand of those
that can be kept.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from makegood.domain.geo import EARTH_RADIUS_M
from makegood.planning.flow import Choices, solve
from makegood.replay.suites.rappi.fleet import Fleet, Orders, Send
from makegood.replay.suites.rappi.rules import Ints, all_seconds

Singles = NDArray[np.float32]

HORIZON_S: Final = 600
NEAREST: Final = 24
MISS: Final = 36_000
LATE: Final = 10
WAY: Final = 2
"""Costs: of a broken promise, of a second of lateness, of a second on the way to a shop; a
second of carrying costs 1."""


@dataclass(frozen=True, slots=True)
class _Options:
    """What may be done, flat and grouped by order: who may take it, at what cost, leaving when.

    `row` counts the orders that were asked about; `order` and `courier` are places in the day.
    """

    row: Ints
    order: Ints
    courier: Ints
    cost: Ints
    leaves_s: Ints


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans again every `every_s`, for orders ready within `horizon_s` and the `nearest` couriers.

    Nobody can leave sooner than `lead_s` after a look: that is what deciding costs.
    """

    every_s: int
    horizon_s: int = HORIZON_S
    nearest: int = NEAREST
    lead_s: int = 1

    def __call__(self, now_s: int, pending: Ints, orders: Orders, fleet: Fleet) -> list[Send]:
        """Return whom to send now; who can leave later without loss is left to the next look."""
        from_s = now_s + self.lead_s
        soon_s = now_s + self.horizon_s
        due = pending[orders.ready_s[pending] <= soon_s]
        able = np.flatnonzero(
            (fleet.free_s <= soon_s) & (fleet.off_s >= from_s) & (fleet.off_s >= fleet.free_s)
        )
        if not len(due) or not len(able):
            return []
        near = able[_nearest(from_s, due, able, orders, fleet, self.nearest)]
        options = _options(from_s, due, near, orders, fleet)
        chosen = _choose(options, len(due))
        now = chosen[options.leaves_s[chosen] < from_s + self.every_s]
        return [
            Send(int(options.courier[i]), (int(options.order[i]),), int(options.leaves_s[i]))
            for i in now
        ]


def _nearest(from_s: int, due: Ints, able: Ints, orders: Orders, fleet: Fleet, most: int) -> Ints:
    """Return for each order the places in `able` of those who would be done with it first.

    Distances are those of a flat town here, in single precision, which is as good for choosing.
    """
    middle = (float(orders.lat[due[0]]), float(orders.lon[due[0]]))
    s_a_metre = (3.6 / fleet.speed[able]).astype(np.float32)
    way_s = _flat_m(_plane(orders, due, middle), _plane(fleet, able, middle))
    way_s *= s_a_metre
    free_s = (np.maximum(fleet.free_s[able], from_s) - from_s).astype(np.float32)
    ready_s = (orders.ready_s[due] - from_s).astype(np.float32)
    done_s = np.maximum(way_s + free_s, ready_s[:, None])
    done_s += orders.carry_m[due].astype(np.float32)[:, None] * s_a_metre
    # Of those who are there in time, the nearer ones: a fifth of what lateness costs.
    way_s *= WAY / LATE
    done_s += way_s
    count = min(most, len(able))
    return np.argpartition(done_s, count - 1, axis=1)[:, :count]


def _plane(
    where: Orders | Fleet, which: Ints, middle: tuple[float, float]
) -> tuple[Singles, Singles]:
    """Return places in metres east and north of the middle."""
    lat, lon = middle
    east_m = (where.lon[which] - lon) * (EARTH_RADIUS_M * math.cos(lat))
    north_m = (where.lat[which] - lat) * EARTH_RADIUS_M
    return east_m.astype(np.float32), north_m.astype(np.float32)


def _flat_m(shops: tuple[Singles, Singles], couriers: tuple[Singles, Singles]) -> Singles:
    square = shops[0][:, None] - couriers[0]
    square *= square
    north = shops[1][:, None] - couriers[1]
    north *= north
    square += north
    return np.sqrt(square, out=square)


def _options(from_s: int, due: Ints, near: Ints, orders: Orders, fleet: Fleet) -> _Options:
    row = np.repeat(np.arange(len(due)), near.shape[1])
    order, courier = due[row], near.ravel()
    way_s = fleet.to_shops_s(courier, orders, order)
    free_s = np.maximum(fleet.free_s[courier], from_s)
    picked_s = np.maximum(free_s + way_s, orders.ready_s[order])
    carry_s = all_seconds(orders.carry_m[order], fleet.speed[courier])
    late_s = np.maximum(0, picked_s + carry_s - orders.promised_s[order])
    cost = LATE * late_s + np.where(late_s > 0, MISS, 0) + WAY * way_s + carry_s
    leaves_s = np.maximum(free_s, orders.ready_s[order] - way_s)
    fits = picked_s <= fleet.off_s[courier]
    return _Options(row[fits], order[fits], courier[fits], cost[fits], leaves_s[fits])


def _choose(options: _Options, orders: int) -> Ints:
    """Return which options are taken: at most one an order, and one a courier.

    Waiting is always possible, and worse than the worst courier: it is for want of couriers.
    """
    waiting = np.full(orders, MISS, dtype=np.int64)
    np.maximum.at(waiting, options.row, options.cost + MISS)
    row = np.concatenate([options.row, np.arange(orders)])
    grouped = np.argsort(row, kind="stable")
    used, resource = np.unique(options.courier, return_inverse=True)
    choices = Choices(
        subjects=orders,
        subject=row[grouped],
        cost=np.concatenate([options.cost, waiting])[grouped],
        resource=np.concatenate([resource, np.full(orders, -1)])[grouped],
        units=np.ones(len(used), dtype=np.int64),
        slots=np.zeros(len(used), dtype=np.int64),
    )
    taken = grouped[solve(choices)]
    return taken[taken < len(options.row)]


def warm() -> None:
    """Load the solver, so that no timed decision has to."""
    one = np.zeros(1, dtype=np.int64)
    solve(Choices(1, one, one, one - 1, one[:0], one[:0]))
