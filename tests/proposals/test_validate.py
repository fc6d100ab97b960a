"""What a proposal may not say, whoever made it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from agents.storm import build
from makegood.domain.actions import Action, ActionKind, Cancel, Cause, StopService
from makegood.domain.money import Money
from makegood.proposals.types import Proposal, Proposed
from makegood.proposals.validate import without
from tests.agents.shop import Driver, Shop, context, faults, raining, sale
from tests.planning.city import city


def shop() -> Shop:
    orders, loads = city(1, orders=40, couriers=6, capacity=5, lost=3)
    return Shop(orders, loads, {order.order_id: sale(order) for order in orders}, raining())


@cache
def proposal() -> Proposal:
    made = shop()
    Driver(build, context(made)).start()
    [found] = made.submitted.values()
    return found


def find(kind: ActionKind) -> int:
    return next(i for i, one in enumerate(proposal().actions) if one.action.kind is kind)


def spoiled(index: int, **changes: object) -> Proposal:
    old = proposal().actions[index]
    action: Action = old.action.model_copy(update=changes)
    return put(index, replace(old, action=action))


def put(index: int, one: Proposed) -> Proposal:
    actions = list(proposal().actions)
    actions[index] = one
    return replace(proposal(), actions=tuple(actions))


def test_a_sound_proposal_has_no_faults() -> None:
    assert faults(proposal(), shop()) == ()


@pytest.mark.parametrize(
    ("kind", "changes", "field"),
    [
        (ActionKind.REASSIGN, {"order_id": "none"}, "order_id"),
        (ActionKind.REASSIGN, {"fulfilment_id": "none"}, "fulfilment_id"),
        (ActionKind.REASSIGN, {"assignment": 7}, "assignment"),
        (ActionKind.REASSIGN, {"hub_id": "elsewhere"}, "hub_id"),
        (ActionKind.REASSIGN, {"to_courier": "nobody"}, "to_courier"),
        (ActionKind.REASSIGN, {"from_courier": "nobody"}, "from_courier"),
        (ActionKind.REASSIGN, {"customer_id": "somebody"}, "customer_id"),
        (ActionKind.NOTIFY, {"hub_id": "elsewhere"}, "hub_id"),
        # Made past its own types, as code can; a tool would ask for another path.
        (ActionKind.NOTIFY, {"hub_id": "h/../../orders/o/cancel?"}, "notify.hub_id"),
        (ActionKind.COUPON, {"amount": Money(minor=1, currency="CNY")}, "amount.minor"),
        (ActionKind.COUPON, {"amount": Money(minor=9_000, currency="CNY")}, "amount.minor"),
        (ActionKind.COUPON, {"amount": Money(minor=300, currency="EUR")}, "amount.currency"),
    ],
)
def test_an_action_that_does_not_fit_the_state_or_its_decision_is_found(
    kind: ActionKind, changes: dict[str, Any], field: str
) -> None:
    index = find(kind)
    found = faults(spoiled(index, **changes), shop())
    assert {fault.index for fault in found} == {index}
    assert field in {fault.field for fault in found}


def test_a_stop_of_a_hub_that_there_is_not_is_found() -> None:
    stop = StopService(hub_id="elsewhere", order_id="-", cause=Cause.SAFETY)
    said = [fault for fault in faults(put(0, Proposed(stop, 0, "")), shop()) if fault.index == 0]
    assert ("hub_id", "there is no hub 'elsewhere'") in [(one.field, one.why) for one in said]
    here = stop.model_copy(update={"hub_id": proposal().actions[0].action.hub_id})
    said = [fault for fault in faults(put(0, Proposed(here, 0, "")), shop()) if fault.index == 0]
    assert "hub_id" not in [one.field for one in said]


def test_an_end_of_an_order_says_what_the_order_is_worth() -> None:
    index = find(ActionKind.NOTIFY)
    about = proposal().actions[index].action
    [order] = shop().sales_orders([about.order_id])
    end = {"hub_id": about.hub_id, "order_id": order.id, "cause": Cause.WEATHER}
    for minor, said in ((order.worth_minor, False), (1, True), (order.worth_minor + 1, True)):
        amount = Money(minor=minor, currency=order.currency)
        cancel = Cancel.model_validate(end | {"amount": amount})
        found = faults(put(index, Proposed(cancel, 0, "")), shop())
        assert ("amount.minor" in {fault.field for fault in found}) is said


@pytest.mark.parametrize(
    ("decision", "subject", "field"),
    [(9, "", "decision"), (-1, "", "decision"), (None, "none", "subject")],
)
def test_an_action_that_nothing_explains_is_found(
    decision: int | None, subject: str, field: str
) -> None:
    index = find(ActionKind.COUPON)
    old = proposal().actions[index]
    number = old.decision if decision is None else decision
    found = faults(
        put(index, replace(old, decision=number, subject=subject or old.subject)), shop()
    )
    assert [(fault.index, fault.field) for fault in found] == [(index, field)]


def test_a_decision_that_was_not_made_from_its_record_explains_nothing() -> None:
    old = proposal()
    subjects = list(old.decisions[0].subjects)
    place, subject = next((i, one) for i, one in enumerate(subjects) if len(one.options) > 1)
    other = (subject.chosen + 1) % len(subject.options)
    subjects[place] = subject.model_copy(update={"chosen": other})
    forged = old.decisions[0].model_copy(update={"subjects": tuple(subjects)})
    found = faults(replace(old, decisions=(forged, *old.decisions[1:])), shop())
    behind = {i for i, one in enumerate(old.actions) if one.decision == 0}
    assert {fault.index for fault in found if fault.field == "decision"} == behind


def test_a_decision_weighs_as_policy_does() -> None:
    """The margin of a choice, and its explanation, are worth what its weights are."""
    first = proposal().decisions[0]
    changed = [
        factor.model_copy(update={"weight": factor.weight + (not place)})
        for place, factor in enumerate(first.factors)
    ]
    again = first.model_copy(update={"factors": tuple(changed)})
    found = faults(replace(proposal(), decisions=(again, *proposal().decisions[1:])), shop())
    explained = {i for i, one in enumerate(proposal().actions) if one.decision == 0}
    assert {fault.index for fault in found if "policy says" in fault.why} == explained


def test_faulty_actions_can_be_left_out() -> None:
    index = find(ActionKind.COUPON)
    bad = spoiled(index, amount=Money(minor=1, currency="CNY"))
    good = without(bad, faults(bad, shop()))
    assert len(good.actions) == len(bad.actions) - 1
    assert faults(good, shop()) == ()


def test_the_digest_follows_the_actions() -> None:
    index = find(ActionKind.COUPON)
    changed = spoiled(index, amount=Money(minor=1, currency="CNY"))
    assert proposal().digest() != changed.digest()
    assert proposal().digest() == replace(proposal()).digest()
