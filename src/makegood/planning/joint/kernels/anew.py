"""Kernels: taking neighbouring orders out of a plan together and putting them back better.

Large neighbourhood search with removal of related orders and regret-2 insertion (Ropke and
Pisinger 2006, https://doi.org/10.1287/trsc.1050.0135); only what is better is kept.
"""

from __future__ import annotations

from makegood.planning.joint.kernels.riding import Problem
from makegood.planning.joint.kernels.search import (
    FAR,
    NOWHERE,
    best_place,
    leaving,
    place_in,
    take_out,
)
from makegood.planning.rolling.kernels.compiled import compiled, inner
from makegood.planning.rolling.kernels.draws import Draws, below


@compiled
def take_apart(problem: Problem, draws: Draws, times: int) -> int:
    """Take orders out together and put them back, `times` times; say how often it got better."""
    better = 0
    for _ in range(times):
        i = below(draws, len(problem.state.of))
        size = 3 + below(draws, problem.near.shape[1] - 2)
        if problem.movable[i] == 1 and once(problem, i, size):
            better += 1
    return better


@inner
def once(problem: Problem, i: int, size: int) -> bool:
    """Take an order and its `size` nearest out and put them back; undo it unless it is better."""
    out, was, state = problem.room.out, problem.room.was, problem.state
    count = saved = 0
    for place in range(-1, size):
        k = i if place < 0 else problem.near[i, place]
        if k < 0 or problem.movable[k] == 0:
            continue
        saved += leaving(problem, k)
        out[count], was[count] = k, state.of[k]
        take_out(problem, k)
        count += 1
    if put_back(problem, count, saved):
        return True
    for k in range(count):
        take_out(problem, out[k])
    for k in range(count - 1, -1, -1):
        place_in(problem, out[k], was[k])
    return False


@inner
def put_back(problem: Problem, count: int, saved: int) -> bool:
    """Put `room.out[:count]` back, what has most to lose first; say whether it cost less."""
    out, done = problem.room.out, problem.room.done
    for k in range(count):
        done[k] = 0
    cost = 0
    for _ in range(count):
        chosen, to, least, most = -1, NOWHERE, FAR, -1
        for k in range(count):
            if done[k] == 1:
                continue
            found, best, second = best_place(problem, out[k])
            if chosen < 0 or second - best > most:
                chosen, to, least, most = k, found, best, second - best
        cost += least
        if to == NOWHERE or cost >= saved:
            return False
        done[chosen] = 1
        place_in(problem, out[chosen], to)
    return cost < saved
