"""Kernels: when a courier's trips happen and what they cost."""

from __future__ import annotations

import math

from makegood.planning.rolling.kernels.arrays import EARTH_RADIUS_M, Floats, Plan, Problem
from makegood.planning.rolling.kernels.compiled import inner

NEVER = math.inf


@inner
def minutes(problem: Problem, courier: int, a: int, b: int) -> float:
    """Return a courier's travel time between two places."""
    if a == b:
        return 0.0
    places: Floats = problem.places
    x = places[a, 0] - places[b, 0]
    y = places[a, 1] - places[b, 1]
    z = places[a, 2] - places[b, 2]
    metres = math.sqrt(x * x + y * y + z * z)
    if problem.rules.sphere:
        # The chord of two unit vectors: 2 R asin(chord / 2), the haversine formula.
        metres = 2.0 * EARTH_RADIUS_M * math.asin(min(1.0, metres / 2.0))
    taken = metres / problem.fleet.speed[courier]
    return math.ceil(taken) if problem.rules.whole else taken


@inner
def before(problem: Problem, plan: Plan, courier: int, trip: int) -> tuple[int, float]:
    """Return where and when a courier is free for its trip number `trip`."""
    fleet = problem.fleet
    if trip == 0:
        return fleet.place[courier], max(fleet.free_at[courier], problem.rules.now)
    last = plan.member[courier, trip - 1, plan.size[courier, trip - 1] - 1]
    return problem.orders.drop[last], plan.end[courier, trip - 1]


@inner
def arrival(problem: Problem, courier: int, trip: int, to: int, place: int, at: float) -> float:
    """Return when a courier who is free at `place` from `at` on gets to the restaurant `to`."""
    if trip == 0 and place == to:
        return problem.fleet.stands_since[courier]
    return at + minutes(problem, courier, place, to)


@inner
def picked(problem: Problem, arrive: float, ready: float) -> float:
    """Return the earliest pick-up after an arrival."""
    return max(arrive + problem.rules.before_pick, ready, problem.rules.now)


@inner
def cost_of(problem: Problem, order: int, dropped: float) -> float:
    """Return what an order costs that is dropped at that minute."""
    orders = problem.orders
    cost = orders.per_minute[order] * (dropped - orders.since[order])
    if dropped > orders.due[order]:
        cost += orders.late[order]
    return cost


@inner
def pay(problem: Problem, courier: int, orders: int) -> float:
    """Return a courier's fee for more orders, and what they cost above the guaranteed pay."""
    fleet, rules = problem.fleet, problem.rules
    cost = fleet.fee[courier] * orders
    if rules.pay > 0.0:
        done = fleet.done[courier] * rules.per_order
        sure = fleet.guaranteed[courier]
        more = max(done + orders * rules.per_order, sure) - max(done, sure)
        cost += rules.pay * more
    return cost


@inner
def time_trip(problem: Problem, plan: Plan, c: int, k: int) -> None:
    """Work out one trip's times from the end of the trip before it."""
    orders, rules = problem.orders, problem.rules
    place, at = before(problem, plan, c, k)
    here = plan.at[c, k]
    plan.ride_in[c, k] = minutes(problem, c, place, here)
    plan.arrive[c, k] = arrival(problem, c, k, here, place, at)
    ready = orders.ready[plan.member[c, k, 0]]
    for i in range(1, plan.size[c, k]):
        ready = max(ready, orders.ready[plan.member[c, k, i]])
    plan.ready[c, k] = ready
    plan.pick[c, k] = picked(problem, plan.arrive[c, k], ready)
    time, ride = plan.pick[c, k] + rules.after_pick, 0.0
    for i in range(plan.size[c, k]):
        to = orders.drop[plan.member[c, k, i]]
        leg = minutes(problem, c, here, to)
        ride += leg
        plan.drops[c, k, i] = time + leg + rules.before_drop
        time = plan.drops[c, k, i] + rules.after_drop
        here = to
    plan.ride[c, k] = ride
    plan.end[c, k] = time


@inner
def retime(problem: Problem, plan: Plan, c: int, first: int) -> None:
    """Work out a courier's trips from number `first` on, and what all its trips cost."""
    cost, count = 0.0, 0
    for k in range(plan.trips[c]):
        if k >= first:
            time_trip(problem, plan, c, k)
        cost += problem.rules.ride * (plan.ride_in[c, k] + plan.ride[c, k])
        count += plan.size[c, k]
        for i in range(plan.size[c, k]):
            cost += cost_of(problem, plan.member[c, k, i], plan.drops[c, k, i])
    plan.cost[c] = cost + pay(problem, c, count)


@inner
def count_of(plan: Plan, c: int) -> int:
    """Return how many orders a courier's trips hold."""
    count = 0
    for k in range(plan.trips[c]):
        count += plan.size[c, k]
    return count
