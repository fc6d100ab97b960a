"""Parcels that do not move: told at once, made good once late, ended when lost."""

from __future__ import annotations

from dataclasses import replace

from agents.parcels import build
from makegood.clock import MINUTE
from makegood.domain.actions import ActionKind, Cause
from makegood.domain.authority import ActionStatus
from makegood.domain.entities import Waybill
from makegood.domain.incidents import Evidence, IncidentKind
from makegood.planning import recompute
from makegood.proposals.types import AgentContext
from tests.agents.shop import Driver, Shop, context, faults, kinds, sale
from tests.planning.city import NOW_US, city


def shop(*, unseen_minutes: int, late_minutes: int = -30, status: str = "in_transit") -> Shop:
    orders, _ = city(1, orders=3, couriers=0, capacity=0, lost=0)
    due_us = NOW_US - late_minutes * MINUTE
    sales = {each.order_id: replace(sale(each), promised_us=due_us) for each in orders}
    made = Shop([], [], sales)
    made.parcels = [
        Waybill(
            id=f"w-{order_id}",
            status=status,
            order_id=order_id,
            carrier="swift",
            last_scan_us=NOW_US - unseen_minutes * MINUTE,
        )
        for order_id in sales
    ]
    return made


def lost(made: Shop) -> AgentContext:
    whole = context(made, IncidentKind.PARCEL)
    seen = Evidence(name="parcels_lost", unit="s", value=1, limit=0, observed_us=NOW_US)
    return replace(whole, incident=whole.incident.model_copy(update={"evidence": (seen,)}))


def test_each_customer_is_told_before_the_promise_breaks_and_nothing_else_is_done() -> None:
    made = shop(unseen_minutes=70)
    Driver(build, context(made, IncidentKind.PARCEL)).start()
    [proposal] = made.submitted.values()
    assert kinds(proposal) == {ActionKind.NOTIFY: 3}
    assert faults(proposal, made) == ()


def test_a_broken_promise_gets_a_coupon_beside_the_message() -> None:
    made = shop(unseen_minutes=70, late_minutes=40)
    Driver(build, context(made, IncidentKind.PARCEL)).start()
    [proposal] = made.submitted.values()
    assert kinds(proposal) == {ActionKind.NOTIFY: 3, ActionKind.COUPON: 3}
    assert faults(proposal, made) == ()


def test_what_the_carrier_calls_stuck_is_told_however_lately_it_was_seen() -> None:
    assert not _ran(shop(unseen_minutes=5)).submitted
    [proposal] = _ran(shop(unseen_minutes=5, status="stuck")).submitted.values()
    assert kinds(proposal) == {ActionKind.NOTIFY: 3}


def test_what_is_told_comes_out_of_the_recorded_factors_again() -> None:
    for made in (shop(unseen_minutes=70), shop(unseen_minutes=5, status="stuck")):
        [proposal] = _ran(made).submitted.values()
        for decision in proposal.decisions:
            assert recompute(decision) == tuple(each.chosen for each in decision.subjects)


def test_what_is_lost_is_ended_and_paid_back_and_people_decide() -> None:
    made = shop(unseen_minutes=300, late_minutes=60)
    driver = Driver(build, lost(made))
    driver.start()
    [proposal] = made.submitted.values()
    assert kinds(proposal) == {ActionKind.REFUND: 3, ActionKind.CANCEL: 3, ActionKind.NOTIFY: 3}
    assert {one.action.cause for one in proposal.actions} == {Cause.UNDELIVERABLE}
    assert faults(proposal, made) == ()
    [digest] = made.submitted
    held = [one for one in made.judge(digest).values() if one.status is ActionStatus.HELD]
    assert len(held) == 6


def test_a_scan_that_came_in_meanwhile_ends_nothing() -> None:
    made = shop(unseen_minutes=1, late_minutes=60)
    Driver(build, lost(made)).start()
    assert not made.submitted


def test_a_second_round_says_nothing_again() -> None:
    made = _ran(shop(unseen_minutes=70))
    [digest] = made.submitted
    made.judge(digest)
    Driver(build, context(made, IncidentKind.PARCEL, run_id="run-2")).start()
    assert len(made.submitted) == 1


def _ran(made: Shop) -> Shop:
    Driver(build, context(made, IncidentKind.PARCEL)).start()
    return made
