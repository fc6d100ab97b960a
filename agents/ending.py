"""Ending an order that can no longer be served: refund and cancellation, for people to decide."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from makegood.sdk import (
    Action,
    ActionKind,
    AgentContext,
    Cancel,
    Cause,
    Decision,
    FactorSpec,
    Method,
    Money,
    Option,
    Proposed,
    Refund,
    SalesOrder,
    Stamp,
    Subject,
    left_to_pay_back,
)


def ending(order: SalesOrder, cause: Cause) -> tuple[Action, ...]:
    """Return what ends an order: its refund, where money was taken, and its cancellation."""
    hub_id, order_id, customer_id = order.hub_id, order.id, order.customer_id
    left = order.captured_minor - order.refunded_minor
    made: list[Action] = []
    if left > 0:
        made.append(_refund(order, cause, left))
    if order.currency:
        amount = Money(minor=order.worth_minor, currency=order.currency)
        made.append(
            Cancel(
                hub_id=hub_id,
                order_id=order_id,
                customer_id=customer_id,
                cause=cause,
                amount=amount,
            )
        )
    return tuple(made)


def end_orders(
    waiting: Sequence[tuple[SalesOrder, int]],
    limit_s: int,
    cause: Cause,
    decision: int,
    stamp: Stamp,
    *,
    also: Callable[[SalesOrder], Action] | None = None,
) -> tuple[list[Proposed], Decision]:
    """Return the ends of orders that wait longer than `limit_s`, and the decision behind them.

    `waiting` gives each order's delay in seconds, `decision` is the index that the decision will
    have, and `also` makes one more action for each order that ends.
    """
    actions: list[Proposed] = []
    subjects: list[Subject] = []
    for order, delay_s in waiting:
        made = ending(order, cause)
        if made and also is not None:
            made = (*made, also(order))
        chosen = delay_s > limit_s and bool(made)
        if chosen:
            actions += [Proposed(one, decision, order.id) for one in made]
        options = [Option(key="wait", values=(delay_s,))]
        if made:
            options.append(Option(key="+".join(one.kind for one in made), values=(limit_s,)))
        subjects.append(Subject(id=order.id, options=tuple(options), chosen=int(chosen)))
    explained = Decision(
        method=Method.LEAST_SCORE,
        factors=(FactorSpec(name="delay", unit="s", weight=1),),
        subjects=tuple(subjects),
        policy_digest=stamp.policy_digest,
        workspace_digest=stamp.workspace_digest,
    )
    return actions, explained


def pay_back(
    orders: Sequence[SalesOrder], causes: Mapping[str, Cause], decision: int, stamp: Stamp
) -> tuple[list[Proposed], Decision]:
    """Return refunds of orders that were ended and not paid back, and the decision behind them."""
    actions = [
        Proposed(_refund(order, causes[order.id], left), decision, order.id)
        for order in orders
        if (left := order.captured_minor - order.refunded_minor) > 0
    ]
    options = (Option(key="keep", values=(1,)), Option(key=ActionKind.REFUND, values=(0,)))
    explained = Decision(
        method=Method.LEAST_SCORE,
        factors=(FactorSpec(name="kept", unit="orders", weight=1),),
        subjects=tuple(Subject(id=one.subject, options=options, chosen=1) for one in actions),
        policy_digest=stamp.policy_digest,
        workspace_digest=stamp.workspace_digest,
    )
    return actions, explained


def covered(context: AgentContext, actions: Sequence[Proposed]) -> list[Proposed]:
    """Return actions with refunds of whole orders cut down to what is left to pay back.

    Part of it may have been paid a moment ago, and nobody has reported that yet: asked for the
    whole, the gate would refuse it all, and an order could end with the rest of its money kept.
    """
    ids = sorted({one.action.order_id for one in actions if _is_whole(one.action)})
    if not ids:
        return list(actions)
    earlier = context.state.earlier(ids)
    left = {one.id: left_to_pay_back(one, earlier) for one in context.state.sales_orders(ids)}
    return [made for one in actions if (made := _cut(one, left)) is not None]


def _cut(one: Proposed, left: Mapping[str, int]) -> Proposed | None:
    action = one.action
    if not isinstance(action, Refund) or action.lines:
        return one
    minor = min(action.amount.minor, left.get(action.order_id, 0))
    if minor == action.amount.minor:
        return one
    amount = Money(minor=minor, currency=action.amount.currency)
    return replace(one, action=action.model_copy(update={"amount": amount})) if minor else None


def _is_whole(action: Action) -> bool:
    return isinstance(action, Refund) and not action.lines


def _refund(order: SalesOrder, cause: Cause, minor: int) -> Refund:
    return Refund(
        hub_id=order.hub_id,
        order_id=order.id,
        customer_id=order.customer_id,
        cause=cause,
        amount=Money(minor=minor, currency=order.currency),
    )
