"""How good a joint plan can be at best: a bound that no plan of the same problem can go below.

The relaxation is an assignment of orders to places in couriers' rows. The order that a courier
delivers as the j-th arrives no earlier than straight from where they are free, by its shop, to its
customer; and no earlier than j deliveries take whose ways are the j shortest there are. An order's
way is at least that from its shop, or from another customer of that shop. What weighs beside it
weighs at least the least load; everything else (which shop first, who rides with whom) is let go.
Each order may go to its best few couriers, or to the best of all others without taking a place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from makegood.planning.flow import Choices, Floats, Ints, solve, total
from makegood.planning.joint.kernels.riding import (
    AFTER_SHIFT_S,
    LATE,
    LATE_BP,
    METRES,
    QUARTER_S,
    VALUE,
    Problem,
)

Bools: TypeAlias = NDArray[np.bool_]

RELAXATION: Final = "assignment to couriers' rows"
_COURIERS: Final = 6
_PLACES: Final = 8
_BP: Final = 10_000
_STEEP: Final = 30.0
_LEAST_SPREAD_S: Final = 60.0
_FAR: Final = 1 << 50
# Kernels add up the same figures in another sequence.
_SLACK_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class _Rows:
    """Couriers once what is on board is delivered: when, where, and what that costs for sure."""

    free: Floats
    at: Floats
    load: Ints
    sure: int


def bound_of(problem: Problem) -> int:
    """Return points that no plan of a problem costs less than, in some 20 ms for 300 orders."""
    rows = _after_boarded(problem)
    orders = np.flatnonzero(problem.orders.aboard == 0)
    if not len(orders):
        return rows.sure
    costs = _costs(problem, rows, orders)
    nobody = _left_alone(problem, orders)
    choices = _choices(problem, orders, costs, nobody)
    return rows.sure + total(choices, solve(choices))


def _after_boarded(problem: Problem) -> _Rows:
    """Deliver what is on board, as it will be in every plan."""
    couriers, orders = problem.couriers, problem.orders
    free, at = couriers.free.copy(), couriers.at.copy()
    load = np.zeros(len(free), dtype=np.int64)
    gone = np.flatnonzero((orders.aboard == 1) & (orders.home < 0))
    sure = int(_judged(problem, gone, orders.kept[gone] - _SLACK_S).sum())
    for c in range(len(free)):
        todo = np.flatnonzero((orders.aboard == 1) & (orders.home == c)).tolist()
        metres = 0.0
        while todo:
            legs = np.hypot(*(orders.drop_at[todo] - at[c]).T)
            i, leg = todo.pop(int(np.argmin(legs))), float(np.min(legs))
            quarter = int((free[c] - problem.rules.rain_from) / QUARTER_S)
            pace = couriers.pace[c, min(max(quarter, 0), couriers.pace.shape[1] - 1)]
            free[c] += leg * pace + couriers.drop[c]
            at[c], metres = orders.drop_at[i], metres + leg
            late = np.array([free[c] - _SLACK_S])
            sure += int(_judged(problem, np.array([i]), late)[0])
            sure += int(problem.rules.workload * orders.load[i] * load[c])
            load[c] += orders.load[i]
        # Everybody's metres are cut to whole ones, once.
        sure += int(problem.rules.weights[METRES]) * (int(metres * couriers.detour[c]) - 1)
    return _Rows(free, at, load, sure)


def _costs(problem: Problem, rows: _Rows, orders: Ints) -> Ints:
    """Return the least cost of each order with each courier in each place (orders x m x places)."""
    couriers = problem.couriers
    shop_at, drop_at = problem.orders.shop_at[orders], problem.orders.drop_at[orders]
    to_shop = np.hypot(*np.moveaxis(shop_at[:, None] - rows.at[None], 2, 0))
    straight = np.hypot(*(drop_at - shop_at).T)
    ways = _least_ways(problem, orders, straight)
    shortest = np.concatenate([np.cumsum(np.sort(ways)), np.full(_PLACES, np.inf)])[:_PLACES]
    shortest = np.where(np.isinf(shortest), ways.sum(), shortest)
    made = np.empty((len(orders), len(rows.free), _PLACES), dtype=np.int64)
    for c in range(len(rows.free)):
        service = couriers.pick[c] + couriers.drop[c] * np.arange(1, _PLACES + 1)
        fetched = np.maximum(
            _earliest(problem, c, rows.free[c], to_shop[:, c], 0.0), problem.orders.ready[orders]
        )
        begins = _earliest(problem, c, rows.free[c], to_shop[:, c].min(), 0.0)
        alone = _earliest(problem, c, fetched, straight, service[0])
        placed = _earliest(problem, c, begins, shortest, service)
        arrives = np.maximum(alone[:, None], placed[None, :]) - _SLACK_S
        metres = (ways * couriers.detour[c]).astype(np.int64)
        cost = _judged(problem, orders[:, None], arrives)
        cost += (problem.rules.weights[METRES] * metres)[:, None]
        late = np.maximum(couriers.until[c], problem.orders.ready[orders]) + AFTER_SHIFT_S
        over = _judged(problem, orders, late - _SLACK_S)
        cost = np.where(fetched[:, None] > couriers.until[c] + _SLACK_S, over[:, None], cost)
        made[:, c, :] = np.minimum(cost, over[:, None]) + _beside(problem, rows, orders, c)
    return made


def _earliest(
    problem: Problem, c: int, since: Floats | float, metres: Floats | float, service: Floats | float
) -> Floats:
    """Return when so many metres can be behind a courier at best, wherever the ways part.

    Each way is ridden at the pace of the quarter that it begins in. If the last begins in quarter
    q, none was faster than the fastest up to q, and q has begun.
    """
    paces = np.minimum.accumulate(_from(problem, c, since)[1])
    starts = _from(problem, c, since)[0]
    base = np.asarray(since, dtype=np.float64) + service
    ways = np.asarray(metres, dtype=np.float64)
    best = np.full(np.broadcast_shapes(base.shape, ways.shape), np.inf)
    for start, pace in zip(starts, paces, strict=True):
        best = np.minimum(best, np.maximum(base + ways * pace, start))
    return best


def _from(problem: Problem, c: int, since: Floats | float) -> tuple[Floats, Floats]:
    """Return when each quarter begins that a courier may yet ride in, and its pace."""
    pace = problem.couriers.pace[c]
    first = int((float(np.min(since)) - problem.rules.rain_from) / QUARTER_S)
    first = min(max(first, 0), len(pace) - 1)
    starts = (problem.rules.rain_from + QUARTER_S * np.arange(first, len(pace))).astype(np.float64)
    starts[0] = -np.inf
    return starts, pace[first:]


def _least_ways(problem: Problem, orders: Ints, straight: Floats) -> Floats:
    """Return the shortest way that each customer can be come to by, once the order is on board."""
    drop_at, shop = problem.orders.drop_at[orders], problem.orders.shop[orders]
    between = np.hypot(*np.moveaxis(drop_at[:, None] - drop_at[None], 2, 0))
    between[shop[:, None] != shop[None, :]] = np.inf
    np.fill_diagonal(between, np.inf)
    return np.minimum(straight, between.min(axis=1)).astype(np.float64)


def _beside(problem: Problem, rows: _Rows, orders: Ints, c: int) -> Ints:
    """Return what an order weighs beside what a courier has, by place, and for changing hands."""
    load, home = problem.orders.load[orders], problem.orders.home[orders]
    before = rows.load[c] + int(load.min()) * np.arange(_PLACES)
    hands = np.where((home >= 0) & (home != c), problem.rules.change, 0)
    return problem.rules.workload * load[:, None] * before[None, :] + hands[:, None]


def _judged(problem: Problem, orders: Ints, arrives: Floats) -> Ints:
    """Return what arriving then or later costs at least: lateness, its likelihood, and value."""
    weights, due = problem.rules.weights, problem.orders.due[orders]
    late = arrives - due
    scale = np.maximum(arrives * problem.rules.spread, _LEAST_SPREAD_S)
    # Of what was due before now, the likelihood falls with time, to that of the very far.
    least = np.where(due < 0, 1.0 / max(problem.rules.spread, 1e-9), np.inf)
    steps = np.clip(np.minimum(late / scale, least), -_STEEP, _STEEP)
    likely = (_BP / (1.0 + np.exp(-steps)) + 0.5).astype(np.int64)
    seconds = np.maximum(late, 0.0).astype(np.int64)
    value = problem.orders.value[orders] * likely // _BP
    return weights[LATE] * seconds + weights[LATE_BP] * likely + weights[VALUE] * value


def _left_alone(problem: Problem, orders: Ints) -> Ints:
    """Return what an order costs that stays nobody's, and too much where it is somebody's."""
    costs = _judged(problem, orders, problem.orders.kept[orders] - _SLACK_S)
    return np.where(problem.orders.home[orders] < 0, costs, _FAR)


def _choices(problem: Problem, orders: Ints, costs: Ints, nobody: Ints) -> Choices:
    n, m, _ = costs.shape
    may = _may(problem, orders)
    first = np.where(may, costs[:, :, 0], _FAR)
    best = np.argsort(first, axis=1, kind="stable")[:, : min(_COURIERS, m)]
    rest = first.copy()
    np.put_along_axis(rest, best, _FAR, axis=1)
    other = np.minimum(rest.min(axis=1, initial=_FAR), nobody)
    offered = np.take_along_axis(may, best, axis=1)
    row, place = np.nonzero(offered)
    cells = costs[row, best[row, place]]
    number = best[row, place][:, None] * _PLACES + np.arange(_PLACES)[None, :]
    open_to = np.flatnonzero(other < _FAR)
    subject = np.concatenate([np.repeat(row, _PLACES), open_to])
    order = np.argsort(subject, kind="stable")
    units = np.tile(np.array([1] * (_PLACES - 1) + [n], dtype=np.int64), m)
    return Choices(
        subjects=n,
        subject=subject[order],
        cost=np.concatenate([cells.ravel(), other[open_to]])[order],
        resource=np.concatenate([number.ravel(), np.full(len(open_to), -1)])[order],
        units=units,
        slots=np.zeros(int(units.sum()), dtype=np.int64),
    )


def _may(problem: Problem, orders: Ints) -> Bools:
    """Return who may have what: whom safety lets have what may move, and who has it."""
    may: Bools = np.zeros((len(orders), problem.allowed.shape[1]), dtype=np.bool_)
    may[:] = (problem.allowed[orders] == 1) & (problem.movable[orders] == 1)[:, None]
    home = problem.orders.home[orders]
    held = np.flatnonzero(home >= 0)
    may[held, home[held]] = True
    return may
