"""Goods that the shelf count promised and nobody finds: over HTTP, and told as events."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from makegood.clock import MINUTE, VirtualClock
from makegood.events.schema import CATALOGUE
from makegood.replay.company import CityPlan, Company, System
from makegood.replay.company.model import Order, OrderStatus, PayOut
from makegood.replay.company.problems import Refused
from makegood.replay.company.stock import LineStock
from tests.replay.company.serving import START_US, client_of, living_company, yuan

PLAN = CityPlan(
    seed=6,
    orders=60,
    customers=60,
    couriers=(7, 5, 4),
    unreserved_orders=0,
    lasts_us=90 * MINUTE,
    placed_within_us=25 * MINUTE,
    demand=(80, 10, 10),
    peak_mm_h=0.0,
    stuck_share=0.0,
    flooded_share=0.0,
    short_articles=4,
    spare_units=4,
    supply_us=70 * MINUTE,
    supply_units=4,
    swap_share=1.0,
)


def wave(plan: CityPlan = PLAN) -> tuple[Company, VirtualClock]:
    company, clock = living_company(plan)
    for _ in range(30):
        clock.advance(MINUTE)
        company.catch_up()
    return company, clock


def short_orders(company: Company) -> list[Order]:
    return [o for o in company.records.orders.values() if company.oms.stock.is_hopeless(o)]


def lines_of(company: Company, order: Order) -> tuple[LineStock, ...]:
    [found] = company.oms.sources([order.id])
    return found.lines


def one_with(company: Company, *, some_there: bool) -> Order:
    """Return an order with one line short, alone or beside others that are there."""
    return next(
        order
        for order in short_orders(company)
        if (len(order.lines) > 1) is some_there
        and sum(line.short for line in lines_of(company, order)) == 1
    )


def later(company: Company, clock: VirtualClock, minutes: int) -> Counter[str]:
    told: list[dict[str, Any]] = []
    for _ in range(minutes):
        clock.advance(MINUTE)
        company.catch_up()
        told += company.tape.take()
    return Counter(each["type"] for each in told)


@cache
def known_types() -> frozenset[str]:
    return frozenset(each.name for each in CATALOGUE)


def test_what_is_not_found_stays_at_the_hub_without_a_courier_and_is_told() -> None:
    company, clock = wave()
    told = Counter(each["type"] for each in company.tape.take())
    orders = short_orders(company)
    assert len(orders) >= 5
    assert told["reservation.failed"] >= len(orders)
    assert set(told) <= known_types()
    deliveries = [company.records.fulfilment(o.fulfilment_ids[0]) for o in orders]
    assert {(each.status, each.courier_id) for each in deliveries} == {("created", None)}
    later(company, clock, 30)
    after = [company.records.fulfilment(o.fulfilment_ids[0]) for o in orders]
    assert {(each.status, each.courier_id) for each in after} == {("created", None)}


def move(company: Company, order: Order, key: str) -> None:
    delivery = company.records.fulfilment(order.fulfilment_ids[0])
    company.fleet.reroute(
        key, fulfilment_id=delivery.id, to_hub="hub-canal", expected=delivery.assignment
    )


def test_another_hub_serves_what_it_can_spare_and_no_more() -> None:
    company, clock = wave(replace(PLAN, spare_units=2))
    outcomes: dict[str, bool] = {}
    for number, order in enumerate(short_orders(company)):
        wanted = {x.sku: x.quantity for x in order.lines}
        spares = {x.sku: {s.hub_id: s.units for s in x.spares} for x in lines_of(company, order)}
        can = all(spares[sku].get("hub-canal", 0) >= units for sku, units in wanted.items())
        outcomes[order.id] = can
        if can:
            move(company, order, f"k{number}")
            continue
        with pytest.raises(Refused, match="can spare"):
            move(company, order, f"k{number}")
    assert set(outcomes.values()) == {True, False}
    later(company, clock, 60)
    for order_id, moved in outcomes.items():
        over = company.records.order(order_id).status is OrderStatus.COMPLETED
        assert over is moved


def test_a_substitute_costs_the_customer_no_more_and_only_an_article_they_take_will_do() -> None:
    company, clock = wave()
    order = next(o for o in short_orders(company) if any(x.instead for x in lines_of(company, o)))
    line = next(x for x in lines_of(company, order) if x.instead)
    path = f"/oms/orders/{order.id}/substitute"
    with client_of(company, clock, System.ORDERS) as client:

        def ask(key: str, sku: str) -> int:
            body = {"line_id": line.line_id, "sku": sku}
            return client.post(path, json=body, headers={"Idempotency-Key": key}).status_code

        answers = [ask("k1", "umbrella"), ask("k2", line.instead[0].sku), ask("k2", "tea")]
        found = client.get("/oms/commands", params={"key": ["k1", "k2"]}).json()["commands"]
    assert answers == [422, 200, 409]
    assert [each["key"] for each in found] == ["k2"]
    changed = company.records.order(order.id)
    new = next(x for x in changed.lines if x.line_id == line.line_id)
    assert new.sku == line.instead[0].sku
    assert new.price.minor == min(line.price.minor, line.instead[0].price.minor)
    assert changed.total.minor == sum(x.price.minor for x in changed.lines)


def test_what_is_there_goes_now_and_the_rest_when_its_supply_comes() -> None:
    company, clock = wave()
    order = one_with(company, some_there=True)
    there = tuple(x.line_id for x in lines_of(company, order) if not x.short)
    company.oms.split("k1", order.id, there)
    assert not company.oms.stock.is_hopeless(company.records.order(order.id))
    later(company, clock, 35)
    rest, now = map(company.records.fulfilment, company.records.order(order.id).fulfilment_ids)
    assert (now.status, rest.status) == ("delivered", "created")
    told = later(company, clock, 60)
    assert company.records.order(order.id).status is OrderStatus.COMPLETED
    assert told["reservation.confirmed"] >= 1


def test_lines_that_are_paid_back_are_struck_and_the_order_never_counts_as_kept() -> None:
    company, clock = wave(replace(PLAN, supply_units=0))
    order = one_with(company, some_there=True)
    lines = lines_of(company, order)
    company.oms.split("k1", order.id, tuple(x.line_id for x in lines if not x.short))
    missing = sum(x.price.minor for x in lines if x.short)
    company.payments.refund("r1", PayOut(order.id, yuan(missing - 1), "part"))
    assert company.oms.stock.is_hopeless(company.records.order(order.id))
    company.tape.take()
    company.payments.refund("r2", PayOut(order.id, yuan(1), "rest"))
    told = Counter(each["type"] for each in company.tape.take())
    assert told["sales_order.items_changed"] == told["fulfilment_order.cancelled"] == 1
    kept = company.score().kept
    later(company, clock, 60)
    done = company.records.order(order.id)
    assert done.status is OrderStatus.COMPLETED
    assert done.total.minor == order.total.minor - missing
    assert company.score().undeliverable == 1
    assert company.score().kept >= kept


def test_goods_that_are_due_for_a_line_that_was_struck_meanwhile_stay_on_the_shelf() -> None:
    company, clock = wave()
    order = one_with(company, some_there=True)
    lines = lines_of(company, order)
    company.oms.split("k1", order.id, tuple(x.line_id for x in lines if not x.short))
    missing = sum(x.price.minor for x in lines if x.short)
    company.payments.refund("r1", PayOut(order.id, yuan(missing), "part"))
    told = later(company, clock, 90)
    assert company.records.order(order.id).status is OrderStatus.COMPLETED
    assert told["reservation.released"] == 1


def test_a_later_promise_asks_for_the_goods_that_are_due_first_come_first_served() -> None:
    company, clock = wave(replace(PLAN, supply_units=1))
    asked = {x.sku: o for o in short_orders(company) for x in lines_of(company, o) if x.short}
    for number, order in enumerate(short_orders(company)):
        company.oms.reschedule(f"k{number}", order.id, START_US + 150 * MINUTE)
    waiting = short_orders(company)
    assert len(waiting) >= 1
    assert len(asked) >= 1
    later(company, clock, 90)
    for order in waiting:
        assert company.records.order(order.id).status is OrderStatus.OPEN
    assert company.score().late >= 1


def test_a_company_that_counts_no_stock_knows_its_orders_lines_alone() -> None:
    company, clock = living_company()
    clock.advance(20 * MINUTE)
    company.catch_up()
    orders = company.records.orders.values()
    order = next(each for each in orders if each.status is OrderStatus.OPEN)
    lines = lines_of(company, order)
    assert [x.line_id for x in lines] == [x.line_id for x in order.lines]
    assert not any(x.short or x.spares or x.instead or x.due for x in lines)
    with pytest.raises(Refused, match="not short"):
        company.oms.substitute("k1", order.id, order.lines[0].line_id, "tea")
