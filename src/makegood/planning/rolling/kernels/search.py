"""Kernels: a plan by cheapest insertion, and large-neighbourhood search on it.

The search takes related orders out of the plan and puts them back where they are cheapest, now
and then passing a courier over; a worse plan is accepted with a chance that falls with the rounds
(slack induction by string removals, Christiaens and Vanden Berghe 2020,
https://doi.org/10.1287/trsc.2019.0914, with the relatedness of Shaw 1998). It is deterministic:
its budget is a number of rounds, never a time.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from makegood.planning.rolling.kernels.arrays import (
    Floats,
    Ints,
    Plan,
    Problem,
    blank,
    no_floats,
    no_ints,
)
from makegood.planning.rolling.kernels.compiled import compiled, inner
from makegood.planning.rolling.kernels.draws import Draws, below, fraction
from makegood.planning.rolling.kernels.inserting import cheapest, put, take_out
from makegood.planning.rolling.kernels.timing import minutes, retime


class Effort(NamedTuple):
    """How hard to search: `rounds`, each taking out `least` to `most` orders.

    `hot` and `cold` are the costs by which a worse plan may be accepted in the first and the last
    round; `blink` is the chance that a courier is passed over.
    """

    rounds: int
    least: int
    most: int
    hot: float
    cold: float
    blink: float


class Desk(NamedTuple):
    """The search's own memory: what it changed in a round, and what it took out."""

    kept: Plan
    best: Plan
    touched: Ints
    stamp: Ints
    pool: Ints
    was_by: Ints
    key: Floats
    counts: Ints


def desk(plan: Plan) -> Desk:
    """Return memory for searching plans of this size."""
    couriers, trips, members = plan.member.shape
    orders = plan.by.shape[0]
    return Desk(
        kept=blank(couriers, orders, trips, members),
        best=blank(couriers, orders, trips, members),
        touched=no_ints(couriers),
        stamp=no_ints(couriers, -1),
        pool=no_ints(orders),
        was_by=no_ints(orders),
        key=no_floats(orders),
        counts=no_ints(2),
    )


@inner
def copy_row(source: Plan, to: Plan, c: int) -> None:
    """Copy one courier's trips from a plan into another."""
    to.trips[c], to.cost[c] = source.trips[c], source.cost[c]
    for k in range(source.trips[c]):
        to.at[c, k], to.size[c, k] = source.at[c, k], source.size[c, k]
        for i in range(source.size[c, k]):
            to.member[c, k, i] = source.member[c, k, i]
            to.drops[c, k, i] = source.drops[c, k, i]
        to.arrive[c, k], to.ready[c, k] = source.arrive[c, k], source.ready[c, k]
        to.pick[c, k], to.end[c, k] = source.pick[c, k], source.end[c, k]
        to.ride_in[c, k], to.ride[c, k] = source.ride_in[c, k], source.ride[c, k]


@inner
def total_cost(problem: Problem, plan: Plan) -> float:
    """Return what a plan costs, with the orders left out of it."""
    total = 0.0
    for c in range(plan.trips.shape[0]):
        total += plan.cost[c]
    for o in range(plan.by.shape[0]):
        if plan.by[o] < 0:
            total += problem.orders.left_out[o]
    return total


@compiled
def insert_all(problem: Problem, plan: Plan, queue: Ints, draws: Draws) -> None:
    """Put every order that is not in the plan where it is cheapest, in the order of `queue`."""
    for c in range(plan.trips.shape[0]):
        retime(problem, plan, c, 0)
    for n in range(queue.shape[0]):
        o = queue[n]
        if plan.by[o] < 0:
            spot = cheapest(problem, plan, o, 0.0, draws)
            if spot[1] >= 0:
                put(problem, plan, o, spot[1], spot[2], spot[3])


@inner
def touch(plan: Plan, memory: Desk, c: int, number: int) -> float:
    """Keep a courier's trips before they change in this round; return what they cost."""
    if memory.stamp[c] == number:
        return 0.0
    memory.stamp[c] = number
    memory.touched[memory.counts[0]] = c
    memory.counts[0] += 1
    copy_row(plan, memory.kept, c)
    return plan.cost[c]


@inner
def relate(problem: Problem, plan: Plan, memory: Desk, first: int, draws: Draws) -> None:
    """Say how far every order lies from `first`: its places, its time, and chance."""
    orders = problem.orders
    for o in range(plan.by.shape[0]):
        if plan.locked[o]:
            memory.key[o] = math.inf
            continue
        away = minutes(problem, 0, orders.pick[o], orders.pick[first])
        away += 0.5 * minutes(problem, 0, orders.drop[o], orders.drop[first])
        away += 0.5 * abs(orders.ready[o] - orders.ready[first])
        if plan.by[o] >= 0 and plan.by[o] == plan.by[first]:
            away *= 0.5
        memory.key[o] = away * (0.3 + fraction(draws))
    memory.key[first] = -1.0


