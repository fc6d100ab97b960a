"""Kernels: the whole plan solved again with one choice forced, from where the search had come to.

An order is put where it was not; then everybody whom that touches may move to where they cost
least, and whoever is touched by that, until nobody is better elsewhere. Between two such plans
only couriers who were touched differ, so only they are ridden again to tell the difference.
"""

from __future__ import annotations

from typing import Final

from makegood.planning.flow import Ints
from makegood.planning.joint.kernels.riding import (
    LATE,
    LATE_BP,
    METRES,
    PARTS,
    VALUE,
    Problem,
    State,
    alone,
    judge,
    ride_with,
)
from makegood.planning.joint.kernels.search import (
    NOBODY,
    better_place,
    place_in,
    take_out,
    touch,
)
from makegood.planning.rolling.kernels.compiled import compiled, inner

OWN_LATE: Final = 0
OWN_LATE_BP: Final = 1
ALL_METRES: Final = 2
ALL_VALUE: Final = 3
OTHERS_LATE: Final = 4
OTHERS_LATE_BP: Final = 5
OTHERS_LOAD: Final = 6
CHANGES: Final = 7
COLUMNS: Final = 8


@inner
def copied(c: int, a: State, b: State) -> None:
    """Copy what one courier holds from one state to another."""
    b.size[c], b.load[c], b.cost[c] = a.size[c], a.load[c], a.cost[c]
    for k in range(a.size[c]):
        b.held[c, k] = a.held[c, k]


@compiled
def remember(problem: Problem) -> None:
    """Note how the plan stands and what it costs each courier, to come back to it."""
    room, state, was = problem.room, problem.state, problem.was
    for c in range(len(state.size)):
        copied(c, state, was)
        ride_with(problem, c, NOBODY, NOBODY)
        for part in range(PARTS):
            room.base[c, part] = room.parts[part]
        room.old[c] = room.version[c]
        room.hot[c] = 0
    for k in range(len(state.of)):
        was.of[k] = state.of[k]


@compiled
def recall(problem: Problem) -> None:
    """Let everything stand again as it was noted; prices found before hold again too."""
    room, state, was = problem.room, problem.state, problem.was
    for c in range(len(state.size)):
        if room.hot[c] == 1:
            copied(c, was, state)
            room.version[c] = room.old[c]
            room.hot[c] = 0
    for k in range(len(state.of)):
        state.of[k] = was.of[k]


@inner
def move(problem: Problem, i: int, to: int) -> None:
    """Give an order to somebody else, and note whom that touches."""
    room, here = problem.room, problem.state.of[i]
    take_out(problem, i)
    place_in(problem, i, to)
    if here >= 0:
        touch(problem, here)
        room.hot[here] = 1
    if to >= 0:
        touch(problem, to)
        room.hot[to] = 1


@inner
def is_near(problem: Problem, i: int, k: int) -> bool:
    """Say whether an order is one of another's neighbours."""
    near = False
    for place in range(problem.near.shape[1]):
        near = near or problem.near[i, place] == k
    return near


@inner
def resettle(problem: Problem, i: int, rounds: int) -> None:
    """Let whoever is touched go where they cost least, an order left where it is forced to be."""
    room, state = problem.room, problem.state
    for _ in range(rounds):
        moved = False
        for k in range(len(state.of)):
            here = state.of[k]
            if k == i or problem.movable[k] == 0:
                continue
            if (here < 0 or room.hot[here] == 0) and not is_near(problem, i, k):
                continue
            to = better_place(problem, k)
            if to != here:
                move(problem, k, to)
                moved = True
        if not moved:
            return


@inner
def pairs(problem: Problem, state: State, c: int) -> int:
    """Return the loads that a courier holds, each times what is there before it, added up."""
    found = before = 0
    for k in range(state.size[c]):
        load = problem.orders.load[state.held[c, k]]
        found += load * before
        before += load
    return int(found)


@inner
def add_parts(problem: Problem, row: Ints, sign: int) -> None:
    """Add what was judged last to a row of differences."""
    parts = problem.room.parts
    row[OTHERS_LATE] += sign * parts[LATE]
    row[OTHERS_LATE_BP] += sign * parts[LATE_BP]
    row[ALL_VALUE] += sign * parts[VALUE]


@inner
def of_couriers(problem: Problem, row: Ints) -> None:
    """Add to a row by how much the ways of everybody who was touched differ."""
    room = problem.room
    for c in range(len(problem.state.size)):
        if room.hot[c] == 0:
            continue
        ride_with(problem, c, NOBODY, NOBODY)
        add_parts(problem, row, 1)
        row[ALL_METRES] += room.parts[METRES] - room.base[c, METRES]
        row[OTHERS_LATE] -= room.base[c, LATE]
        row[OTHERS_LATE_BP] -= room.base[c, LATE_BP]
        row[ALL_VALUE] -= room.base[c, VALUE]
        row[OTHERS_LOAD] += pairs(problem, problem.state, c) - pairs(problem, problem.was, c)


@inner
def of_hands(problem: Problem, row: Ints) -> None:
    """Add to a row what differs because orders changed hands, or are nobody's."""
    orders, state, was = problem.orders, problem.state, problem.was
    for k in range(len(state.of)):
        before, now = was.of[k], state.of[k]
        if before == now:
            continue
        if before < 0:
            alone(problem, k)
            add_parts(problem, row, -1)
        if now < 0:
            alone(problem, k)
            add_parts(problem, row, 1)
        home = orders.home[k]
        row[CHANGES] += int(home >= 0 and now != home) - int(home >= 0 and before != home)


@inner
def differs(problem: Problem, i: int, chosen: Ints, row: Ints) -> None:
    """Fill a row: the chosen option's factors, and what is another in the plan that stands now."""
    room = problem.room
    for column in range(COLUMNS):
        row[column] = chosen[column]
    of_couriers(problem, row)
    of_hands(problem, row)
    c = problem.state.of[i]
    at = problem.orders.kept[i]
    if c >= 0:
        ride_with(problem, c, NOBODY, NOBODY)
        at = room.arrives[i]
    for part in range(PARTS):
        room.parts[part] = 0
    judge(problem, i, at)
    row[OWN_LATE], row[OWN_LATE_BP] = room.parts[LATE], room.parts[LATE_BP]
    row[OTHERS_LATE] -= room.parts[LATE] - chosen[OWN_LATE]
    row[OTHERS_LATE_BP] -= room.parts[LATE_BP] - chosen[OWN_LATE_BP]


@inner
def score(problem: Problem, row: Ints) -> int:
    """Return what a row of factors weighs."""
    rules = problem.rules
    weights = rules.weights
    return int(
        weights[LATE] * (row[OWN_LATE] + row[OTHERS_LATE])
        + weights[LATE_BP] * (row[OWN_LATE_BP] + row[OTHERS_LATE_BP])
        + weights[VALUE] * row[ALL_VALUE]
        + weights[METRES] * row[ALL_METRES]
        + rules.workload * row[OTHERS_LOAD]
        + rules.change * row[CHANGES]
    )


@inner
def solve_again(problem: Problem, i: int, c: int, rounds: int, chosen: Ints, row: Ints) -> bool:
    """Solve the plan again with an order forced to a courier; say if that is better than it was.

    `row` is filled with the factors of the forced choice, and the plan found stands until it is
    recalled or remembered.
    """
    move(problem, i, c)
    resettle(problem, i, rounds)
    differs(problem, i, chosen, row)
    return score(problem, row) < score(problem, chosen)
