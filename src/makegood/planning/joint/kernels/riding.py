"""Kernels: how couriers will ride what they hold, and what that costs.

A courier rides as in `domain.rides`: what is on board, the nearest customer first; then, round
after round, to whatever is ready first, taking along all that is ready there. Costs are integers,
so that what the search compares and what a decision records are the same to the last unit.

Times are seconds from now, places metres on the plane that touches the earth at the hub.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from makegood.planning.flow import Floats, Ints
from makegood.planning.rolling.kernels.compiled import compiled, inner

LATE: Final = 0
LATE_BP: Final = 1
VALUE: Final = 2
METRES: Final = 3
PARTS: Final = 4

QUARTER_S: Final = 900.0
AFTER_SHIFT_S: Final = 3_600.0
"""How much later than its pick-up would be an order arrives that nobody of this shift fetches."""
_WHOLE_BP: Final = 10_000
_STEEP: Final = 30.0
_LEAST_SPREAD_S: Final = 60.0


class Orders(NamedTuple):
    """Deliveries: `shop` numbers the pick-up places; `aboard` is 1 for what was picked up.

    `home` is who holds it so far (-1: nobody, and then it arrives at `kept` if it stays so).
    """

    shop: Ints
    shop_at: Floats
    drop_at: Floats
    ready: Floats
    due: Floats
    load: Ints
    value: Ints
    aboard: Ints
    home: Ints
    kept: Floats


class Couriers(NamedTuple):
    """Who rides: from where and when, their seconds a metre by quarter, and until when.

    `most` is the load that one may hold, reassignments to them that are under way left out.
    """

    at: Floats
    free: Floats
    pace: Floats
    pick: Floats
    drop: Floats
    detour: Floats
    until: Floats
    capacity: Ints
    most: Ints


class Rules(NamedTuple):
    """Weights of the parts in points, what a change of hands costs, and how arrivals spread."""

    weights: Ints
    change: int
    workload: int
    spread: float
    rain_from: float


class State(NamedTuple):
    """Who holds what: `held[c, :size[c]]`, the courier of each order (-1: nobody), and costs."""

    held: Ints
    size: Ints
    of: Ints
    load: Ints
    cost: Ints


class Room(NamedTuple):
    """Arrays to reckon in, so that nothing is allocated on the way."""

    mine: Ints
    todo: Ints
    left: Ints
    place: Floats
    arrives: Floats
    parts: Ints
    out: Ints
    was: Ints
    done: Ints
    prices: Ints
    seen: Ints
    version: Ints
    stamp: Ints
    old: Ints
    hot: Ints
    base: Ints


class Problem(NamedTuple):
    """Everything at once: `allowed[i, c]` is 1 where an order may go, `near` are its neighbours."""

    orders: Orders
    couriers: Couriers
    rules: Rules
    state: State
    was: State
    room: Room
    allowed: Ints
    movable: Ints
    near: Ints


@inner
def pace_of(problem: Problem, c: int, at: float) -> float:
    """Return a courier's seconds for a metre as the crow flies, at an instant."""
    pace = problem.couriers.pace
    quarter = int((at - problem.rules.rain_from) / QUARTER_S)
    return pace[c, min(max(quarter, 0), pace.shape[1] - 1)]


@inner
def judge(problem: Problem, i: int, at: float) -> None:
    """Add what an arrival costs: seconds late, likelihood to be late, and the value at risk."""
    orders, parts = problem.orders, problem.room.parts
    late = at - orders.due[i]
    scale = max(at * problem.rules.spread, _LEAST_SPREAD_S)
    steps = min(max(late / scale, -_STEEP), _STEEP)
    likely = int(_WHOLE_BP / (1.0 + math.exp(-steps)) + 0.5)
    if late > 0.0:
        parts[LATE] += int(late)
    parts[LATE_BP] += likely
    parts[VALUE] += orders.value[i] * likely // _WHOLE_BP


@inner
def deliver(problem: Problem, c: int, n: int, at: float) -> tuple[float, float]:
    """Deliver `room.todo[:n]` from `room.place`, the nearest first; return when, and how far."""
    drop_at, room = problem.orders.drop_at, problem.room
    todo, place = room.todo, room.place
    metres = 0.0
    while n > 0:
        best, found = math.inf, 0
        for k in range(n):
            x, y = drop_at[todo[k], 0] - place[0], drop_at[todo[k], 1] - place[1]
            square = x * x + y * y
            if square < best or (square == best and todo[k] < todo[found]):
                best, found = square, k
        i, n = todo[found], n - 1
        todo[found] = todo[n]
        leg = math.sqrt(best)
        metres += leg
        at += leg * pace_of(problem, c, at) + problem.couriers.drop[c]
        place[0], place[1] = drop_at[i, 0], drop_at[i, 1]
        room.arrives[i] = at
        judge(problem, i, at)
    return at, metres


