"""Kernels: the search for who should hold what, by moving and swapping orders.

Every step lessens the cost of the whole plan, so that it ends, and the same problem gives the same
plan. What an order costs with a courier is what the whole plan costs more by it: its own arrival,
and what it does to everybody else there.
"""

from __future__ import annotations

from typing import Final

from makegood.planning.joint.kernels.riding import Problem, alone, ride_with
from makegood.planning.rolling.kernels.compiled import compiled, inner

FAR: Final = 1 << 60
NOBODY: Final = -1
NOWHERE: Final = -2


@inner
def is_own(problem: Problem, c: int) -> bool:
    """Say whether a courier holds nothing but what was theirs: then all of that may stay."""
    state = problem.state
    own = True
    for k in range(state.size[c]):
        own = own and problem.orders.home[state.held[c, k]] == c
    return own


@inner
def fits(problem: Problem, i: int, c: int) -> bool:
    """Say whether a courier may be given an order, or it back, and has room for it."""
    state = problem.state
    if c == problem.orders.home[i] and is_own(problem, c):
        return True
    if problem.allowed[i, c] == 0 or state.size[c] >= state.held.shape[1] - 1:
        return False
    return state.load[c] + problem.orders.load[i] <= problem.couriers.most[c]


@inner
def hands(problem: Problem, i: int, c: int) -> int:
    """Return what it costs that an order is with a courier who has not had it so far."""
    home = problem.orders.home[i]
    return problem.rules.change if home >= 0 and c != home else 0


@inner
def beside(problem: Problem, i: int, c: int, less: int) -> int:
    """Return what an order weighs beside the others that a courier holds, without one of them."""
    load = problem.state.load[c]
    if less >= 0:
        load -= problem.orders.load[less]
    return int(problem.rules.workload * problem.orders.load[i] * load) + hands(problem, i, c)


@inner
def leaving(problem: Problem, i: int) -> int:
    """Return what the plan saves when an order is taken out of it."""
    c = problem.state.of[i]
    if c < 0:
        return alone(problem, i)
    without = ride_with(problem, c, NOBODY, i)
    return int(problem.state.cost[c]) - without + beside(problem, i, c, i)


@inner
def joining(problem: Problem, i: int, c: int, less: int) -> int:
    """Return what the plan costs more when a courier gets an order, without one of theirs."""
    whole = ride_with(problem, c, i, less)
    before = problem.state.cost[c] if less < 0 else ride_with(problem, c, NOBODY, less)
    return whole - before + beside(problem, i, c, less)


@inner
def refresh(problem: Problem, c: int) -> None:
    """Work a courier's cost out again."""
    if c >= 0:
        problem.state.cost[c] = ride_with(problem, c, NOBODY, NOBODY)


@compiled
def place_in(problem: Problem, i: int, c: int) -> None:
    """Give an order that is out to a courier, or leave it to nobody."""
    state = problem.state
    state.of[i] = c
    if c >= 0:
        state.held[c, state.size[c]] = i
        state.size[c] += 1
        state.load[c] += problem.orders.load[i]
        refresh(problem, c)


@inner
def take_out(problem: Problem, i: int) -> None:
    """Take an order from whoever holds it."""
    state = problem.state
    c = state.of[i]
    state.of[i] = NOBODY
    if c < 0:
        return
    found = 0
    while state.held[c, found] != i:
        found += 1
    state.size[c] -= 1
    for k in range(found, state.size[c]):
        state.held[c, k] = state.held[c, k + 1]
    state.load[c] -= problem.orders.load[i]
    refresh(problem, c)


@inner
def touch(problem: Problem, c: int) -> None:
    """Say that prices with a courier have to be found anew."""
    problem.room.stamp[0] += 1
    problem.room.version[c] = problem.room.stamp[0]


