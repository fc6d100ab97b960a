"""Ways out for orders that a plan leaves late: weighed by policy, chosen together, made again."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makegood.clock import MINUTE, to_rfc3339
from makegood.domain.decisions import Decision
from makegood.domain.entities import Courier, FulfilmentOrder, Hub
from makegood.domain.policy import FactorName, Policies
from makegood.planning import (
    Around,
    Choice,
    CourierLoad,
    Elsewhere,
    Endangered,
    Options,
    Plan,
    Way,
    WayKind,
    Work,
    choose,
    endangered,
    explain,
    plan_jointly,
    recompute,
)
from tests.planning.city import HOME, NOW_US, STAMP, city, conditions, policies

F = FactorName
PROMISED_US = NOW_US + 10 * MINUTE
LATE_RIDER = "own-1"


def weighed(**weights: int) -> Policies:
    """Return the policies with nothing but some weights."""
    known = policies()
    zero = dict.fromkeys(known.objectives.weights, 0)
    mine = {F(name): weight for name, weight in weights.items()}
    return changed(known, weights=zero | mine)


def changed(known: Policies, **changes: object) -> Policies:
    objectives = known.objectives.model_copy(update=changes)
    return known.model_copy(update={"objectives": objectives})


def rules(**changes: object) -> Policies:
    known = policies()
    return changed(known, ways=known.objectives.ways.model_copy(update=changes))


def way(kind: WayKind, *, uses: str = "", barred: bool = False, **factors: int) -> Way:
    named = {F(name): value for name, value in factors.items()}
    return Way(
        kind=kind,
        key=f"{kind}+{uses}",
        arrives_us=PROMISED_US,
        promised_us=PROMISED_US,
        factors=named,
        to=uses,
        uses=uses,
        barred=barred,
    )


def chosen(late: list[Endangered], units: dict[str, int], by: Policies) -> Options:
    options = choose(late, units, by, STAMP)
    assert options is not None
    return options


def again(decision: Decision) -> bool:
    return recompute(decision) == tuple(subject.chosen for subject in decision.subjects)


def test_weights_and_not_code_say_which_way_is_taken() -> None:
    ways = (
        way(WayKind.PLANNED, lateness=1_200, late_probability=9_800),
        way(WayKind.SLOT, promise_moved=1_800, late_probability=10_000),
        way(WayKind.PARTNER, uses="p1", cost=1_800, late_probability=500),
    )

    def taken(**weights: int) -> WayKind:
        return chosen([Endangered("a", ways)], {}, weighed(**weights)).taken["a"].kind

    assert taken(lateness=20, late_probability=3, cost=10, promise_moved=12) is WayKind.PARTNER
    assert taken(lateness=20, late_probability=3, cost=100, promise_moved=12) is WayKind.SLOT
    assert taken(lateness=20, late_probability=3, cost=100, promise_moved=40) is WayKind.PLANNED


def test_a_weight_of_nothing_drops_its_factor_from_the_record() -> None:
    ways = (way(WayKind.PLANNED, lateness=60, cost=5),)
    decision = chosen([Endangered("a", ways)], {}, weighed(lateness=20)).decision
    assert [spec.name for spec in decision.factors] == ["lateness", "floor"]


def test_one_rider_goes_to_whom_it_helps_most_and_is_no_option_of_the_other() -> None:
    def ways(late_s: int) -> tuple[Way, ...]:
        kept = way(WayKind.PLANNED, lateness=late_s)
        return (kept, way(WayKind.PARTNER, uses="p1", lateness=100))

    late = [Endangered("a", ways(300)), Endangered("b", ways(900))]
    options = chosen(late, {"p1": 1}, weighed(lateness=1))
    assert {each: one.kind for each, one in options.taken.items()} == {
        "a": WayKind.PLANNED,
        "b": WayKind.PARTNER,
    }
    [only] = options.decision.subject("a").options
    assert only.key == "planned+"
    assert again(options.decision)
    both = chosen(late, {"p1": 2}, weighed(lateness=1))
    assert {one.kind for one in both.taken.values()} == {WayKind.PARTNER}


_SECONDS = st.integers(0, 50)
_LATENESSES = st.lists(st.tuples(_SECONDS, _SECONDS, _SECONDS), min_size=1, max_size=3)


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_what_is_chosen_together_is_the_best_there_is_and_can_be_made_again(
    data: st.DataObject,
) -> None:
    names = ["p1", "p2"]
    units = {name: data.draw(st.integers(0, 2), label=name) for name in names}
    late = [
        Endangered(
            f"o{n}",
            (
                way(WayKind.PLANNED, lateness=a),
                *(
                    way(WayKind.PARTNER, uses=p, lateness=s)
                    for p, s in zip(names, some, strict=True)
                ),
            ),
        )
        for n, (a, *some) in enumerate(data.draw(_LATENESSES))
    ]
    options = chosen(late, units, weighed(lateness=1))
    picked = [options.taken[each.id] for each in late]
    total = sum(one.factors[F.LATENESS] for one in picked)

    def fits(ways: tuple[Way, ...]) -> bool:
        used = [one.uses for one in ways]
        return all(used.count(name) <= units[name] for name in names)

    best = min(
        sum(one.factors[F.LATENESS] for one in ways)
        for ways in product(*(each.ways for each in late))
        if fits(ways)
    )
    assert fits(tuple(picked))
    assert total == best
    assert again(options.decision)


@given(weights=st.dictionaries(st.sampled_from(list(F)), st.integers(0, 1_000_000)))
@settings(max_examples=60, deadline=None)
def test_an_end_never_wins_where_another_way_serves_whatever_the_weights(
    weights: dict[FactorName, int],
) -> None:
    ways = (
        way(
            WayKind.PLANNED,
            lateness=4_000,
            late_probability=10_000,
            value_at_risk=900_000,
            cost=90_000,
            promise_moved=9_000,
            travel=90_000,
            change=1,
        ),
        way(WayKind.CANCEL, barred=True),
    )
    named = {str(name): weight for name, weight in weights.items()}
    options = chosen([Endangered("a", ways)], {}, weighed(**named))
    assert options.taken["a"].kind is WayKind.PLANNED
    assert [option.key for option in options.decision.subject("a").options] == [
        "planned+",
        "cancel+",
    ]
    assert again(options.decision)


def test_the_best_rejected_way_and_what_flips_it_are_told() -> None:
    ways = (
        way(WayKind.PLANNED, lateness=600),
        way(WayKind.PARTNER, uses="p1", cost=900),
        way(WayKind.CANCEL, barred=True),
    )
    decision = chosen([Endangered("a", ways)], {}, weighed(lateness=20, cost=10)).decision
    found = explain(decision, "a")
    assert found.rejected is not None
    assert (found.chosen.key, found.rejected.key, found.margin) == ("partner+p1", "planned+", 3_000)
    assert {flip.name: flip.by for flip in found.flips}["cost"] == 301
    assert sum(part.points for part in found.contributions) == found.score == 9_000


# --- the ways of one order ------------------------------------------------------------------


def order(**changes: object) -> FulfilmentOrder:
    known = FulfilmentOrder(
        id="ful-1",
        order_id="ord-1",
        customer_id="cus-1",
        hub_id="hub-1",
        status="assigned",
        pick_up=HOME,
        drop_off=replace(HOME, lat=HOME.lat + 0.008),
        courier_id=LATE_RIDER,
        assignment=1,
        ready_us=NOW_US - 5 * MINUTE,
        promised_us=PROMISED_US,
    )
    return known.but(**changes)


def rider(courier_id: str, vehicle: str = "e_bike", *, lat: float = 0.0) -> Courier:
    place = replace(HOME, lat=HOME.lat + lat)
    return Courier(
        id=courier_id, hub_id="hub-1", status="on", vehicle=vehicle, capacity=2, position=place
    )


def planned(mine: FulfilmentOrder, away: float = 0.05) -> Plan:
    """Plan one order whose only courier comes from far."""
    loads = (CourierLoad(rider(LATE_RIDER, lat=away), (mine,)),)
    work = Work(
        orders=(mine,),
        couriers=loads,
        conditions=conditions(),
        policies=policies(),
        values={mine.id: 8_000},
    )
    plan = plan_jointly(work, endangered=frozenset({mine.id}), stamp=STAMP)
    assert plan is not None
    return plan


def around(**changes: object) -> Around:
    known: dict[str, Any] = {
        "conditions": conditions(),
        "policies": policies(),
        "values": {"ful-1": 8_000},
        "currencies": {"ful-1": "CNY"},
        "vehicles": {LATE_RIDER: "e_bike"},
        "partners": (CourierLoad(rider("partner-1", "partner")),),
        "ends": {"ord-1": "refund+cancel"},
    }
    return Around(**{**known, **cast("dict[str, Any]", changes)})


def ways_of(made: Around, mine: FulfilmentOrder | None = None) -> dict[WayKind, Way]:
    plan = planned(mine or order())
    [found] = endangered(plan, plan.choices, made)
    return {one.kind: one for one in found.ways}


def test_every_way_of_a_late_order_stands_in_one_decision_with_its_factors() -> None:
    ways = ways_of(around())
    assert set(ways) == {WayKind.PLANNED, WayKind.PARTNER, WayKind.SLOT, WayKind.CANCEL}
    partner = ways[WayKind.PARTNER]
    assert partner.key == "reassign+to:partner-1"
    assert partner.factors[F.COST] == 1_800
    assert partner.late_us < 0 < ways[WayKind.PLANNED].late_us
    likely = [ways[kind].factors[F.LATE_PROBABILITY] for kind in (WayKind.PARTNER, WayKind.PLANNED)]
    assert likely[0] < 5_000 < likely[1]
    metres = partner.factors[F.TRAVEL]
    assert partner.factors[F.CO2E] == metres * 60 // 1_000
    assert ways[WayKind.CANCEL].key == "refund+cancel"
    assert ways[WayKind.CANCEL].barred


def test_a_later_slot_counts_as_a_broken_promise_and_is_likely_to_be_kept() -> None:
    ways = ways_of(around())
    slot, plan = ways[WayKind.SLOT], ways[WayKind.PLANNED]
    assert slot.factors[F.LATE_PROBABILITY] == 10_000
    assert slot.factors[F.VALUE_AT_RISK] == 8_000
    assert slot.factors[F.LATENESS] == 0
    assert slot.factors[F.PROMISE_MOVED] == (slot.promised_us - PROMISED_US) // 1_000_000
    assert slot.promised_us % (15 * MINUTE) == 0
    # Logistic with a scale of 15 % of the time until then: nine in ten arrive within 2.2 scales.
    spread = (plan.arrives_us - NOW_US) * 0.15
    assert slot.promised_us >= plan.arrives_us + 2.19 * spread
    assert slot.key == f"reschedule+to:{to_rfc3339(slot.promised_us)}"


def test_a_promise_is_moved_once_and_only_where_it_surely_breaks() -> None:
    assert WayKind.SLOT not in ways_of(around(repromised=frozenset({"ord-1"})))
    barely = order(promised_us=planned(order()).choices[0].arrives_us)
    assert WayKind.SLOT not in ways_of(around(), barely)
    assert WayKind.SLOT in ways_of(around(policies=rules(promise_sure_bp=4_000)), barely)


def test_a_slot_past_what_policy_gives_up_at_is_none() -> None:
    late = order(promised_us=NOW_US - 70 * MINUTE)
    assert WayKind.SLOT not in ways_of(around(), late)


@pytest.mark.parametrize(
    "changes",
    [
        {"currencies": {"ful-1": "JPY"}},
        {"partners": (CourierLoad(rider("partner-1", "partner"), reserved=2),)},
        {"partners": (CourierLoad(rider("partner-1", "partner").but(shift_ends_us=NOW_US)),)},
        {"frozen": frozenset({"ful-1"})},
    ],
    ids=["no fee in this currency", "no room", "shift over", "frozen"],
)
def test_another_fleet_is_asked_only_within_its_limits(changes: dict[str, Any]) -> None:
    assert WayKind.PARTNER not in ways_of(around(**changes))


def test_what_is_past_another_fleet_s_range_or_on_board_is_not_given_to_it() -> None:
    far = order(drop_off=replace(HOME, lat=HOME.lat + 0.05))
    assert WayKind.PARTNER not in ways_of(around(), far)
    aboard = order(picked_up_us=NOW_US, status="picked_up")
    assert set(ways_of(around(), aboard)) <= {WayKind.PLANNED, WayKind.SLOT}


def test_an_end_is_open_only_where_nothing_serves_and_the_customer_was_warned() -> None:
    late = order(promised_us=NOW_US - 200 * MINUTE)
    told = around(partners=(), endable=frozenset({"ord-1"}))
    assert not ways_of(told, late)[WayKind.CANCEL].barred
    assert ways_of(around(partners=()), late)[WayKind.CANCEL].barred
    soon = order(promised_us=NOW_US - 20 * MINUTE)
    served = around(endable=frozenset({"ord-1"}))
    assert ways_of(served, soon)[WayKind.CANCEL].barred


def other_hub(*couriers: Courier) -> Elsewhere:
    place = replace(HOME, lat=HOME.lat + 0.01)
    hub = Hub(id="hub-2", status="open", position=place)
    there = replace(conditions(), home=place)
    return Elsewhere(hub, tuple(CourierLoad(one) for one in couriers), there)


def test_another_hub_is_a_way_where_it_has_the_goods_and_somebody_free() -> None:
    goods = {"ful-1": frozenset({"hub-2"})}
    there = other_hub(rider("cou-9", lat=0.01))
    hub = ways_of(around(elsewhere=(there,), stocked=goods))[WayKind.HUB]
    assert hub.key == "reroute+to:hub-2"
    # It is packed anew first.
    assert hub.arrives_us > NOW_US + 12 * MINUTE
    assert WayKind.HUB not in ways_of(around(elsewhere=(there,)))
    assert WayKind.HUB not in ways_of(around(elsewhere=(other_hub(),), stocked=goods))


def test_a_whole_order_is_moved_or_ended_once_however_it_is_split() -> None:
    one, two = order(), order(id="ful-2", promised_us=PROMISED_US - MINUTE)
    loads = (CourierLoad(rider(LATE_RIDER, lat=0.05), (one, two)),)
    work = Work(orders=(one, two), couriers=loads, conditions=conditions(), policies=policies())
    plan = plan_jointly(work, endangered=frozenset({"ful-1", "ful-2"}), stamp=STAMP)
    assert plan is not None
    found = endangered(plan, plan.choices, around())
    of_whole = [
        w.kind for each in found for w in each.ways if w.kind in (WayKind.SLOT, WayKind.CANCEL)
    ]
    assert sorted(of_whole) == [WayKind.CANCEL, WayKind.SLOT]


def late_in(seed: int) -> tuple[Plan, list[Choice]]:
    orders, loads = city(seed, orders=30, couriers=3, capacity=6, lost=3)
    work = Work(orders=orders, couriers=loads, conditions=conditions(), policies=policies())
    plan = plan_jointly(work, endangered=frozenset(o.id for o in orders), stamp=STAMP)
    assert plan is not None
    return plan, [choice for choice in plan.choices if choice.late_us > 0]


@pytest.mark.parametrize("seed", range(4))
def test_the_ways_of_a_whole_storm_are_chosen_within_room_and_made_again(seed: int) -> None:
    plan, late = late_in(seed)
    riders = tuple(CourierLoad(rider(f"partner-{n}", "partner")) for n in range(2))
    made = around(
        partners=riders,
        values={c.order.id: 8_000 for c in late},
        currencies={c.order.id: "CNY" for c in late},
        ends={c.order.order_id: "refund+cancel" for c in late},
    )
    options = chosen(list(endangered(plan, late, made)), made.units(), policies())
    used = [one.to for one in options.taken.values() if one.kind is WayKind.PARTNER]
    assert used
    assert all(used.count(load.courier.id) <= 2 for load in riders)
    assert not any(one.barred for one in options.taken.values())
    assert again(options.decision)
    assert chosen(list(endangered(plan, late, made)), made.units(), policies()) == options


@pytest.mark.parametrize("seed", range(4))
def test_no_courier_of_one_s_own_gets_or_keeps_two_beside_the_plan(seed: int) -> None:
    plan, late = late_in(seed)
    made = around(values={}, currencies={}, partners=(), ends={})
    # What others suffer weighs alone, so that some go elsewhere than planned.
    options = chosen(list(endangered(plan, late, made)), made.units(), weighed(crowding=1))
    homes = {choice.order.id: choice.order.courier_id or "" for choice in late}
    taken = [
        courier
        for each, one in options.taken.items()
        if one.kind in (WayKind.KEEP, WayKind.COURIER) and (courier := one.to or homes[each])
    ]
    assert len(taken) == len(set(taken))
    assert again(options.decision)
