"""Paid orders without stock: refund, cancellation and apology, and the answer to a no."""

from __future__ import annotations

from dataclasses import replace

from agents.stockless import build
from makegood.domain.actions import ActionKind, Cause
from makegood.domain.authority import ActionStatus
from makegood.domain.incidents import Evidence, IncidentKind
from tests.agents.shop import Driver, Shop, context, faults, kinds, sale
from tests.planning.city import NOW_US, city


def shop() -> Shop:
    orders, loads = city(1, orders=3, couriers=0, capacity=0, lost=0)
    sales = {order.order_id: sale(order) for order in orders}
    return Shop([], loads, sales)


def test_it_proposes_to_end_each_order_and_to_apologise() -> None:
    made = shop()
    Driver(build, context(made, IncidentKind.ANOMALY)).start()
    [proposal] = made.submitted.values()
    assert kinds(proposal) == {
        ActionKind.REFUND: 3,
        ActionKind.CANCEL: 3,
        ActionKind.NOTIFY: 3,
    }
    assert {one.action.cause for one in proposal.actions} == {Cause.OUT_OF_STOCK}
    assert faults(proposal, made) == ()


def test_what_could_not_be_delivered_is_ended_for_that_cause() -> None:
    made = shop()
    whole = context(made, IncidentKind.ANOMALY)
    seen = Evidence(name="orders_undelivered", unit="1", value=3, limit=0, observed_us=NOW_US)
    incident = whole.incident.model_copy(update={"evidence": (seen,)})
    Driver(build, replace(whole, incident=incident)).start()
    [proposal] = made.submitted.values()
    assert kinds(proposal)[ActionKind.REFUND] == 3
    assert {one.action.cause for one in proposal.actions} == {Cause.UNDELIVERABLE}
    assert faults(proposal, made) == ()
    assert "every delivery of theirs failed" in proposal.summary


def test_it_refunds_only_what_is_left_and_leaves_ended_orders_alone() -> None:
    made = shop()
    first, second, third = made.sales
    made.sales[first] = replace(made.sales[first], refunded_minor=3_000)
    made.sales[second] = replace(made.sales[second], status="cancelled")
    made.sales[third] = replace(made.sales[third], refunded_minor=8_000)
    Driver(build, context(made, IncidentKind.ANOMALY)).start()
    [proposal] = made.submitted.values()
    assert {one.action.order_id for one in proposal.actions} == {first}
    [refund] = [p.action.money for p in proposal.actions if p.action.kind is ActionKind.REFUND]
    assert refund is not None
    assert refund.minor == 5_000


def test_a_no_to_refund_and_cancellation_is_answered_by_one_coupon_an_order() -> None:
    made = shop()
    driver = Driver(build, context(made, IncidentKind.ANOMALY))
    driver.start()
    [digest] = made.submitted
    for index, outcome in list(made.judge(digest).items()):
        if outcome.status is ActionStatus.HELD:
            made.decide(digest, index, approve=False)
    driver.wake()
    [answer] = [p for d, p in made.submitted.items() if d != digest]
    assert kinds(answer) == {ActionKind.COUPON: 3}
    assert faults(answer, made) == ()


def test_a_second_round_adds_nothing() -> None:
    made = shop()
    Driver(build, context(made, IncidentKind.ANOMALY)).start()
    [digest] = made.submitted
    made.judge(digest)
    second = Driver(build, context(made, IncidentKind.ANOMALY, run_id="run-2"))
    second.start()
    assert second.done
    assert len(made.submitted) == 1


def test_a_run_does_not_end_while_nobody_knows_what_came_of_its_refund() -> None:
    made = shop()
    driver = Driver(build, context(made, IncidentKind.ANOMALY))
    driver.start()
    [digest] = made.submitted
    outcomes = made.judge(digest)
    for index, outcome in list(outcomes.items()):
        made.decide(digest, index, approve=True)
        if outcome.action.kind is ActionKind.REFUND:
            outcomes[index] = replace(outcomes[index], status=ActionStatus.UNKNOWN)
    driver.wake()
    assert not driver.done
    for index, outcome in list(outcomes.items()):
        outcomes[index] = replace(outcome, status=ActionStatus.CONFIRMED)
    driver.wake()
    assert driver.done