@compiled
def cost_of(problem: Problem) -> int:
    """Return the cost of the whole plan."""
    state, orders = problem.state, problem.orders
    found = 0
    for c in range(len(state.size)):
        found += state.cost[c]
        before = 0
        for k in range(state.size[c]):
            load = orders.load[state.held[c, k]]
            found += problem.rules.workload * load * before
            before += load
    for i in range(len(state.of)):
        if state.of[i] < 0:
            found += alone(problem, i)
        else:
            found += hands(problem, i, state.of[i])
    return found


@inner
def best_place(problem: Problem, i: int) -> tuple[int, int, int]:
    """Return the courier for whom an order that is out costs least, that cost and the next best."""
    best, second, found = FAR, FAR, NOWHERE
    if problem.orders.home[i] < 0:
        best, found = alone(problem, i), NOBODY
    for c in range(len(problem.state.size)):
        if fits(problem, i, c):
            price = joining(problem, i, c, NOBODY)
            if price < best:
                best, second, found = price, best, c
            elif price < second:
                second = price
    return found, best, second


@inner
def better_place(problem: Problem, i: int) -> int:
    """Return where an order costs least, by prices that are kept until a courier changes."""
    room, here = problem.room, problem.state.of[i]
    best, found = leaving(problem, i), here
    if here != NOBODY and problem.orders.home[i] == NOBODY:
        price = alone(problem, i)
        if price < best:
            best, found = price, NOBODY
    for c in range(len(problem.state.size)):
        if c == here or not fits(problem, i, c):
            continue
        if room.seen[i, c] != room.version[c]:
            room.prices[i, c] = joining(problem, i, c, NOBODY)
            room.seen[i, c] = room.version[c]
        if room.prices[i, c] < best:
            best, found = room.prices[i, c], c
    return found


@compiled
def settle(problem: Problem, rounds: int) -> int:
    """Move single orders to where they cost least until none is better elsewhere; say how often.

    Prices are kept from one look to the next and only those of couriers who changed are found
    anew; it goes at most `rounds` times through all orders.
    """
    state = problem.state
    for c in range(len(state.size)):
        touch(problem, c)
    moved = 0
    for _ in range(rounds):
        before = moved
        for i in range(len(state.of)):
            if problem.movable[i] == 0:
                continue
            here, to = state.of[i], better_place(problem, i)
            if to != here:
                take_out(problem, i)
                place_in(problem, i, to)
                if to >= 0:
                    touch(problem, to)
                if here >= 0:
                    touch(problem, here)
                moved += 1
        if moved == before:
            break
    return moved


@inner
def may_swap(problem: Problem, i: int, k: int) -> bool:
    """Say whether two orders of different couriers may change places."""
    state, orders = problem.state, problem.orders
    if k < 0 or problem.movable[k] == 0:
        return False
    a, b = state.of[i], state.of[k]
    if a < 0 or b < 0 or a == b or problem.allowed[i, b] == 0 or problem.allowed[k, a] == 0:
        return False
    more = orders.load[i] - orders.load[k]
    most = problem.couriers.most
    return bool(state.load[b] + more <= most[b] and state.load[a] - more <= most[a])


@compiled
def swap(problem: Problem) -> int:
    """Let neighbouring orders change places where both together get cheaper; say how often."""
    state = problem.state
    swapped = 0
    for i in range(len(state.of)):
        if problem.movable[i] == 0 or state.of[i] < 0:
            continue
        leaves = leaving(problem, i)
        for place in range(problem.near.shape[1]):
            k = problem.near[i, place]
            if not may_swap(problem, i, k):
                continue
            a, b = int(state.of[i]), int(state.of[k])
            saved = leaves + leaving(problem, k)
            cost = joining(problem, i, b, k)
            if cost < saved and cost + joining(problem, k, a, i) < saved:
                take_out(problem, i)
                take_out(problem, k)
                place_in(problem, i, b)
                place_in(problem, k, a)
                leaves = leaving(problem, i)
                swapped += 1
    return swapped
