"""Ending an order that can no longer be served: refund and cancellation, for people to decide."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from makegood.sdk import (
    Action,
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
)


def ending(order: SalesOrder, cause: Cause) -> tuple[Action, ...]:
    """Return what ends an order: its refund, where money was taken, and its cancellation."""
    hub_id, order_id, customer_id = order.hub_id, order.id, order.customer_id
    left = order.captured_minor - order.refunded_minor
    made: list[Action] = []
    if left > 0:
        amount = Money(minor=left, currency=order.currency)
        made.append(
            Refund(
                hub_id=hub_id,
                order_id=order_id,
                customer_id=customer_id,
                cause=cause,
                amount=amount,
            )
        )
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
