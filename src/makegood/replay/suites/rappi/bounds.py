"""What nobody could beat: how many promises of a day can be kept at all.

Two bounds, both above every plan. One looks at each order by itself, as though a courier on the
day's fastest vehicle waited at its shop. The other counts couriers too: somebody on shift has to
be able to reach the shop from where the shift began, and what all orders need to be carried has to
fit into what couriers on shift can carry, five minutes at a time (a fractional plan, in which
couriers lose no time between orders; its best is a minimum-cost flow, because what fits is a
polymatroid: Edmonds 1970).
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from makegood.replay.suites.rappi.days import Day
from makegood.replay.suites.rappi.fleet import Fleet, Orders
from makegood.replay.suites.rappi.rules import Ints, all_seconds, distances_m

Flags = NDArray[np.bool_]

BIN_S: Final = 300
_FIRST: Final = 64
_SCALE: Final = 10**9
_ROUNDED_S: Final = 1
"""How much distances in whole metres can understate a way through several places, in seconds."""


def keepable(day: Day, orders: Orders) -> Flags:
    """Say of each order whether it would be kept with the fastest courier waiting at its shop."""
    return least_late_s(day, orders) == 0


def least_late_s(day: Day, orders: Orders) -> Ints:
    """Return how late each order would be with the fastest courier waiting at its shop."""
    fastest = max(courier.speed_km_h for courier in day.couriers)
    return np.maximum(0, orders.ready_s + _carry_s(orders, fastest) - orders.promised_s)


def capacity_bound(day: Day, orders: Orders) -> int:
    """Return how many promises the couriers on shift can keep, at the very most."""
    fleet = Fleet(day)
    possible = np.flatnonzero(keepable(day, orders))
    reached = [i for i in possible.tolist() if _reached(i, orders, fleet)]
    return _fitting(np.array(reached, dtype=np.int64), orders, fleet)


def _carry_s(orders: Orders, speed: int) -> Ints:
    return all_seconds(orders.carry_m, np.full_like(orders.carry_m, speed))


def _reached(order: int, orders: Orders, fleet: Fleet) -> bool:
    """Say whether anybody can be at the shop in time, coming from where the shift began."""
    carry_s = -(-orders.carry_m[order] * 18 // (5 * fleet.speed))
    latest_s = np.minimum(orders.promised_s[order] - carry_s, fleet.off_s)
    able = np.flatnonzero((fleet.on_s <= latest_s) & (latest_s >= orders.ready_s[order]))
    for some in (able[:_FIRST], able[_FIRST:]):
        place = (orders.lat[order], orders.lon[order])
        away_m = distances_m(fleet.lat[some], fleet.lon[some], *place)
        arrives_s = fleet.on_s[some] + all_seconds(away_m, fleet.speed[some])
        if (arrives_s <= latest_s[some]).any():
            return True
    return False


def _fitting(which: Ints, orders: Orders, fleet: Fleet) -> int:
    """Return how many of these orders fit, in parts, into what couriers can carry."""
    # Loading it takes 60 ms.
    from ortools.graph.python import min_cost_flow  # noqa: PLC0415 # pyright: ignore[reportMissingTypeStubs] -- it ships none

    work_s = np.maximum(0, _carry_s(orders, int(fleet.speed.max())) - _ROUNDED_S)
    which, free = which[work_s[which] > 0], int((work_s[which] == 0).sum())
    if not len(which):
        return free
    longest_s = int(_carry_s(orders, int(fleet.speed.min())).max())
    room = _room(fleet, longest_s, int(orders.promised_s[which].max()))
    row, bins = _windows(orders.ready_s[which], orders.promised_s[which])
    n, source, sink = len(which), len(which) + len(room), len(which) + len(room) + 1
    # ortools declares the element type where numpy expects a shape.
    network: Any = min_cost_flow.SimpleMinCostFlow()
    work_s = work_s[which]
    worth = -(-_SCALE // work_s)
    own = _arcs(network, np.full(n, source), np.arange(n), work_s, -worth)
    _arcs(network, row, n + bins, work_s[row], np.zeros_like(row))
    places = np.arange(len(room))
    _arcs(network, n + places, np.full(len(room), sink), room, np.zeros_like(places))
    network.set_node_supply(source, int(work_s.sum()))
    network.set_node_supply(sink, -int(work_s.sum()))
    if network.solve_max_flow_with_min_cost() != network.OPTIMAL:
        return free + n
    flows: Ints = np.asarray(network.flows(own), dtype=np.int64)
    return free + min(n, int((flows * worth).sum()) // _SCALE)


def _arcs(network: Any, tails: Ints, heads: Ints, most: Ints, costs: Ints) -> Any:  # noqa: ANN401 -- ortools has no stubs
    return network.add_arcs_with_capacity_and_unit_cost(
        tails.astype(np.int32), heads.astype(np.int32), most, costs
    )


def _room(fleet: Fleet, longest_s: int, until_s: int) -> Ints:
    """Return the order-seconds that couriers can carry in each five minutes, with the last way."""
    ends_s = fleet.off_s + longest_s
    edges = np.arange(0, until_s + 1, BIN_S)
    room = [
        (np.clip(ends_s - start, 0, BIN_S) - np.clip(fleet.on_s - start, 0, BIN_S)) @ fleet.capacity
        for start in edges
    ]
    return np.array(room, dtype=np.int64)


def _windows(ready_s: Ints, promised_s: Ints) -> tuple[Ints, Ints]:
    """Return every pair of an order and a five minutes in which it may be carried."""
    first, last = ready_s // BIN_S, promised_s // BIN_S
    count = last - first + 1
    row = np.repeat(np.arange(len(count)), count)
    return row, first[row] + np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
