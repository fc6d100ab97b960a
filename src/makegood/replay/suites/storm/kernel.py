"""Routes with everything known beforehand, searched by ruin and recreate, compiled by numba.

A route is a row of orders; a mark says where a new trip begins. A trip fetches its orders at one
store, when all of them are packed, and delivers them in the row's order. Times are seconds from
the script's start, places metres on a plane. Deterministic: the budget is iterations, the seed is
passed. After Schrimpf et al. 2000 ("Record breaking optimization results using the ruin and
recreate principle") with the blinks of Christiaens and Vanden Berghe 2020 (SISR).
"""

# numba compiles these functions and ships no types for its decorator; all calls from outside go
# through `search`, which has them.
# ruff: noqa: NPY002 -- compiled code knows numpy's old generators only, seeded inside of it
# pyright: reportUnknownMemberType=false, reportUntypedFunctionDecorator=false, reportMissingTypeStubs=false

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class World(NamedTuple):
    """Everything that is known: couriers, then orders, then ways.

    `start`: x, y of each courier; `span`: begin and end of pick-ups, and of the shelter between;
    `kind`: row of `pace`; `pace`: seconds a metre by kind and minute; `temper`: each courier's
    factor to each order, then each store; `may`: whether a courier may take an order; `flies`: by
    minute, whether drones may leave.
    """

    start: Floats
    span: Floats
    kind: Ints
    capacity: Ints
    counter: Floats
    drone: Ints
    stores: Floats
    store: Ints
    place: Floats
    load: Ints
    ready: Floats
    promise: Floats
    pace: Floats
    temper: Floats
    may: Ints
    flies: Ints


class Routes(NamedTuple):
    """A plan: a row of orders for each courier, where trips begin in it, its length, its cost."""

    rows: Ints
    begins: Ints
    sizes: Ints
    costs: Floats


_LATE = 3600.0
_MOST_LATE = 3600.0
_A_SECOND = 0.2
_RIDING = 0.002
_MISSING = 2.0 * (_LATE + _A_SECOND * _MOST_LATE)
_HEAT = 600.0
_DOOR = 60.0
_JOINS, _NEW, _LEADS = 0, 1, 2
_MANNERS = 3
_MOSTLY = 0.7
_NEVER = 1e15


