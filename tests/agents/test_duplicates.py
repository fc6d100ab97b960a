"""Orders that came in twice: stopped at once, ended by people, released where they say no."""

from __future__ import annotations

from dataclasses import replace

from agents.duplicates import build
from makegood.domain.actions import ActionKind, Cause
from makegood.domain.authority import ActionStatus
from makegood.domain.incidents import IncidentKind
from makegood.domain.statuses import SalesOrderStatus
from tests.agents.shop import Driver, Shop, context, faults, kinds, sale
from tests.planning.city import city


def shop(status: str = "placed") -> Shop:
    orders, _ = city(1, orders=2, couriers=0, capacity=0, lost=0)
    return Shop([], [], {each.order_id: replace(sale(each), status=status) for each in orders})


def test_an_order_that_is_worked_on_is_stopped_and_nothing_else() -> None:
    made = shop()
    Driver(build, context(made, IncidentKind.DUPLICATE)).start()
    [proposal] = made.submitted.values()
    assert kinds(proposal) == {ActionKind.HOLD: 2}
    assert {one.action.cause for one in proposal.actions} == {Cause.DUPLICATE}
    assert faults(proposal, made) == ()


def test_an_order_that_stands_still_is_ended_by_a_persons_word() -> None:
    made = shop("held")
    Driver(build, context(made, IncidentKind.DUPLICATE)).start()
    [proposal] = made.submitted.values()
    assert kinds(proposal) == {ActionKind.REFUND: 2, ActionKind.CANCEL: 2, ActionKind.NOTIFY: 2}
    assert faults(proposal, made) == ()
    [digest] = made.submitted
    held = [one for one in made.judge(digest).values() if one.status is ActionStatus.HELD]
    assert {one.action.kind for one in held} == {ActionKind.REFUND, ActionKind.CANCEL}


def test_an_order_that_somebody_says_was_meant_goes_on() -> None:
    made = shop("held")
    driver = Driver(build, context(made, IncidentKind.DUPLICATE))
    driver.start()
    [digest] = made.submitted
    for index, outcome in list(made.judge(digest).items()):
        if outcome.status is ActionStatus.HELD:
            made.decide(digest, index, approve=False)
    driver.wake()
    [answer] = [each for name, each in made.submitted.items() if name != digest]
    assert kinds(answer) == {ActionKind.RELEASE: 2}
    assert faults(answer, made) == ()


def test_an_order_that_is_over_is_left_alone() -> None:
    made = shop(SalesOrderStatus.CANCELLED)
    Driver(build, context(made, IncidentKind.DUPLICATE)).start()
    assert not made.submitted
