"""Orders whose goods could come from elsewhere: what is proposed for them, and then said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from langchain_core.tools import StructuredTool

from agents.stockless import build
from makegood.clock import MINUTE
from makegood.domain.actions import (
    ActionKind,
    Cause,
    Refund,
    Reroute,
    Reschedule,
    Split,
    Substitute,
)
from makegood.domain.authority import ActionStatus
from makegood.domain.entities import Hub
from makegood.domain.geo import Point
from makegood.domain.incidents import IncidentKind
from makegood.domain.sourcing import Due, LineSources, Sourcing, Spare, Swap
from makegood.errors import ReadFailed
from makegood.proposals.types import AgentContext, Proposal
from tests.agents.shop import Driver, Shop, context, faults, kinds, sale
from tests.planning.city import HOME, NOW_US, city

OTHER = Point(HOME.lat + 0.008, HOME.lon + 0.008)
Lines = Callable[[], tuple[LineSources, ...]]


def shop(number: int = 1) -> Shop:
    orders, loads = city(1, orders=number, couriers=3, capacity=6, lost=0)
    orders = [
        replace(each, courier_id=None, status="created", promised_us=NOW_US + 40 * MINUTE)
        for each in orders
    ]
    sales = {each.order_id: sale(each) for each in orders}
    return Shop(orders, loads, sales, Hub(id="hub-2", status="open", position=OTHER))


def run_of(made: Shop, lines: Lines, *, run_id: str = "run-1") -> AgentContext:
    def sources(order_ids: list[str]) -> list[Sourcing]:
        return [Sourcing(each, lines()) for each in order_ids]

    tool = StructuredTool.from_function(sources, description="where goods could come from")
    return context(made, IncidentKind.ANOMALY, run_id=run_id, tools={"sources": tool})


def started(made: Shop, lines: Lines) -> tuple[Driver, Proposal]:
    driver = Driver(build, run_of(made, lines))
    driver.start()
    [proposal] = made.submitted.values()
    assert faults(proposal, made) == ()
    assert {one.action.cause for one in proposal.actions} == {Cause.OUT_OF_STOCK}
    return driver, proposal


def missing() -> LineSources:
    return LineSources("1", "tea", 1, 5_000, short=True)


def there() -> LineSources:
    return LineSources("2", "milk", 1, 3_000, short=False)


def elsewhere() -> tuple[LineSources, ...]:
    return (replace(missing(), spares=(Spare("hub-2", 4, OTHER),)),)


def actions(proposal: Proposal, kind: ActionKind) -> list[object]:
    return [one.action for one in proposal.actions if one.action.kind is kind]


def test_goods_that_another_hub_has_are_fetched_from_there() -> None:
    made = shop(2)
    _, proposal = started(made, elsewhere)
    assert kinds(proposal) == {ActionKind.REROUTE: 2, ActionKind.NOTIFY: 2}
    for action in actions(proposal, ActionKind.REROUTE):
        assert isinstance(action, Reroute)
        [delivery] = made.fulfilments([action.fulfilment_id])
        assert (action.to_hub, action.assignment) == ("hub-2", delivery.assignment)
    assert "2 come from another hub" in proposal.summary


def test_another_article_is_taken_and_what_it_is_cheaper_is_paid_back() -> None:
    _, proposal = started(shop(), lambda: (replace(missing(), swaps=(Swap("milk", 3, 3_600),)),))
    [swap], [refund] = (actions(proposal, k) for k in (ActionKind.SUBSTITUTE, ActionKind.REFUND))
    assert isinstance(swap, Substitute)
    assert (swap.line, swap.sku) == ("1", "milk")
    assert isinstance(refund, Refund)
    assert (refund.amount.minor, refund.lines) == (1_400, ("1",))


def test_what_is_there_goes_apart_and_what_is_missing_is_paid_back() -> None:
    _, proposal = started(shop(), lambda: (missing(), there()))
    [split], [refund] = (actions(proposal, k) for k in (ActionKind.SPLIT, ActionKind.REFUND))
    assert isinstance(split, Split)
    assert isinstance(refund, Refund)
    assert (split.lines, refund.amount.minor, refund.lines) == (("2",), 5_000, ("1",))


def test_goods_that_are_due_move_the_promise() -> None:
    due = Due(NOW_US + 40 * MINUTE, 3)
    _, proposal = started(shop(), lambda: (replace(missing(), due=due),))
    [later] = actions(proposal, ActionKind.RESCHEDULE)
    assert isinstance(later, Reschedule)
    assert later.promised_us > due.at_us


def test_without_word_of_stock_orders_are_ended_as_before() -> None:
    def fails() -> tuple[LineSources, ...]:
        raise ReadFailed("orders /oms/sources: no answer")

    _, proposal = started(shop(), fails)
    assert kinds(proposal) == {ActionKind.REFUND: 1, ActionKind.CANCEL: 1, ActionKind.NOTIFY: 1}


def test_customers_are_told_once_it_is_done() -> None:
    made = shop(2)
    driver, _ = started(made, elsewhere)
    [digest] = made.submitted
    made.judge(digest)
    driver.wake()
    [said] = [one for key, one in made.submitted.items() if key != digest]
    assert (said.attempt, kinds(said)) == (1, {ActionKind.NOTIFY: 2})
    assert faults(said, made) == ()
    made.judge(next(key for key in made.submitted if key != digest))
    driver.wake()
    assert driver.done


def test_after_a_no_the_next_round_finds_another_way_out() -> None:
    made = shop()
    spares = elsewhere()[0].spares
    driver, _ = started(made, lambda: (*elsewhere(), replace(there(), spares=spares)))
    [digest] = made.submitted
    outcomes = made.judge(digest)
    index = next(i for i, one in outcomes.items() if one.action.kind is ActionKind.REROUTE)
    made.decide(digest, index, approve=False)
    driver.wake()
    assert driver.done
    Driver(build, run_of(made, lambda: (*elsewhere(), there()), run_id="run-2")).start()
    second = next(one for one in made.submitted.values() if one.run_id == "run-2")
    assert kinds(second) == {ActionKind.SPLIT: 1, ActionKind.REFUND: 1}


def test_an_order_that_something_stands_for_is_left_alone() -> None:
    made = shop(2)
    started(made, elsewhere)
    [digest] = made.submitted
    made.judge(digest)
    again = Driver(build, run_of(made, elsewhere, run_id="run-2"))
    again.start()
    assert again.done
    assert len(made.submitted) == 1


def test_what_came_too_late_for_its_goods_is_tried_once_more_and_then_otherwise() -> None:
    made = shop()
    for run in ("run-1", "run-2", "run-3"):
        Driver(build, run_of(made, elsewhere, run_id=run)).start()
        digest, proposal = list(made.submitted.items())[-1]
        outcomes = made.judge(digest)
        for i, one in outcomes.items():
            if one.action.kind is ActionKind.REROUTE:
                outcomes[i] = replace(one, status=ActionStatus.FAILED)
        wanted = ActionKind.REFUND if run == "run-3" else ActionKind.REROUTE
        assert proposal.run_id == run
        assert wanted in kinds(proposal)


def test_another_hub_than_the_decision_chose_is_not_explained_by_it() -> None:
    made = shop()
    _, proposal = started(made, elsewhere)
    wrong = tuple(
        replace(one, action=one.action.model_copy(update={"to_hub": "hub-3"}))
        if isinstance(one.action, Reroute)
        else one
        for one in proposal.actions
    )
    [fault] = faults(replace(proposal, actions=wrong), made)
    assert (fault.field, "to:hub-2" in fault.why) == ("kind", True)
