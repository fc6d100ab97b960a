"""Kernels: where couriers with nothing to do should wait for what is likely to come."""

from __future__ import annotations

from makegood.planning.rolling.kernels.arrays import Floats, Ints, Problem
from makegood.planning.rolling.kernels.compiled import compiled, inner
from makegood.planning.rolling.kernels.timing import NEVER, minutes


@compiled
def station(problem: Problem, wanted: Ints, away: Floats, chosen: Ints, arrives: Floats) -> None:
    """Match couriers with wanted places, the pair with the least way first.

    `away` is room for a row a courier and a column a wanted place; it is filled with the minute
    at which the courier could be there. `chosen` gets each courier's column, or -1, and `arrives`
    that minute.
    """
    fleet = problem.fleet
    couriers, places = fleet.place.shape[0], wanted.shape[0]
    for c in range(couriers):
        chosen[c] = -1
        free = max(fleet.free_at[c], problem.rules.now)
        for w in range(places):
            away[c, w] = free + minutes(problem, c, fleet.place[c], wanted[w])
            if away[c, w] + problem.rules.before_pick > fleet.until[c]:
                away[c, w] = NEVER
    for _ in range(min(couriers, places)):
        c, w = _least(away)
        if away[c, w] == NEVER:
            return
        chosen[c], arrives[c] = w, away[c, w]
        for other in range(places):
            away[c, other] = NEVER
        for other in range(couriers):
            away[other, w] = NEVER


@inner
def _least(away: Floats) -> tuple[int, int]:
    best = (0, 0)
    for c in range(away.shape[0]):
        for w in range(away.shape[1]):
            if away[c, w] < away[best[0], best[1]]:
                best = (c, w)
    return best
