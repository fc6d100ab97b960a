"""Kernels: where couriers with nothing to do should wait for what is likely to come."""

from __future__ import annotations

from makegood.planning.rolling.kernels.arrays import Floats, Ints, Problem
from makegood.planning.rolling.kernels.compiled import compiled, inner
from makegood.planning.rolling.kernels.timing import NEVER, minutes

_FAR_MIN = 60.0
# Nobody is called back, and what is ordered now is ready so much later: who leaves before, stays.
_WORTH_MIN = 30.0


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


@compiled
def cover(
    problem: Problem, wanted: Ints, weight: Floats, near: Floats, chosen: Ints, arrives: Floats
) -> None:
    """Let couriers with nothing to do stand where the others leave wanted places far away.

    The fleet comes by the end of the shifts, the last first, so that nobody relies on one who
    leaves earlier; bound couriers stay. `weight` is how much a wanted place counts, `near` room
    for the minutes to each from its nearest courier; `chosen` and `arrives` are as in `station`.
    """
    fleet, now = problem.fleet, problem.rules.now
    for w in range(wanted.shape[0]):
        near[w] = _FAR_MIN
    for c in range(fleet.place.shape[0]):
        chosen[c] = -1
        if not fleet.bound[c]:
            chosen[c], arrives[c] = _post(problem, wanted, weight, near, c)
        at = wanted[chosen[c]] if chosen[c] >= 0 else fleet.place[c]
        wait = max(fleet.free_at[c], now) - now
        for w in range(wanted.shape[0]):
            near[w] = min(near[w], wait + minutes(problem, c, at, wanted[w]))


@inner
def _post(
    problem: Problem, wanted: Ints, weight: Floats, near: Floats, c: int
) -> tuple[int, float]:
    """Return the wanted place where a courier should stand, and from when; -1 where it stays."""
    here, free = problem.fleet.place[c], max(problem.fleet.free_at[c], problem.rules.now)
    least, best, there = _away(problem, wanted, weight, near, c, here, 0.0), -1, free
    rest = problem.fleet.until[c] - free
    if rest < _WORTH_MIN:
        return best, there
    for p in range(wanted.shape[0]):
        way = minutes(problem, c, here, wanted[p])
        if way == 0.0 or way + problem.rules.before_pick > rest:
            continue
        # Nobody is called back: over the rest of the shift, the way delays by this on average.
        delay = way * way / (2.0 * rest)
        away = _away(problem, wanted, weight, near, c, wanted[p], delay)
        if away < least - 1e-9:
            least, best, there = away, p, free + way
    return best, there


@inner
def _away(
    problem: Problem, wanted: Ints, weight: Floats, near: Floats, c: int, at: int, delay: float
) -> float:
    """Return how far wanted places are from the nearest courier when this one stands at `at`."""
    total = 0.0
    for w in range(wanted.shape[0]):
        total += weight[w] * min(near[w], delay + minutes(problem, c, at, wanted[w]))
    return total


@inner
def _least(away: Floats) -> tuple[int, int]:
    best = (0, 0)
    for c in range(away.shape[0]):
        for w in range(away.shape[1]):
            if away[c, w] < away[best[0], best[1]]:
                best = (c, w)
    return best