@inner
def nearest(memory: Desk) -> int:
    """Return the order with the least key."""
    least = 0
    for o in range(1, memory.key.shape[0]):
        if memory.key[o] < memory.key[least]:
            least = o
    return least


@inner
def destroy(problem: Problem, plan: Plan, memory: Desk, effort: Effort, draws: Draws) -> None:
    """Choose the orders to take out in this round, with some of those that are out already."""
    memory.counts[1] = 0
    first = below(draws, plan.by.shape[0])
    if plan.locked[first]:
        return
    relate(problem, plan, memory, first, draws)
    wanted = effort.least + below(draws, effort.most - effort.least + 1)
    for _ in range(min(wanted, plan.by.shape[0])):
        o = nearest(memory)
        if memory.key[o] == math.inf:
            return
        memory.key[o] = math.inf
        memory.pool[memory.counts[1]] = o
        memory.counts[1] += 1


@inner
def arrange(problem: Problem, memory: Desk, draws: Draws) -> None:
    """Put the orders taken out into the order in which they go back: by chance, time or way."""
    rule = below(draws, 3)
    orders, count = problem.orders, memory.counts[1]
    for n in range(count):
        o = memory.pool[n]
        if rule == 0:
            memory.key[o] = fraction(draws)
        elif rule == 1:
            memory.key[o] = orders.ready[o]
        else:
            memory.key[o] = -minutes(problem, 0, orders.pick[o], orders.drop[o])
    for n in range(1, count):
        o, at = memory.pool[n], n
        while at > 0 and memory.key[memory.pool[at - 1]] > memory.key[o]:
            memory.pool[at] = memory.pool[at - 1]
            at -= 1
        memory.pool[at] = o


@inner
def rebuild(
    problem: Problem, plan: Plan, memory: Desk, effort: Effort, draws: Draws, number: int
) -> float:
    """Take the chosen orders out and put them back; return by how much the plan's cost grew."""
    left_out = problem.orders.left_out
    grown = 0.0
    for n in range(memory.counts[1]):
        o = memory.pool[n]
        memory.was_by[n] = plan.by[o]
        if plan.by[o] < 0:
            grown -= left_out[o]
            continue
        grown -= touch(plan, memory, plan.by[o], number)
        take_out(problem, plan, o)
    for n in range(memory.counts[1]):
        o = memory.pool[n]
        spot = cheapest(problem, plan, o, effort.blink, draws)
        if spot[1] < 0:
            grown += left_out[o]
            continue
        grown -= touch(plan, memory, spot[1], number)
        put(problem, plan, o, spot[1], spot[2], spot[3])
    for n in range(memory.counts[0]):
        grown += plan.cost[memory.touched[n]]
    return grown


@inner
def undo(plan: Plan, memory: Desk) -> None:
    """Put the plan back as it was before this round."""
    for n in range(memory.counts[0]):
        copy_row(memory.kept, plan, memory.touched[n])
    for n in range(memory.counts[1]):
        plan.by[memory.pool[n]] = memory.was_by[n]


@inner
def copy_plan(source: Plan, to: Plan) -> None:
    """Copy a whole plan."""
    for c in range(source.trips.shape[0]):
        copy_row(source, to, c)
    for o in range(source.by.shape[0]):
        to.by[o] = source.by[o]


@compiled
def improve(problem: Problem, plan: Plan, memory: Desk, effort: Effort, draws: Draws) -> float:
    """Search on from a plan, leave the best one found in it, and return what that costs."""
    total = total_cost(problem, plan)
    copy_plan(plan, memory.best)
    best = total
    cooling = (effort.cold / effort.hot) ** (1.0 / max(1, effort.rounds))
    heat = effort.hot
    for c in range(memory.stamp.shape[0]):
        memory.stamp[c] = -1
    for number in range(effort.rounds):
        memory.counts[0] = 0
        destroy(problem, plan, memory, effort, draws)
        if memory.counts[1] > 0:
            arrange(problem, memory, draws)
            grown = rebuild(problem, plan, memory, effort, draws, number)
            if grown < -heat * math.log(1.0 - fraction(draws)):
                total += grown
                if total < best - 1e-9:
                    best = total
                    copy_plan(plan, memory.best)
            else:
                undo(plan, memory)
        heat *= cooling
    copy_plan(memory.best, plan)
    return best
