"""What follows from a plan for orders whose goods are missing: actions, and what customers hear."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from agents.ending import ending
from makegood.sdk import (
    Action,
    ActionKind,
    ActionOutcome,
    ActionStatus,
    Cause,
    Decision,
    FactorSpec,
    Method,
    Money,
    Notify,
    Option,
    Proposed,
    Refund,
    Reroute,
    Reschedule,
    Short,
    Split,
    Stamp,
    StockPlan,
    StockWay,
    Subject,
    Substitute,
    WayOut,
)

CAUSE: Final = Cause.OUT_OF_STOCK
_AT_WORK: Final = "stock_short"
_DONE: Final = {
    ActionKind.REROUTE: "other_hub",
    ActionKind.SUBSTITUTE: "substituted",
    ActionKind.SPLIT: "in_two_parts",
    ActionKind.RESCHEDULE: "new_promise",
}
_WORDS: Final = {
    WayOut.REROUTE: "come from another hub",
    WayOut.SUBSTITUTE: "get something else",
    WayOut.SPLIT: "come in two parts",
    WayOut.SPLIT_PAID: "come in part, the rest is paid back",
    WayOut.RESCHEDULE: "come when the goods are due",
    WayOut.END: "are ended and paid back",
}


def actions_of(plan: StockPlan, decision: int) -> list[Proposed]:
    """Return what the plan does, explained by the given decision of the proposal."""
    return [
        Proposed(action, decision, short.order.id)
        for short, way in plan.chosen
        if way is not None
        for action in _actions(short, way)
    ]


def words_of(plan: StockPlan) -> str:
    """Return how many orders go which way, in one sentence."""
    outs = [way.out for _, way in plan.chosen if way is not None]
    parts = [f"{outs.count(out)} {words}" for out, words in _WORDS.items() if out in outs]
    return ", ".join(parts) or "nothing can be done yet"


def told(
    outcomes: Sequence[ActionOutcome], settled: frozenset[str], stamp: Stamp
) -> tuple[list[Proposed], list[Decision]]:
    """Tell each customer what was done for their order, now that it was."""
    found: dict[str, Proposed] = {}
    for outcome in outcomes:
        template = _DONE.get(outcome.action.kind)
        if template is None or outcome.status is not ActionStatus.CONFIRMED:
            continue
        old = outcome.action
        message = Notify(**_about(old.hub_id, old.order_id, old.customer_id), template=template)
        if str(message.obligation_key) not in settled:
            found.setdefault(old.order_id, Proposed(message, 0, old.order_id))
    return list(found.values()), [_why_told(list(found), stamp)] if found else []


def _actions(short: Short, way: StockWay) -> list[Action]:
    order = short.order
    about = _about(order.hub_id, order.id, order.customer_id)
    if way.out is WayOut.END:
        return [*ending(order, CAUSE), Notify(**about, template=str(CAUSE))]
    made: list[Action] = [_remedy(short, way, about)]
    if way.refund_minor:
        amount = Money(minor=way.refund_minor, currency=order.currency)
        made.append(Refund(**about, amount=amount, lines=way.refund_lines))
    return [*made, Notify(**about, template=_AT_WORK)]


def _remedy(short: Short, way: StockWay, about: dict[str, Any]) -> Action:
    if way.out is WayOut.SUBSTITUTE:
        return Substitute(**about, line=way.line, sku=way.sku)
    if way.out is WayOut.RESCHEDULE:
        return Reschedule(**about, promised_us=way.promised_us)
    if way.out is WayOut.REROUTE and short.delivery is not None:
        delivery = short.delivery
        return Reroute(
            **about,
            fulfilment_id=delivery.id,
            assignment=delivery.assignment,
            to_hub=way.to_hub,
        )
    return Split(**about, lines=way.lines)


def _about(hub_id: str, order_id: str, customer_id: str) -> dict[str, Any]:
    return {
        "hub_id": hub_id,
        "order_id": order_id,
        "customer_id": customer_id,
        "cause": CAUSE,
    }


def _why_told(order_ids: Sequence[str], stamp: Stamp) -> Decision:
    options = (Option(key="nothing", values=(1,)), Option(key="notify", values=(0,)))
    return Decision(
        method=Method.LEAST_SCORE,
        factors=(FactorSpec(name="left_unanswered", unit="customers", weight=1),),
        subjects=tuple(Subject(id=each, options=options, chosen=1) for each in order_ids),
        policy_digest=stamp.policy_digest,
        workspace_digest=stamp.workspace_digest,
    )
