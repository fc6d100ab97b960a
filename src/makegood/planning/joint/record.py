"""What a joint plan records of each delivery's options, so that it can be explained and remade.

An option's factors say what the whole plan would be like with it, over the plan without this
delivery: its own arrival, and what it does to the others. For options that were not chosen the
plan is solved again with the option forced, as far as the budget of such solves goes; past it
everybody else's choices are as they are, and that is said (`Subject.forced`). Either way the least
score is the choice, and a plan that was searched is checked without searching again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from makegood.domain.decisions import Decision, FactorSpec, Method, Option, Subject
from makegood.domain.policy import UNITS, FactorName
from makegood.planning.assignment import KEEP, Stamp
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
    remember,
)
from makegood.planning.joint.kernels.riding import Problem
from makegood.planning.joint.kernels.telling import improve, tell, tell_again
from makegood.planning.joint.work import Work

_FACTORS: Final = {
    FactorName.LATENESS: OWN_LATE,
    FactorName.LATE_PROBABILITY: OWN_LATE_BP,
    FactorName.TRAVEL: ALL_METRES,
    FactorName.VALUE_AT_RISK: ALL_VALUE,
    FactorName.CROWDING: OTHERS_LATE,
    FactorName.DISPLACEMENT: OTHERS_LATE_BP,
    FactorName.WORKLOAD: OTHERS_LOAD,
    FactorName.CHANGE: CHANGES,
}
# Who has it, who had it, and some of the others.
_TOLD: Final = 4
# How often a plan is solved again to tell what was rejected: 0.2 to 0.6 ms each in a storm.
_FORCED: Final = 150
# And to look whether forcing a choice makes it better.
_TRIED: Final = 50
ROUNDS: Final = 2
"""How often everybody who was touched is gone through when a choice is forced."""
# Others' lateness weighs as one's own: a search that weighed them apart could never settle.
_AS: Final = {
    FactorName.CROWDING: FactorName.LATENESS,
    FactorName.DISPLACEMENT: FactorName.LATE_PROBABILITY,
}


def record(
    work: Work,
    problem: Problem,
    subjects: Sequence[int],
    stamp: Stamp,
    seed: int,
    *,
    as_it_is: bool = True,
) -> Decision | None:
    """Return the decision behind a plan, with the options of these deliveries (by index).

    Unless it is wanted as it is, it is None where a delivery has a better option than its own.
    """
    remember(problem)
    said = work.policies.factors.factors
    named = [name for name in _FACTORS if _AS.get(name, name) in said]
    weights = [work.policies.objectives.weights[_AS.get(name, name)] for name in named]
    told = _Told(
        [*(load.courier.id for load in (*work.couriers, *work.lost)), ""],
        [_FACTORS[name] for name in named],
        np.array(weights, dtype=np.int64),
    )
    forced = told.forcible(problem, subjects)
    found: dict[int, Subject] = {}
    # Those that cost least to tell come first: any of them may end it.
    for i in sorted(subjects, key=lambda i: i in forced):
        found[i] = told.subject(problem, i, work.orders[i].id, again=i in forced)
        # Options are in the order of their scores.
        if found[i].chosen and not as_it_is:
            return None
    return Decision(
        method=Method.ROUTES,
        factors=tuple(
            FactorSpec(name=name, unit=UNITS[name], weight=weight)
            for name, weight in zip(named, weights, strict=True)
        ),
        subjects=tuple(found[i] for i in subjects),
        seed=seed,
        iterations=work.policies.objectives.iterations,
        policy_digest=stamp.policy_digest,
        workspace_digest=stamp.workspace_digest,
    )


def improve_by_forcing(problem: Problem, subjects: Sequence[int]) -> bool:
    """Force choices that were rejected, and keep the plans that are better for it; say if any is.

    It goes through the deliveries once, as far as the budget of solves lasts.
    """
    rows, table = np.zeros(_TOLD, dtype=np.int64), np.zeros((_TOLD, COLUMNS), dtype=np.int64)
    remember(problem)
    left, better = _TRIED, False
    for i in subjects:
        while left > 0:
            solved = improve(problem, i, rows, table, ROUNDS)
            left -= abs(solved)
            if solved >= 0:
                break
            better = True
    return better


class _Told:
    """Says of each order what could be done with it; the option that is chosen is the first."""

    def __init__(self, ids: Sequence[str], columns: Sequence[int], weights: Ints) -> None:
        self._ids = ids
        self._columns = columns
        self._weights = weights
        self._rows = np.zeros(_TOLD, dtype=np.int64)
        self._table = np.zeros((_TOLD, COLUMNS), dtype=np.int64)

    def forcible(self, problem: Problem, subjects: Sequence[int]) -> frozenset[int]:
        """Return the deliveries for which the budget lasts: those that change hands come first."""
        state, home = problem.state, problem.orders.home
        first = sorted(subjects, key=lambda i: (state.of[i] == home[i], i))
        return frozenset(first[: _FORCED // (_TOLD - 1)])

    def subject(self, problem: Problem, i: int, order_id: str, *, again: bool) -> Subject:
        if again:
            count = tell_again(problem, i, self._rows, self._table, ROUNDS)
        else:
            count = tell(problem, i, self._rows, self._table)
        forced, count = again and count > 1, abs(count)
        home, here = int(problem.orders.home[i]), int(problem.state.of[i])
        rows: list[int] = self._rows[:count].tolist()
        values = self._table[:count, self._columns]
        scores: list[int] = (values @ self._weights).tolist()
        told: list[list[int]] = values.tolist()
        # Of options that weigh the same the plan's own comes first, so that it is taken again.
        order = sorted(range(count), key=lambda k: (scores[k], rows[k] != here, rows[k]))
        options = tuple(self._option(rows[k], home, told[k]) for k in order)
        chosen = order.index(rows.index(here))
        return Subject(id=order_id, options=options, chosen=chosen, forced=forced)

    def _option(self, c: int, home: int, values: Sequence[int]) -> Option:
        if c == home:
            return Option(key=KEEP, values=tuple(values))
        return Option(key=self._ids[c], resource=self._ids[c], values=tuple(values))
