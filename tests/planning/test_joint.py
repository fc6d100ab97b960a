"""Joint plans by search: within every limit, better than a count of loads, and remade alike."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import product
from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from makegood.clock import MINUTE, SECOND
from makegood.domain.decisions import Method
from makegood.domain.entities import FulfilmentOrder
from makegood.domain.rides import Ways
from makegood.planning import (
    KEEP,
    Conditions,
    CourierLoad,
    Plan,
    Rain,
    Work,
    assign,
    explain,
    plan_jointly,
    recompute,
    sure_late,
)
from makegood.planning.flow import Ints
from makegood.planning.joint.bound import bound_of
from makegood.planning.joint.kernels.forcing import COLUMNS, remember
from makegood.planning.joint.kernels.riding import Problem, ride_with
from makegood.planning.joint.kernels.search import cost_of, place_in, settle
from makegood.planning.joint.kernels.telling import improve, tell, tell_again
from makegood.planning.joint.problem import problem_of
from tests.planning.city import NOW_US, STAMP, city, conditions, policies

City = tuple[list[FulfilmentOrder], list[CourierLoad]]


def evening(seed: int, *, orders: int, couriers: int, capacity: int, lost: int) -> City:
    """A city whose promises fall due over the next hour and a half."""
    made, loads = city(seed, orders=orders, couriers=couriers, capacity=capacity, lost=lost)
    rng = Random(seed)
    due = {
        each.id: replace(
            each,
            promised_us=NOW_US + rng.randrange(5, 90) * MINUTE,
            picked_up_us=NOW_US if each.courier_id and rng.random() < 0.2 else None,
        )
        for each in made
    }
    held = [replace(load, held=tuple(due[each.id] for each in load.held)) for load in loads]
    return list(due.values()), held


cities = st.builds(
    evening,
    st.integers(0, 10_000),
    orders=st.integers(1, 40),
    couriers=st.integers(0, 8),
    capacity=st.integers(0, 9),
    lost=st.integers(0, 3),
)


def joint(made: City, *, seed: int = 1, frozen: frozenset[str] = frozenset()) -> Plan:
    orders, _ = made
    found = plan_jointly(
        work_of(made, frozen=frozen),
        endangered=frozenset(each.id for each in orders),
        stamp=STAMP,
        seed=seed,
    )
    assert found is not None
    return found


def work_of(made: City, frozen: frozenset[str] = frozenset()) -> Work:
    return Work(
        orders=made[0],
        couriers=made[1],
        conditions=conditions(),
        policies=policies(),
        values={each.id: 5_000 for each in made[0]},
        frozen=frozen,
    )


def kept(plan: Plan) -> int:
    return sum(choice.late_us <= 0 for choice in plan.choices)


@settings(max_examples=40, deadline=None)
@given(cities)
def test_no_courier_gets_more_than_fits_and_nothing_under_way_moves(made: City) -> None:
    orders, loads = made
    frozen = frozenset(each.id for each in orders[::5])
    plan = joint(made, frozen=frozen)
    after = Counter({load.courier.id: load.load for load in loads})
    gained: set[str] = set()
    for choice in plan.choices:
        if choice.to_courier is None:
            continue
        assert choice.order.picked_up_us is None
        assert choice.order.id not in frozen
        after[choice.to_courier] += choice.order.load
        gained.add(choice.to_courier)
        if choice.order.courier_id in after:
            after[choice.order.courier_id or ""] -= choice.order.load
    room = {load.courier.id: load.courier.capacity for load in loads}
    assert all(after[each] <= room[each] for each in gained)


@settings(max_examples=40, deadline=None)
@given(cities, st.integers(0, 5))
def test_every_choice_is_the_least_of_its_options_and_is_made_again_alike(
    made: City, seed: int
) -> None:
    plan = joint(made, seed=seed)
    decision = plan.decision
    assert decision.method is Method.ROUTES
    assert recompute(decision) == tuple(subject.chosen for subject in decision.subjects)
    assert joint(made, seed=seed) == plan
    for subject, choice in zip(decision.subjects, plan.choices, strict=True):
        chosen = subject.options[subject.chosen]
        assert (choice.to_courier or KEEP) == chosen.key
        lateness = decision.factors[0]
        assert lateness.name == "lateness"
        assert chosen.values[0] == max(0, choice.late_us) // SECOND


@settings(max_examples=25, deadline=None)
@given(cities)
def test_it_foresees_the_rides_that_everybody_foresees(made: City) -> None:
    orders, loads = made
    plan = joint(made)
    now: Conditions = conditions()
    to = {choice.order.id: choice.to_courier or choice.order.courier_id for choice in plan.choices}
    arrives = {choice.order.id: choice.arrives_us for choice in plan.choices}
    for load in loads:
        mine = [each for each in orders if to[each.id] == load.courier.id]
        queue = Ways(now).ride(load.courier, mine, NOW_US, load.courier.position)
        for order_id, at_us in queue.arrives_us:
            assert abs(at_us - arrives[order_id]) <= SECOND


def test_it_keeps_far_more_promises_than_counting_load_does() -> None:
    by_search = by_flow = 0
    for seed in range(3):
        made = evening(seed, orders=120, couriers=14, capacity=14, lost=7)
        by_search += kept(joint(made))
        flow = assign(
            made[0],
            made[1],
            values={each.id: 5_000 for each in made[0]},
            conditions=conditions(),
            policies=policies(),
            stamp=STAMP,
        )
        assert flow is not None
        by_flow += kept(flow)
    assert by_search >= by_flow + 20


def test_what_is_not_endangered_may_make_room_and_is_then_decided_on_too() -> None:
    made = evening(2, orders=60, couriers=7, capacity=14, lost=3)
    endangered = frozenset(each.id for each in made[0][:10])
    plan = plan_jointly(work_of(made), endangered=endangered, stamp=STAMP)
    assert plan is not None
    subjects = {subject.id for subject in plan.decision.subjects}
    moved = {choice.order.id for choice in plan.choices if choice.to_courier is not None}
    assert endangered <= subjects
    assert subjects == endangered | moved
    assert moved - endangered


def test_nothing_endangered_is_nothing_to_decide() -> None:
    made = evening(2, orders=6, couriers=2, capacity=4, lost=0)
    assert plan_jointly(work_of(made), endangered=frozenset(), stamp=STAMP) is None


def test_what_a_choice_does_to_others_is_a_factor_of_its_own() -> None:
    decision = joint(evening(4, orders=60, couriers=6, capacity=16, lost=2)).decision
    names = [spec.name for spec in decision.factors]
    explained = [explain(decision, subject.id) for subject in decision.subjects]
    with_other = [one for one in explained if one.rejected is not None]
    assert with_other
    assert all(one.margin >= 0 for one in with_other)
    columns = [names.index("crowding"), names.index("displacement")]
    for one in with_other:
        assert one.rejected is not None
        apart = [
            decision.factors[c].weight * (one.rejected.values[c] - one.chosen.values[c])
            for c in columns
        ]
        assert one.displacement == sum(apart)
    assert any(one.displacement for one in with_other)


def test_a_coupon_waits_until_it_is_likely_enough_that_the_promise_breaks() -> None:
    plan = joint(evening(4, orders=80, couriers=4, capacity=20, lost=2))
    sure = sure_late(plan.choices, conditions(), policies())
    late = [choice for choice in plan.choices if choice.late_us > 0]
    assert 0 < len(sure) < len(late)
    names = [spec.name for spec in plan.decision.factors]
    column = names.index("late_probability")
    likely = {s.id: s.options[s.chosen].values[column] for s in plan.decision.subjects}
    assert min(likely[choice.order.id] for choice in sure) >= policies().objectives.sure_bp - 5


def test_no_coupon_is_due_where_only_rain_that_is_foretold_makes_an_order_late() -> None:
    plan = joint(evening(4, orders=80, couriers=4, capacity=20, lost=2))
    pours, dry = (replace(conditions(), falls_mm_h=mm_h) for mm_h in (20.0, 0.0))
    foretold = sure_late(plan.choices, dry, policies())
    falls = sure_late(plan.choices, pours, policies(), as_it_falls=True)
    kept_back = sure_late(plan.choices, dry, policies(), as_it_falls=True)
    assert falls == foretold
    assert set(kept_back) < set(foretold)


def points(problem: Problem, row: Ints) -> int:
    weights, rules = problem.rules.weights, problem.rules
    late, late_bp, metres, value, others_late, others_bp, load, change = row.tolist()
    parts = (late + others_late, late_bp + others_bp, value, metres)
    weighed = sum(int(w) * part for w, part in zip(weights, parts, strict=True))
    return weighed + rules.workload * load + rules.change * change


def test_forcing_a_choice_never_costs_more_than_it_does_with_all_others_as_they_stand() -> None:
    work = work_of(evening(4, orders=60, couriers=6, capacity=16, lost=2)).complete()
    problem = problem_of(work)
    settle(problem, 12)
    rows, table = np.zeros(4, dtype=np.int64), np.zeros((4, COLUMNS), dtype=np.int64)
    remember(problem)
    before, gained = cost_of(problem), 0
    for i in range(len(work.orders)):
        count = tell(problem, i, rows, table)
        standing = [points(problem, row) for row in table[:count]]
        assert abs(tell_again(problem, i, rows, table, 2)) == count
        forced = [points(problem, row) for row in table[:count]]
        assert forced[0] == standing[0]
        assert all(a <= b for a, b in zip(forced, standing, strict=True))
        gained += sum(a < b for a, b in zip(forced, standing, strict=True))
        assert cost_of(problem) == before
    assert gained


def test_what_a_forced_choice_is_told_to_cost_is_what_the_whole_plan_then_costs() -> None:
    """Told from those who were touched alone, and held against the cost of everybody."""
    work = work_of(evening(9, orders=40, couriers=5, capacity=12, lost=2)).complete()
    problem = problem_of(work)
    settle(problem, 1)
    rows, table = np.zeros(4, dtype=np.int64), np.zeros((4, COLUMNS), dtype=np.int64)
    remember(problem)
    better = 0
    for i in range(len(work.orders)):
        before = cost_of(problem)
        while (solved := improve(problem, i, rows, table, 2)) < 0:
            told = points(problem, table[-solved]) - points(problem, table[0])
            assert cost_of(problem) - before == told < 0
            before, better = cost_of(problem), better + 1
    assert better


@settings(max_examples=30, deadline=None)
@given(cities)
def test_no_plan_costs_less_than_the_bound_it_is_told_with(made: City) -> None:
    quality = joint(made).decision.quality
    assert quality is not None
    assert quality.bound <= quality.cost
    assert 0 <= quality.gap_bp <= 10_000


@settings(max_examples=20, deadline=None)
@given(
    st.builds(
        evening,
        st.integers(0, 10_000),
        orders=st.integers(1, 5),
        couriers=st.integers(1, 3),
        capacity=st.integers(1, 6),
        lost=st.integers(0, 1),
    ),
    st.sampled_from([0.0, 5.0, 40.0]),
)
def test_the_bound_is_below_every_plan_there_is(made: City, rain: float) -> None:
    """Tries every way to share out a few orders, in rain that passes."""
    passing = replace(conditions(), rain=Rain(NOW_US - 10 * MINUTE, (rain, rain / 2, 0.0)))
    work = replace(work_of(made), conditions=passing).complete()
    problem = problem_of(work)
    bound = bound_of(problem)
    homes: list[int] = problem.orders.home.tolist()
    everybody = range(len(problem.state.size))
    ways = [
        {home, *everybody} if work.may_move(order) else {home}
        for order, home in zip(work.orders, homes, strict=True)
    ]
    for to in product(*ways):
        other = problem_of(work)
        for i, (home, c) in enumerate(zip(homes, to, strict=True)):
            if c != home:
                put(other, i, c)
        assert bound <= cost_of(other)


def put(problem: Problem, i: int, c: int) -> None:
    """Move an order, whatever the room and the limits: the bound is below those plans too."""
    state, here = problem.state, int(problem.state.of[i])
    if here >= 0:
        left = [k for k in state.held[here, : state.size[here]].tolist() if k != i]
        state.held[here, : len(left)] = left
        state.size[here] -= 1
        state.load[here] -= problem.orders.load[i]
        state.cost[here] = ride_with(problem, here, -1, -1)
    place_in(problem, i, c)


def test_what_was_not_solved_again_says_so_and_what_moves_comes_first() -> None:
    decision = joint(evening(1, orders=200, couriers=20, capacity=14, lost=2)).decision
    forced = [subject.forced for subject in decision.subjects]
    assert [explain(decision, subject.id).forced for subject in decision.subjects] == forced
    assert any(forced)
    assert not all(forced)
    moved = [s for s in decision.subjects if s.options[s.chosen].key != KEEP]
    kept_so = [s for s in decision.subjects if s.options[s.chosen].key == KEEP]
    assert sum(s.forced for s in moved) * len(kept_so) > sum(s.forced for s in kept_so) * len(moved)
