"""The joint plan: from how things stand, by search, to who should carry what.

How things stand is a plan already, so there is one at every moment; the search only ever makes it
better, and its length is counted in steps, never in time, so that it can be done again.
"""

from __future__ import annotations

from typing import Final, cast

from makegood.clock import SECOND
from makegood.domain.decisions import Decision, Quality
from makegood.planning.assignment import Choice, Plan, Stamp
from makegood.planning.joint.bound import RELAXATION, bound_of
from makegood.planning.joint.kernels.anew import take_apart
from makegood.planning.joint.kernels.riding import Problem, ride_with
from makegood.planning.joint.kernels.search import cost_of, settle, swap
from makegood.planning.joint.problem import problem_of
from makegood.planning.joint.record import improve_by_forcing, record
from makegood.planning.joint.work import Work
from makegood.planning.rolling.kernels.draws import seeded

_ROUNDS: Final = 12
_TRIES: Final = 4


def plan(work: Work, endangered: frozenset[str], stamp: Stamp, seed: int) -> Plan | None:
    """Plan some work; see `planning.plan_jointly`."""
    work = work.complete()
    if not any(each.id in endangered for each in work.orders):
        return None
    problem = problem_of(work)
    _search(problem, work.policies.objectives.iterations, seed)
    decision = _recorded(work, problem, endangered, stamp, seed)
    return Plan(decision, _choices(work, problem, decision))


def _search(problem: Problem, times: int, seed: int) -> None:
    settle(problem, _ROUNDS)
    if swap(problem):
        settle(problem, _ROUNDS)
    if take_apart(problem, seeded(seed), times):
        settle(problem, _ROUNDS)


def _recorded(
    work: Work, problem: Problem, endangered: frozenset[str], stamp: Stamp, seed: int
) -> Decision:
    """Return the decision; where it would not be made again as it is, search on until it would."""
    improve_by_forcing(problem, _subjects(work, problem, endangered))
    decision = None
    for left in reversed(range(_TRIES)):
        subjects = _subjects(work, problem, endangered)
        decision = record(work, problem, subjects, stamp, seed, as_it_is=not left)
        if decision is not None:
            break
        settle(problem, _ROUNDS)
    return cast("Decision", decision).model_copy(update={"quality": _quality(problem)})


def _subjects(work: Work, problem: Problem, endangered: frozenset[str]) -> list[int]:
    """Return which deliveries are decided about: the endangered ones, and whatever moves."""
    of, home = problem.state.of, problem.orders.home
    return [i for i, each in enumerate(work.orders) if each.id in endangered or of[i] != home[i]]


def _quality(problem: Problem) -> Quality:
    return Quality(cost=cost_of(problem), bound=bound_of(problem), bound_by=RELAXATION)


def _choices(work: Work, problem: Problem, decision: Decision) -> tuple[Choice, ...]:
    """Predict every delivery with the whole plan carried out."""
    now_us = work.conditions.now_us
    ids = [load.courier.id for load in (*work.couriers, *work.lost)]
    for c in range(len(ids)):
        ride_with(problem, c, -1, -1)
    index = {each.id: i for i, each in enumerate(work.orders)}
    made: list[Choice] = []
    for subject in decision.subjects:
        i = index[subject.id]
        order, here = work.orders[i], int(problem.state.of[i])
        at_s = float(problem.orders.kept[i] if here < 0 else problem.room.arrives[i])
        arrives_us = now_us + round(at_s * SECOND)
        promised_us = now_us if order.promised_us is None else order.promised_us
        to = None if here == problem.orders.home[i] else ids[here]
        made.append(Choice(order, to, arrives_us, arrives_us - promised_us))
    return tuple(made)