@inner
def by_promise(problem: Problem, n: int) -> None:
    """Sort `room.left[:n]` by what is due first, so that the order of a list never matters."""
    due, left = problem.orders.due, problem.room.left
    for k in range(1, n):
        i, at = left[k], k
        while at > 0 and (due[left[at - 1]], left[at - 1]) > (due[i], i):
            left[at] = left[at - 1]
            at -= 1
        left[at] = i


@inner
def first_of(problem: Problem, n: int, at: float) -> int:
    """Return which of `room.left[:n]` is gone for first: what is ready first, then due first."""
    ready, left = problem.orders.ready, problem.room.left
    first = left[0]
    for k in range(1, n):
        if max(ready[left[k]], at) < max(ready[first], at):
            first = left[k]
    return first


@inner
def load_up(problem: Problem, c: int, first: int, n: int, at: float) -> tuple[int, int]:
    """Part `room.left[:n]` into what is taken along from a place and what is left; how many."""
    orders, room = problem.orders, problem.room
    taken = rest = load = 0
    full = False
    for k in range(n):
        i = room.left[k]
        if orders.shop[i] == orders.shop[first] and orders.ready[i] <= at and not full:
            load += orders.load[i]
            full = load > problem.couriers.capacity[c] and taken > 0
            if not full:
                room.todo[taken] = i
                taken += 1
                continue
        room.left[rest] = i
        rest += 1
    return taken, rest


@inner
def fetch(problem: Problem, c: int, n: int, at: float, metres: float) -> float:
    """Ride round after round until `room.left[:n]` is delivered; return the metres of it all."""
    orders, couriers, room = problem.orders, problem.couriers, problem.room
    place = room.place
    while n > 0:
        first = first_of(problem, n, at)
        x, y = orders.shop_at[first, 0] - place[0], orders.shop_at[first, 1] - place[1]
        leg = math.sqrt(x * x + y * y)
        ready = float(orders.ready[first])
        at = max(at + leg * pace_of(problem, c, at), ready)
        if at > couriers.until[c]:
            # Past the shift nothing more is fetched: it will have to wait for somebody else.
            for k in range(n):
                i = room.left[k]
                late = max(at, float(orders.ready[i])) + AFTER_SHIFT_S
                room.arrives[i] = late
                judge(problem, i, late)
            return metres
        taken, n = load_up(problem, c, first, n, at)
        place[0], place[1] = orders.shop_at[first, 0], orders.shop_at[first, 1]
        at, gone = deliver(problem, c, taken, at + couriers.pick[c])
        metres += leg + gone
    return metres


@inner
def ride(problem: Problem, c: int, n: int) -> None:
    """Ride `room.mine[:n]`, which a courier holds: when each arrives, and what it all comes to."""
    room, couriers = problem.room, problem.couriers
    for part in range(PARTS):
        room.parts[part] = 0
    room.place[0], room.place[1] = couriers.at[c, 0], couriers.at[c, 1]
    aboard = rest = 0
    for k in range(n):
        i = room.mine[k]
        if problem.orders.aboard[i] == 1:
            room.todo[aboard] = i
            aboard += 1
        else:
            room.left[rest] = i
            rest += 1
    by_promise(problem, rest)
    at, metres = deliver(problem, c, aboard, float(couriers.free[c]))
    metres = fetch(problem, c, rest, at, metres)
    room.parts[METRES] = int(metres * couriers.detour[c])


@inner
def points(problem: Problem) -> int:
    """Return what `room.parts` weigh together."""
    total = 0
    for part in range(PARTS):
        total += problem.rules.weights[part] * problem.room.parts[part]
    return total


@compiled
def ride_with(problem: Problem, c: int, more: int, less: int) -> int:
    """Return what a courier's ways cost with one order more and one less (-1: none of either)."""
    state, room = problem.state, problem.room
    n = 0
    for k in range(state.size[c]):
        if state.held[c, k] != less:
            room.mine[n] = state.held[c, k]
            n += 1
    if more >= 0:
        room.mine[n] = more
        n += 1
    ride(problem, c, n)
    return points(problem)


@inner
def alone(problem: Problem, i: int) -> int:
    """Return what an order costs that is left to whoever comes first."""
    for part in range(PARTS):
        problem.room.parts[part] = 0
    judge(problem, i, problem.orders.kept[i])
    return points(problem)