@njit(cache=True)
def _way(w: World, c: int, x: float, y: float, goal: int, at: float) -> float:
    if goal < len(w.store):
        gx, gy = w.place[goal, 0], w.place[goal, 1]
    else:
        gx, gy = w.stores[goal - len(w.store), 0], w.stores[goal - len(w.store), 1]
    metres = np.hypot(gx - x, gy - y)
    minute = min(max(int(at // 60.0), 0), w.pace.shape[1] - 1)
    return metres * w.pace[w.kind[c], minute] * w.temper[c, goal]


@njit(cache=True)
def _fetched(w: World, c: int, x: float, y: float, shop: int, free: float, ready: float) -> float:
    """Return when a courier can pick up: rides there, waits for the goods, shelters in between."""
    goal = len(w.store) + shop
    begin, last = w.span[c, 2], w.span[c, 3]
    at = free
    if begin <= at < last:
        at = last
    fetched = max(at + _way(w, c, x, y, goal, at), ready)
    if at < begin <= fetched:
        at = last
        fetched = max(at + _way(w, c, x, y, goal, at), ready)
    if w.drone[c]:
        minute = min(max(int(fetched // 60.0), 0), len(w.flies) - 1)
        while minute < len(w.flies) - 1 and not w.flies[minute]:
            minute += 1
            fetched = minute * 60.0
    return fetched


@njit(cache=True)
def cost_of(w: World, c: int, row: Ints, begins: Ints, n: int, arrives: Floats) -> float:
    """Return what a route costs, and put arrivals into `arrives`; infinite where it cannot be."""
    at, x, y = w.span[c, 0], w.start[c, 0], w.start[c, 1]
    cost = 0.0
    i = 0
    while i < n:
        j = i
        shop = int(w.store[row[i]])
        load, ready = 0, 0.0
        while j < n and (j == i or not begins[j]):
            order = row[j]
            if w.store[order] != shop or not w.may[c, order]:
                return _NEVER
            load += w.load[order]
            ready = max(ready, float(w.ready[order]))
            j += 1
        if load > w.capacity[c]:
            return _NEVER
        free = at
        at = _fetched(w, c, x, y, shop, at, ready)
        if at > w.span[c, 1]:
            return _NEVER
        at += w.counter[c]
        x, y = w.stores[shop, 0], w.stores[shop, 1]
        for k in range(i, j):
            order = row[k]
            at += _way(w, c, x, y, order, at) + _DOOR
            x, y = w.place[order, 0], w.place[order, 1]
            arrives[order] = at
            late = at - w.promise[order]
            if late > 0:
                cost += _LATE + _A_SECOND * min(late, _MOST_LATE)
        cost += _RIDING * (at - free)
        i = j
    return cost


@njit(cache=True)
def _put(row: Ints, begins: Ints, n: int, at: int, order: int, how: int) -> None:
    """Insert an order into the trip before it, as a new trip, or as the first of the next."""
    for k in range(n, at, -1):
        row[k] = row[k - 1]
        begins[k] = begins[k - 1]
    row[at] = order
    if how == _NEW:
        begins[at] = 1
        if at < n:
            begins[at + 1] = 1
    elif how == _LEADS:
        begins[at] = 1
        begins[at + 1] = 0
    else:
        begins[at] = 0


@njit(cache=True)
def _drop(row: Ints, begins: Ints, n: int, at: int) -> None:
    was_first = begins[at]
    for k in range(at, n - 1):
        row[k] = row[k + 1]
        begins[k] = begins[k + 1]
    if was_first and at < n - 1:
        begins[at] = 1


@njit(cache=True)
def _best(
    w: World, plan: Routes, order: int, blinks: float, skips: float, scratch: Floats
) -> tuple[float, int, int, int]:
    """Return the cheapest insertion of an order: its price, courier, place and manner."""
    found, courier, place, manner = _NEVER, -1, -1, 0
    row, mark = np.empty_like(plan.rows[0]), np.empty_like(plan.begins[0])
    for c in range(len(plan.sizes)):
        n = plan.sizes[c]
        if not w.may[c, order] or n + 2 >= plan.rows.shape[1] or np.random.random() < skips:
            continue
        for at in range(n + 1):
            for how in range(_MANNERS):
                if not _fits(w, plan, c, at, how, order) or np.random.random() < blinks:
                    continue
                row[: n + 1] = plan.rows[c, : n + 1]
                mark[: n + 1] = plan.begins[c, : n + 1]
                _put(row, mark, n, at, order, how)
                price = cost_of(w, c, row, mark, n + 1, scratch) - plan.costs[c]
                if price < found:
                    found, courier, place, manner = price, c, at, how
    return found, courier, place, manner


@njit(cache=True)
def _fits(w: World, plan: Routes, c: int, at: int, how: int, order: int) -> bool:
    """Say whether an order can go to a place of a row in this manner, capacity left aside."""
    n, row = plan.sizes[c], plan.rows[c]
    if how == _JOINS:
        return at > 0 and w.store[row[at - 1]] == w.store[order]
    if how == _NEW:
        return at >= n or plan.begins[c, at] == 1
    return at < n and plan.begins[c, at] == 1 and w.store[row[at]] == w.store[order]


@njit(cache=True)
def _ruin(w: World, plan: Routes, arrives: Floats, gone: Ints, most: int) -> None:
    """Take out orders that are alike in time and place to one that is late, or to any."""
    n = len(w.store)
    seed = np.random.randint(n)
    if np.random.random() < _MOSTLY:
        for _ in range(200):
            if arrives[seed] > w.promise[seed]:
                break
            seed = np.random.randint(n)
    wanted = np.random.randint(2, most + 1)
    far = np.empty(n)
    for o in range(n):
        far[o] = (
            np.abs(w.promise[o] - w.promise[seed]) / 60.0
            + np.hypot(w.place[o, 0] - w.place[seed, 0], w.place[o, 1] - w.place[seed, 1]) / 50.0
            + 15.0 * np.random.random()
        )
    far[seed] = -1.0
    for o in np.argsort(far)[:wanted]:
        gone[o] = 1
    for c in range(len(plan.sizes)):
        k, before = 0, plan.sizes[c]
        while k < plan.sizes[c]:
            if gone[plan.rows[c, k]]:
                _drop(plan.rows[c], plan.begins[c], plan.sizes[c], k)
                plan.sizes[c] -= 1
            else:
                k += 1
        if plan.sizes[c] != before:
            _cost(w, plan, c, arrives)


@njit(cache=True)
def _cost(w: World, plan: Routes, c: int, arrives: Floats) -> None:
    plan.costs[c] = cost_of(w, c, plan.rows[c], plan.begins[c], plan.sizes[c], arrives)


@njit(cache=True)
def _recreate(w: World, plan: Routes, arrives: Floats, gone: Ints, turn: int) -> None:
    """Put everything that is gone back in, the earliest promise first; what is left is gone."""
    todo = np.flatnonzero(gone)
    noise, blinks, skips = (1800.0, 0.02, 0.8) if turn > 0 else (0.0, 0.0, 0.0)
    key = w.promise[todo] + noise * np.random.random(len(todo))
    scratch = np.empty(len(gone))
    for o in todo[np.argsort(key)]:
        price, c, at, how = _best(w, plan, o, blinks, skips, scratch)
        if c < 0 or price >= _MISSING:
            arrives[o] = _NEVER
            continue
        gone[o] = 0
        _put(plan.rows[c], plan.begins[c], plan.sizes[c], at, o, how)
        plan.sizes[c] += 1
        _cost(w, plan, c, arrives)


@njit(cache=True)
def _copy(plan: Routes) -> Routes:
    return Routes(plan.rows.copy(), plan.begins.copy(), plan.sizes.copy(), plan.costs.copy())


@njit(cache=True)
def improve(w: World, plan: Routes, iterations: int, most: int, seed: int) -> Floats:
    """Search in place; return when each order arrives (a very late time: nobody brings it)."""
    np.random.seed(seed)
    n = len(w.store)
    arrives = np.full(n, _NEVER)
    gone = np.ones(n, dtype=np.int64)
    for c in range(len(plan.sizes)):
        _cost(w, plan, c, arrives)
        for k in range(plan.sizes[c]):
            gone[plan.rows[c, k]] = 0
    total = 0.0
    for turn in range(iterations + 1):
        kept, kept_gone, kept_arrives = _copy(plan), gone.copy(), arrives.copy()
        if turn > 0:
            _ruin(w, plan, arrives, gone, most)
        _recreate(w, plan, arrives, gone, turn)
        now = plan.costs.sum() + _MISSING * gone.sum()
        heat = _HEAT * (1.0 - turn / (iterations + 1.0))
        if turn == 0 or now < total - heat * np.log(np.random.random()):
            total = now
            continue
        plan.rows[:], plan.begins[:], plan.sizes[:] = kept.rows, kept.begins, kept.sizes
        plan.costs[:], gone[:], arrives[:] = kept.costs, kept_gone, kept_arrives
    return arrives
