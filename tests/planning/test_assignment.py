"""Joint plans: room is kept, the plan is the best there is, and it can be made again."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from makegood.clock import MINUTE
from makegood.domain.decisions import Capacity, Decision, Method, Option, Subject
from makegood.domain.entities import FulfilmentOrder
from makegood.domain.geo import Point
from makegood.errors import InvalidInput
from makegood.planning import KEEP, CourierLoad, Plan, assign, beyond, recompute
from tests.planning.city import HOME, NOW_US, STAMP, city, conditions, policies
from tests.yardstick import costs_less_than


def plan(
    orders: list[FulfilmentOrder],
    couriers: list[CourierLoad],
    *,
    frozen: frozenset[str] = frozenset(),
) -> Plan:
    made = assign(
        orders,
        couriers,
        values={order.id: 5000 for order in orders},
        conditions=conditions(),
        policies=policies(),
        stamp=STAMP,
        frozen=frozen,
    )
    assert made is not None
    return made


def cost(decision: Decision, chosen: tuple[int, ...]) -> int:
    """The scores, and what crowding adds: the first so many slots of each courier."""
    picked = [s.options[i] for s, i in zip(decision.subjects, chosen, strict=True)]
    used = Counter(option.resource for option in picked)
    crowding = sum(sum(one.slots[: used[one.resource]]) for one in decision.capacities)
    return sum(decision.score(option) for option in picked) + crowding


def fits(decision: Decision, chosen: tuple[int, ...]) -> bool:
    used = Counter(s.options[i].resource for s, i in zip(decision.subjects, chosen, strict=True))
    return all(used[capacity.resource] <= capacity.units for capacity in decision.capacities)


cities = st.builds(
    city,
    st.integers(0, 10_000),
    orders=st.integers(1, 40),
    couriers=st.integers(0, 8),
    capacity=st.integers(0, 6),
    lost=st.integers(0, 3),
)


@given(cities)
def test_no_courier_gets_more_than_fits(
    made: tuple[list[FulfilmentOrder], list[CourierLoad]],
) -> None:
    orders, couriers = made
    planned = plan(orders, couriers)
    gained = Counter[str]()
    for choice in planned.choices:
        if choice.to_courier is not None:
            gained[choice.to_courier] += choice.order.load
    assert all(gained[load.courier.id] <= load.free for load in couriers)
    assert [choice.order.id for choice in planned.choices] == [order.id for order in orders]


@given(cities, st.integers(1, 3))
def test_heavy_orders_fit_too(
    made: tuple[list[FulfilmentOrder], list[CourierLoad]], heavy: int
) -> None:
    orders, couriers = made
    orders = [replace(o, load=1 + i % heavy) for i, o in enumerate(orders)]
    gained = Counter[str]()
    for choice in plan(orders, couriers).choices:
        if choice.to_courier is not None:
            gained[choice.to_courier] += choice.order.load
    assert all(gained[load.courier.id] <= load.free for load in couriers)


@given(
    st.builds(
        city,
        st.integers(0, 10_000),
        orders=st.integers(1, 5),
        couriers=st.integers(1, 3),
        capacity=st.integers(1, 3),
        lost=st.integers(0, 2),
    )
)
def test_the_plan_is_as_good_as_the_best_of_all_plans(
    made: tuple[list[FulfilmentOrder], list[CourierLoad]],
) -> None:
    decision = plan(*made).decision
    every = product(*(range(len(subject.options)) for subject in decision.subjects))
    best = min(cost(decision, chosen) for chosen in every if fits(decision, chosen))
    assert cost(decision, tuple(s.chosen for s in decision.subjects)) == best


@given(cities)
def test_a_decision_is_made_again_from_its_record(
    made: tuple[list[FulfilmentOrder], list[CourierLoad]],
) -> None:
    decision = plan(*made).decision
    again = Decision.model_validate_json(decision.model_dump_json())
    assert recompute(again) == tuple(subject.chosen for subject in decision.subjects)


def test_a_changed_record_does_not_pass_for_what_was_decided() -> None:
    decision = plan(*city(3, orders=30, couriers=6, capacity=5, lost=2)).decision
    moved = next(s for s in decision.subjects if s.options[s.chosen].key != KEEP)
    keep = next(i for i, option in enumerate(moved.options) if option.key == KEEP)
    forged = decision.model_copy(
        update={
            "subjects": tuple(
                s.model_copy(update={"chosen": keep}) if s is moved else s
                for s in decision.subjects
            )
        }
    )
    assert recompute(forged) != tuple(subject.chosen for subject in forged.subjects)


def test_an_order_on_its_way_and_a_frozen_one_keep_their_courier() -> None:
    orders, couriers = city(5, orders=30, couriers=6, capacity=6, lost=2)
    orders[0] = replace(orders[0], picked_up_us=NOW_US - MINUTE)
    planned = plan(orders, couriers, frozen=frozenset({orders[1].id}))
    for subject in planned.decision.subjects[:2]:
        assert [option.key for option in subject.options] == [KEEP]


def test_without_couriers_every_order_keeps_what_it_has() -> None:
    orders, _ = city(1, orders=4, couriers=0, capacity=0, lost=1)
    planned = plan(orders, [])
    assert all(choice.to_courier is None for choice in planned.choices)
    assert all(choice.late_us >= 75 * MINUTE for choice in planned.choices)


def test_without_orders_there_is_no_plan() -> None:
    _, couriers = city(1, orders=0, couriers=2, capacity=3, lost=0)
    made = assign(
        [], couriers, values={}, conditions=conditions(), policies=policies(), stamp=STAMP
    )
    assert made is None


def test_an_order_of_a_lost_courier_goes_to_one_with_room() -> None:
    orders, couriers = city(8, orders=1, couriers=3, capacity=4, lost=0)
    orders = [replace(orders[0], courier_id="gone", assignment=1)]
    couriers = [replace(load, held=(), reserved=0) for load in couriers]
    couriers[1:] = [replace(load, reserved=9) for load in couriers[1:]]
    assert plan(orders, couriers).choices[0].to_courier == couriers[0].courier.id


def test_orders_are_spread_though_one_courier_is_a_little_nearer() -> None:
    orders, couriers = city(8, orders=4, couriers=2, capacity=6, lost=0)
    orders = [
        replace(o, courier_id="gone", assignment=1, ready_us=NOW_US, promised_us=NOW_US)
        for o in orders
    ]
    places = HOME, Point(HOME.lat + 0.0002, HOME.lon)
    couriers = [
        CourierLoad(replace(one.courier, vehicle="e_bike", position=place))
        for one, place in zip(couriers, places, strict=True)
    ]
    to = Counter(choice.to_courier for choice in plan(orders, couriers).choices)
    assert sorted(to.values()) == [2, 2]
    assert None not in to


def test_each_further_order_on_a_courier_costs_more_than_the_one_before() -> None:
    decision = plan(*city(3, orders=30, couriers=6, capacity=5, lost=2)).decision
    for capacity in decision.capacities:
        assert len(capacity.slots) == capacity.units
        assert all(b > a for a, b in pairwise(capacity.slots))
    assert any(capacity.units > 1 for capacity in decision.capacities)


def test_slots_that_fall_are_no_record() -> None:
    with pytest.raises(ValidationError, match="less than the one before"):
        Capacity(resource="a", units=2, slots=(5, 4))
    with pytest.raises(ValidationError, match="1 of them for 2 units"):
        Capacity(resource="a", units=2, slots=(5,))


def test_an_order_that_would_be_late_behind_others_is_weighed_against_making_them_late() -> None:
    """Who waits for a courier loses by every further order; the plan says by how much."""
    orders, couriers = city(8, orders=3, couriers=1, capacity=6, lost=0)
    held = tuple(
        replace(o, courier_id="cou-00", promised_us=NOW_US + 5 * MINUTE) for o in orders[1:]
    )
    couriers = [replace(couriers[0], held=held, reserved=0)]
    orders = [replace(orders[0], courier_id=None, assignment=0)]
    decision = plan(orders, couriers).decision
    crowding = [spec.name for spec in decision.factors].index("crowding")
    by_key = {option.key: option.values[crowding] for option in decision.subjects[0].options}
    assert by_key["cou-00"] > 0
    assert by_key[KEEP] == 0


def test_an_order_is_given_up_only_when_no_option_brings_it_in_time() -> None:
    orders, couriers = city(8, orders=3, couriers=3, capacity=4, lost=0)
    couriers = [replace(load, held=(), reserved=0) for load in couriers]
    late = replace(orders[0], courier_id=None, promised_us=NOW_US - 200 * MINUTE)
    stuck = replace(orders[1], courier_id=None, ready_us=NOW_US + 200 * MINUTE)
    fine = replace(orders[2], courier_id=None, promised_us=NOW_US + 30 * MINUTE)
    made = plan([late, stuck, fine], couriers)
    limit_us = 75 * MINUTE
    assert [c.order.id for c in beyond(made, limit_us, frozenset())] == [late.id, stuck.id]
    assert [c.order.id for c in beyond(made, limit_us, frozenset({late.id}))] == [stuck.id]


def test_rain_makes_the_same_plan_arrive_later() -> None:
    orders, couriers = city(4, orders=20, couriers=5, capacity=5, lost=1)
    arrivals = [
        made.choices[0].arrives_us
        for rain in (0.0, 60.0)
        if (
            made := assign(
                orders[:1],
                couriers,
                values={},
                conditions=conditions(rain),
                policies=policies(),
                stamp=STAMP,
                frozen=frozenset({orders[0].id}),
            )
        )
    ]
    assert arrivals[0] < arrivals[1]


def test_a_record_that_uses_a_resource_without_capacity_is_refused() -> None:
    decision = Decision(
        method=Method.MIN_COST_FLOW,
        factors=(),
        subjects=(Subject(id="a", options=(Option(key="x", resource="x", values=()),), chosen=0),),
        policy_digest="",
        workspace_digest="",
    )
    with pytest.raises(InvalidInput, match="'x' is used and has no capacity"):
        recompute(decision)


def test_planning_278_orders_and_32_couriers_costs_less_than_100_000_distances() -> None:
    orders, couriers = city(11, orders=278, couriers=32, capacity=12, lost=12)
    planned = plan(orders, couriers)
    assert sum(choice.to_courier is not None for choice in planned.choices) > 50
    assert costs_less_than(lambda: plan(orders, couriers), 100_000)
