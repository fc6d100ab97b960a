"""Kernels: where an order fits into the plan at the least cost, and putting it there."""

from __future__ import annotations

from makegood.planning.rolling.kernels.arrays import Plan, Problem
from makegood.planning.rolling.kernels.compiled import inner
from makegood.planning.rolling.kernels.draws import Draws, fraction
from makegood.planning.rolling.kernels.timing import (
    NEVER,
    arrival,
    before,
    cost_of,
    count_of,
    minutes,
    pay,
    picked,
    retime,
)

Spot = tuple[float, int, int, int]
"""The cost, the courier, the trip, and the position in the trip; position -1 is a new trip."""


@inner
def push(problem: Problem, plan: Plan, c: int, k: int, place: int, at: float) -> float:
    """Return what it costs when trip k and those after it begin at `place` at minute `at`."""
    total = 0.0
    for q in range(k, plan.trips[c]):
        ride_in = plan.ride_in[c, q]
        if q == k:
            ride_in = minutes(problem, c, place, plan.at[c, q])
            total += problem.rules.ride * (ride_in - plan.ride_in[c, q])
        pick = picked(problem, at + ride_in, plan.ready[c, q])
        if pick > problem.fleet.until[c]:
            return NEVER
        shift = pick - plan.pick[c, q]
        if shift == 0.0:
            return total
        for i in range(plan.size[c, q]):
            o, drop = plan.member[c, q, i], plan.drops[c, q, i]
            total += cost_of(problem, o, drop + shift) - cost_of(problem, o, drop)
        at = plan.end[c, q] + shift
    return total


@inner
def new_trip(problem: Problem, plan: Plan, o: int, c: int, k: int) -> tuple[float, float]:
    """Return the cost of a trip of its own at number k, and a bound below any later number's."""
    orders, rules = problem.orders, problem.rules
    place, at = before(problem, plan, c, k)
    ready, here, to = orders.ready[o], orders.pick[o], orders.drop[o]
    leg = minutes(problem, c, here, to)
    arrive = arrival(problem, c, k, here, place, at)
    soonest = picked(problem, min(arrive, at), ready)
    bound = cost_of(problem, o, soonest + rules.after_pick + leg + rules.before_drop)
    pick = picked(problem, arrive, ready)
    if pick > problem.fleet.until[c]:
        return NEVER, bound
    drop = pick + rules.after_pick + leg + rules.before_drop
    cost = cost_of(problem, o, drop)
    cost += rules.ride * (minutes(problem, c, place, here) + leg)
    return cost + push(problem, plan, c, k, to, drop + rules.after_drop), bound


@inner
def joined(problem: Problem, plan: Plan, o: int, c: int, k: int, position: int) -> float:
    """Return the cost of taking an order along on trip k, dropped at `position`."""
    orders, rules = problem.orders, problem.rules
    pick = picked(problem, plan.arrive[c, k], max(plan.ready[c, k], orders.ready[o]))
    if pick > problem.fleet.until[c]:
        return NEVER
    time, here, total, ride = pick + rules.after_pick, plan.at[c, k], 0.0, 0.0
    size = plan.size[c, k]
    for i in range(size + 1):
        old = i if i < position else i - 1
        member = o if i == position else plan.member[c, k, old]
        leg = minutes(problem, c, here, orders.drop[member])
        ride += leg
        drop = time + leg + rules.before_drop
        total += cost_of(problem, member, drop)
        if i != position:
            total -= cost_of(problem, member, plan.drops[c, k, old])
        time, here = drop + rules.after_drop, orders.drop[member]
    total += rules.ride * (ride - plan.ride[c, k])
    return total + push(problem, plan, c, k + 1, here, time)


@inner
def in_courier(problem: Problem, plan: Plan, o: int, c: int, best: float) -> Spot:
    """Return the cheapest spot for an order with one courier; it costs `best` where none beats."""
    spot = (best, -1, -1, -1)
    fee = pay(problem, c, count_of(plan, c) + 1) - pay(problem, c, count_of(plan, c))
    trips, most = plan.trips[c], plan.at.shape[1]
    for k in range(trips + 1):
        if trips < most and not (k == 0 and problem.fleet.bound[c]):
            cost, bound = new_trip(problem, plan, o, c, k)
            if fee + cost < spot[0]:
                spot = (fee + cost, c, k, -1)
            if fee + bound >= spot[0]:
                return spot
        if k < trips and plan.at[c, k] == problem.orders.pick[o]:
            size = plan.size[c, k]
            if size < min(problem.fleet.room[c], plan.member.shape[2]):
                for position in range(size + 1):
                    cost = fee + joined(problem, plan, o, c, k, position)
                    if cost < spot[0]:
                        spot = (cost, c, k, position)
    return spot


