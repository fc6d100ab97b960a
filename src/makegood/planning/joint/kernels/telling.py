"""Kernels: the options of one order, each with what the whole plan would be like with it."""

from __future__ import annotations

from makegood.planning.flow import Ints
from makegood.planning.joint.kernels.forcing import (
    ALL_METRES,
    ALL_VALUE,
    CHANGES,
    COLUMNS,
    OTHERS_LATE,
    OTHERS_LATE_BP,
    OTHERS_LOAD,
    OWN_LATE,
    OWN_LATE_BP,
    recall,
    remember,
    solve_again,
)
from makegood.planning.joint.kernels.riding import (
    LATE,
    LATE_BP,
    METRES,
    PARTS,
    VALUE,
    Problem,
    alone,
    judge,
    ride_with,
)
from makegood.planning.joint.kernels.search import FAR, NOBODY, better_place, fits
from makegood.planning.rolling.kernels.compiled import compiled, inner


@inner
def rank(problem: Problem, i: int, rows: Ints) -> int:
    """Put in `rows` who could have an order, and return how many they are.

    Who has it comes first, then who had it (-1: nobody), then the best of all others.
    """
    home, here = problem.orders.home[i], problem.state.of[i]
    rows[0], count = here, 1
    if home != here and (home < 0 or fits(problem, i, home)):
        rows[1], count = home, 2
    if problem.movable[i] == 0:
        return count
    better_place(problem, i)
    prices = problem.room.prices
    while count < len(rows):
        best, found = FAR, NOBODY
        for c in range(len(problem.state.size)):
            if prices[i, c] >= best or c in (home, here) or not fits(problem, i, c):
                continue
            known = False
            for k in range(count):
                known = known or rows[k] == c
            if not known:
                best, found = prices[i, c], c
        if found == NOBODY:
            return count
        rows[count] = found
        count += 1
    return count


@compiled
def tell(problem: Problem, i: int, rows: Ints, table: Ints) -> int:
    """Fill `table` with the factors of each option of an order, as `rank` orders them."""
    count = rank(problem, i, rows)
    for row in range(count):
        _as_it_stands(problem, i, rows[row], table, row)
    return count


@inner
def _as_it_stands(problem: Problem, i: int, c: int, table: Ints, row: int) -> None:
    """Fill a row with what an option makes of the plan, everybody else's choices as they are."""
    for column in range(COLUMNS):
        table[row, column] = 0
    if c < 0:
        alone(problem, i)
        _own(problem, table, row)
        table[row, ALL_VALUE] = problem.room.parts[VALUE]
    else:
        _beside_others(problem, i, c, table, row)


@compiled
def tell_again(problem: Problem, i: int, rows: Ints, table: Ints, rounds: int) -> int:
    """Do as `tell`, but with the whole plan solved again for every option that was not chosen.

    Return less than 0 where that found a better plan than the one that stands: all stays as it
    is, and that option as `tell` has it. `remember` must have been called since the last change.
    """
    count = tell(problem, i, rows, table)
    worst = 1
    for row in range(1, count):
        if solve_again(problem, i, rows[row], rounds, table[0], table[row]):
            recall(problem)
            _as_it_stands(problem, i, rows[row], table, row)
            worst = -1
        else:
            recall(problem)
    return worst * count


@compiled
def improve(problem: Problem, i: int, rows: Ints, table: Ints, rounds: int) -> int:
    """Solve the plan again for every option of an order but the chosen one; keep what is better.

    Return how many times it was solved, less than 0 if it got better. As for `tell_again`.
    """
    count = tell(problem, i, rows, table)
    for row in range(1, count):
        if solve_again(problem, i, rows[row], rounds, table[0], table[row]):
            remember(problem)
            return -row
        recall(problem)
    return count - 1


@inner
def _own(problem: Problem, table: Ints, row: int) -> None:
    table[row, OWN_LATE] = problem.room.parts[LATE]
    table[row, OWN_LATE_BP] = problem.room.parts[LATE_BP]


@inner
def _beside_others(problem: Problem, i: int, c: int, table: Ints, row: int) -> None:
    """Say what is added to everything when a courier has the order, over when they have not."""
    room, state, orders = problem.room, problem.state, problem.orders
    has = state.of[i] == c
    ride_with(problem, c, NOBODY, i)
    table[row, ALL_METRES] -= room.parts[METRES]
    table[row, ALL_VALUE] -= room.parts[VALUE]
    table[row, OTHERS_LATE] -= room.parts[LATE]
    table[row, OTHERS_LATE_BP] -= room.parts[LATE_BP]
    ride_with(problem, c, NOBODY if has else i, NOBODY)
    table[row, ALL_METRES] += room.parts[METRES]
    table[row, ALL_VALUE] += room.parts[VALUE]
    table[row, OTHERS_LATE] += room.parts[LATE]
    table[row, OTHERS_LATE_BP] += room.parts[LATE_BP]
    at = room.arrives[i]
    for part in range(PARTS):
        room.parts[part] = 0
    judge(problem, i, at)
    _own(problem, table, row)
    table[row, OTHERS_LATE] -= room.parts[LATE]
    table[row, OTHERS_LATE_BP] -= room.parts[LATE_BP]
    load = state.load[c] - (orders.load[i] if has else 0)
    table[row, OTHERS_LOAD] = orders.load[i] * load
    table[row, CHANGES] = int(orders.home[i] >= 0 and orders.home[i] != c)
