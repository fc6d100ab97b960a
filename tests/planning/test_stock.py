"""Orders whose goods are not there: what may become of them, weighed in one joint decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from makegood.clock import MINUTE
from makegood.domain.actions import ActionKind
from makegood.domain.conditions import Conditions
from makegood.domain.decisions import Option
from makegood.domain.entities import SalesOrder
from makegood.domain.forecast import CourierLoad
from makegood.domain.geo import Point
from makegood.domain.policy import Amounts, FactorName, Policies
from makegood.domain.sourcing import Due, LineSources, Sourcing, Spare, Swap
from makegood.planning import (
    Rain,
    Short,
    StockHub,
    StockPlan,
    StockScene,
    StockWay,
    WayOut,
    explain,
    plan_stock,
    recompute,
)
from tests.planning.city import HOME, NOW_US, STAMP, courier, order, policies

OTHER = Point(HOME.lat + 0.008, HOME.lon + 0.008)
NEXT = "hub-2"


def line(number: int, *, short: bool = False, price: int = 3_000, quantity: int = 1) -> LineSources:
    return LineSources(str(number), f"sku-{number}", quantity, price, short)


def short_of(number: int, *lines: LineSources, minutes: int = 40, currency: str = "CNY") -> Short:
    delivery = replace(order(number, Random(number)), courier_id=None)
    promised_us = NOW_US + minutes * MINUTE
    total = sum(each.price_minor for each in lines)
    sale = SalesOrder(
        id=delivery.order_id,
        hub_id="hub-1",
        status="placed",
        customer_id=delivery.customer_id,
        currency=currency,
        total_minor=total,
        captured_minor=total,
        placed_us=NOW_US - 5 * MINUTE,
        paid_us=NOW_US - 5 * MINUTE,
        promised_us=promised_us,
    )
    moved = replace(delivery, promised_us=promised_us)
    return Short(sale, moved, Sourcing(sale.id, lines))


def scene(under: Policies | None = None) -> StockScene:
    found = under or policies()
    rng = Random(3)

    def hub(place: Point) -> StockHub:
        people = tuple(CourierLoad(courier(n, rng, 6)) for n in range(4))
        dry = Conditions(place, Rain(NOW_US, (0.0,)), found.detection.travel, NOW_US)
        return StockHub(dry, people)

    return StockScene({"hub-1": hub(HOME), NEXT: hub(OTHER)}, found, NOW_US)


def spared(one: LineSources, units: int = 5) -> LineSources:
    return replace(one, spares=(Spare(NEXT, units, OTHER),))


def planned(*shorts: Short, under: Policies | None = None) -> StockPlan:
    plan = plan_stock(shorts, scene(under), STAMP)
    assert plan is not None
    assert recompute(plan.decision) == tuple(one.chosen for one in plan.decision.subjects)
    return plan


def ways(plan: StockPlan) -> list[WayOut | None]:
    return [way.out if way else None for _, way in plan.chosen]


def way_of(plan: StockPlan) -> StockWay:
    [(_, way)] = plan.chosen
    assert way is not None
    return way


def option(plan: StockPlan, kind: ActionKind, subject: int = 0) -> Option:
    options = plan.decision.subjects[subject].options
    return next(one for one in options if one.key.startswith(kind))


def value(plan: StockPlan, one: Option, name: FactorName) -> int:
    names = [spec.name for spec in plan.decision.factors]
    return one.values[names.index(name)]


def keys(plan: StockPlan, subject: int = 0) -> list[str]:
    return [one.key for one in plan.decision.subjects[subject].options]


def with_weights(**weights: int) -> Policies:
    found = policies()
    merged = {**found.objectives.weights, **{FactorName(n): w for n, w in weights.items()}}
    objectives = found.objectives.model_copy(update={"weights": merged})
    return found.model_copy(update={"objectives": objectives})


def test_without_orders_there_is_nothing_to_decide() -> None:
    assert plan_stock((), scene(), STAMP) is None


def test_another_hub_that_has_everything_serves_the_order() -> None:
    plan = planned(short_of(1, spared(line(1, short=True)), spared(line(2))))
    assert ways(plan) == [WayOut.REROUTE]
    assert way_of(plan).to_hub == NEXT
    chosen = option(plan, ActionKind.REROUTE)
    assert chosen.key == f"reroute+to:{NEXT}+notify"
    assert chosen.resource == f"{NEXT}:sku-1"


def test_another_hub_that_lacks_one_article_of_the_order_is_no_way_out() -> None:
    plan = planned(short_of(1, spared(line(1, short=True)), line(2)))
    assert not [key for key in keys(plan) if key.startswith(ActionKind.REROUTE)]


def test_what_nothing_can_be_found_for_is_ended_and_paid_back_and_never_left_waiting() -> None:
    plan = planned(short_of(1, line(1, short=True)))
    assert keys(plan) == ["wait", "refund+cancel+notify"]
    assert ways(plan) == [WayOut.END]
    assert way_of(plan).refund_minor == 3_000


def test_pieces_are_not_given_twice_and_go_where_they_do_most() -> None:
    prices = (1_000, 90_000, 2_000, 80_000)
    shorts = [
        short_of(n, spared(replace(line(1, short=True), price_minor=price), 2))
        for n, price in enumerate(prices)
    ]
    plan = planned(*shorts)
    served = [s.order.total_minor for s, way in plan.chosen if way and way.out is WayOut.REROUTE]
    assert sorted(served) == [80_000, 90_000]
    assert ways(plan).count(WayOut.END) == 2


def test_pieces_are_counted_by_the_most_that_one_order_takes() -> None:
    one = replace(line(1, short=True), quantity=2)
    plan = planned(*(short_of(n, spared(one, 3)) for n in range(3)))
    assert ways(plan).count(WayOut.REROUTE) == 1
    [stock] = plan.decision.capacities
    assert (stock.resource, stock.units) == (f"{NEXT}:sku-1", 1)


def test_a_substitute_that_is_cheaper_pays_the_difference_back() -> None:
    cheap = replace(line(1, short=True), swaps=(Swap("sku-9", 4, 2_400),))
    plan = planned(short_of(1, cheap))
    way = way_of(plan)
    assert (way.out, way.line, way.sku) == (WayOut.SUBSTITUTE, "1", "sku-9")
    assert (way.refund_minor, way.refund_lines) == (600, ("1",))
    assert option(plan, ActionKind.SUBSTITUTE).key == "substitute+refund+to:sku-9+notify"


def test_a_substitute_that_is_dearer_costs_the_house_and_not_the_customer() -> None:
    dear = replace(line(1, short=True), swaps=(Swap("sku-9", 4, 3_500),))
    plan = planned(short_of(1, dear))
    way = way_of(plan)
    assert (way.out, way.refund_minor) == (WayOut.SUBSTITUTE, 0)
    assert value(plan, option(plan, ActionKind.SUBSTITUTE), FactorName.COST) == 500


def test_what_is_there_goes_now_and_the_rest_is_paid_back() -> None:
    plan = planned(short_of(1, line(1, price=9_000), line(2, short=True, price=700)))
    way = way_of(plan)
    assert (way.out, way.lines) == (WayOut.SPLIT_PAID, ("1",))
    assert (way.refund_minor, way.refund_lines) == (700, ("2",))


def test_what_is_there_goes_now_and_the_rest_when_it_is_due() -> None:
    late = replace(line(2, short=True, price=6_000), due=Due(NOW_US + 60 * MINUTE, 3))
    plan = planned(short_of(1, line(1, price=9_000), late))
    assert (way_of(plan).out, way_of(plan).refund_minor) == (WayOut.SPLIT, 0)
    # Where a second trip costs nearly what is missing, that is paid back instead.
    little = replace(late, price_minor=700)
    assert ways(planned(short_of(1, line(1, price=9_000), little))) == [WayOut.SPLIT_PAID]
    later = next(o for o in plan.decision.subjects[0].options if o.key == "split+notify")
    assert value(plan, later, FactorName.COST) == 600


def test_a_new_promise_is_a_slot_that_holds_and_counts_as_moved() -> None:
    due = replace(line(1, short=True), due=Due(NOW_US + 40 * MINUTE, 3))
    plan = planned(short_of(1, due))
    way = way_of(plan)
    assert way.out is WayOut.RESCHEDULE
    assert way.arrives_us is not None
    assert way.promised_us > way.arrives_us
    assert way.promised_us % (policies().objectives.ways.slot_minutes * MINUTE) == 0
    moved_s = value(plan, option(plan, ActionKind.RESCHEDULE), FactorName.PROMISE_MOVED)
    assert moved_s == (way.promised_us - NOW_US - 40 * MINUTE) // 1_000_000


def test_goods_that_are_due_much_too_late_are_not_waited_for() -> None:
    due = replace(line(1, short=True), due=Due(NOW_US + 12 * 60 * MINUTE, 3))
    assert ways(planned(short_of(1, due))) == [WayOut.END]


def test_what_somebody_said_no_to_is_not_offered_again() -> None:
    first = short_of(1, spared(line(1, short=True)))
    plan = planned(replace(first, refused=frozenset({ActionKind.REROUTE})))
    assert keys(plan) == ["wait", "refund+cancel+notify"]


def test_a_way_whose_cost_is_not_known_in_the_currency_is_not_offered() -> None:
    found = policies()
    stock = found.objectives.stock.model_copy(update={"transfer": Amounts({"EUR": 80})})
    objectives = found.objectives.model_copy(update={"stock": stock})
    plan = planned(
        short_of(1, spared(line(1, short=True))),
        under=found.model_copy(update={"objectives": objectives}),
    )
    assert ways(plan) == [WayOut.END]


def test_weights_say_what_is_preferred() -> None:
    both = replace(spared(line(1, short=True)), swaps=(Swap("sku-9", 4, 3_000),))
    gladly = planned(short_of(1, both), under=with_weights(change=0, cost=1_000))
    never = planned(short_of(1, both), under=with_weights(change=1_000_000, cost=0))
    assert ways(gladly) == [WayOut.SUBSTITUTE]
    assert ways(never) == [WayOut.REROUTE]


def test_the_best_rejected_option_and_what_would_flip_it_are_named() -> None:
    shorts = [short_of(n, spared(line(1, short=True), 1)) for n in range(2)]
    plan = planned(*shorts)
    served = next(s.order.id for s, way in plan.chosen if way and way.out is WayOut.REROUTE)
    told = explain(plan.decision, served)
    assert told.rejected is not None
    assert told.rejected.key == "refund+cancel+notify"
    # Ended instead, this order would leave its piece to the other one.
    apart = plan.decision.score(told.rejected) - plan.decision.score(told.chosen)
    assert told.displacement == told.margin - apart < 0
    assert {flip.name for flip in told.flips} >= {"lateness", "cost", "change"}
    assert sum(part.points for part in told.contributions) == told.score


def drawn(price: int, units: int, minutes: int, swap: int, *, comes: bool) -> LineSources:
    return replace(
        line(1, short=True, price=price),
        spares=(Spare(NEXT, units, OTHER),) if units else (),
        due=Due(NOW_US + minutes * MINUTE, 5) if comes else None,
        swaps=(Swap("sku-9", 1, swap),) if swap else (),
    )


_LINE = st.builds(
    drawn,
    price=st.integers(100, 90_000),
    units=st.integers(0, 2),
    minutes=st.integers(1, 300),
    swap=st.integers(0, 200_000),
    comes=st.booleans(),
)


@given(
    lines=st.lists(_LINE, min_size=1, max_size=5),
    cost=st.integers(0, 10_000),
    moved=st.integers(0, 10_000),
    change=st.integers(0, 1_000_000),
)
@settings(max_examples=40, deadline=None)
def test_ending_never_wins_where_something_else_serves_all_of_it_in_time(
    lines: Sequence[LineSources], cost: int, moved: int, change: int
) -> None:
    under = with_weights(cost=cost, promise_moved=moved, change=change)
    plan = planned(*(short_of(n, one) for n, one in enumerate(lines)), under=under)
    left = {stock.resource: stock.units for stock in plan.decision.capacities}
    chosen = [subject.options[subject.chosen] for subject in plan.decision.subjects]
    for one in chosen:
        if one.resource:
            left[one.resource] -= 1
    assert min(left.values(), default=0) >= 0
    limit_s = under.objectives.give_up_minutes * 60
    for subject, taken in zip(plan.decision.subjects, chosen, strict=True):
        assert taken.key != "wait"
        if not taken.key.startswith("refund"):
            continue
        serving = [
            one
            for one in subject.options
            if one.resource and value(plan, one, FactorName.LATENESS) <= limit_s
        ]
        assert all(left[one.resource] == 0 for one in serving)