@inner
def soonest(problem: Problem, o: int, c: int) -> float:
    """Return a minute before which a courier cannot pick an order up."""
    fleet, here = problem.fleet, problem.orders.pick[o]
    ready, free = problem.orders.ready[o], max(fleet.free_at[c], problem.rules.now)
    if fleet.place[c] == here:
        return max(ready, min(free, fleet.stands_since[c]))
    if free + problem.rules.before_pick > ready:
        free += minutes(problem, c, fleet.place[c], here)
    return max(ready, free + problem.rules.before_pick)


@inner
def cheapest(problem: Problem, plan: Plan, o: int, blink: float, draws: Draws) -> Spot:
    """Return the cheapest spot for an order; couriers are passed over with chance `blink`.

    The spot's courier is -1 where leaving the order out costs less.
    """
    spot = (problem.orders.left_out[o], -1, -1, -1)
    rules, speed, rest = problem.rules, 0.0, 0.0
    for c in range(plan.trips.shape[0]):
        if problem.fleet.speed[c] != speed:
            speed = problem.fleet.speed[c]
            leg = minutes(problem, c, problem.orders.pick[o], problem.orders.drop[o])
            rest = rules.after_pick + leg + rules.before_drop
        if cost_of(problem, o, soonest(problem, o, c) + rest) >= spot[0]:
            continue
        if blink > 0.0 and fraction(draws) < blink:
            continue
        found = in_courier(problem, plan, o, c, spot[0])
        if found[1] >= 0:
            spot = found
    return spot


@inner
def put(problem: Problem, plan: Plan, o: int, c: int, k: int, position: int) -> None:
    """Put an order where `cheapest` found room for it."""
    if position < 0:
        for q in range(plan.trips[c], k, -1):
            _move(plan, c, q - 1, q)
        plan.trips[c] += 1
        plan.at[c, k] = problem.orders.pick[o]
        plan.size[c, k] = 0
        position = 0
    for i in range(plan.size[c, k], position, -1):
        plan.member[c, k, i] = plan.member[c, k, i - 1]
    plan.member[c, k, position] = o
    plan.size[c, k] += 1
    plan.by[o] = c
    retime(problem, plan, c, k)


@inner
def take_out(problem: Problem, plan: Plan, o: int) -> None:
    """Take an order out of the plan."""
    c = plan.by[o]
    plan.by[o] = -1
    for k in range(plan.trips[c]):
        for i in range(plan.size[c, k]):
            if plan.member[c, k, i] == o:
                _drop_member(plan, c, k, i)
                retime(problem, plan, c, k)
                return


@inner
def _drop_member(plan: Plan, c: int, k: int, i: int) -> None:
    plan.size[c, k] -= 1
    for n in range(i, plan.size[c, k]):
        plan.member[c, k, n] = plan.member[c, k, n + 1]
    if plan.size[c, k] == 0:
        plan.trips[c] -= 1
        for q in range(k, plan.trips[c]):
            _move(plan, c, q + 1, q)


@inner
def _move(plan: Plan, c: int, source: int, to: int) -> None:
    plan.at[c, to] = plan.at[c, source]
    plan.size[c, to] = plan.size[c, source]
    for i in range(plan.size[c, source]):
        plan.member[c, to, i] = plan.member[c, source, i]
        plan.drops[c, to, i] = plan.drops[c, source, i]
    plan.arrive[c, to] = plan.arrive[c, source]
    plan.ready[c, to] = plan.ready[c, source]
    plan.pick[c, to] = plan.pick[c, source]
    plan.end[c, to] = plan.end[c, source]
    plan.ride_in[c, to] = plan.ride_in[c, source]
    plan.ride[c, to] = plan.ride[c, source]
