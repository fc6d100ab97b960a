"""What may follow a rejection: one other thing, never of more money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agents.coupons import Late, awards, coupons
from makegood.sdk import (
    ActionKind,
    ActionOutcome,
    AgentContext,
    CustomerReading,
    Decision,
    FactorSpec,
    Method,
    Notify,
    Option,
    Proposed,
    SalesOrder,
    Stamp,
    Subject,
)


def answers(
    context: AgentContext,
    rejected: Sequence[ActionOutcome],
    *,
    sales: Mapping[str, SalesOrder],
    late_us: Mapping[str, int],
    customers: Mapping[str, CustomerReading],
    settled: frozenset[str],
) -> tuple[list[Proposed], list[Decision]]:
    """Offer a coupon of no more money instead of a refund or cancellation, or else an apology.

    `late_us` is by sales order. The cause stays that of what was rejected.
    """
    instead = _instead(rejected, sales, late_us)
    awarded = awards(context, instead, customers, settled)
    decisions = [awarded.decision] if awarded else []
    actions = coupons(awarded, instead, 0, ()) if awarded else []
    offered = {one.action.order_id for one in actions}
    others = [one for one in rejected if one.action.order_id not in offered]
    sorry, behind = _apologies(others, settled, len(decisions), context.stamp)
    return actions + sorry, decisions + ([behind] if behind else [])


def _instead(
    rejected: Sequence[ActionOutcome], sales: Mapping[str, SalesOrder], late_us: Mapping[str, int]
) -> list[Late]:
    """Return, for each order whose refund or cancellation was rejected, what a coupon may be."""
    found: dict[str, Late] = {}
    for outcome in rejected:
        action, money = outcome.action, outcome.action.money
        order = sales.get(action.order_id)
        if order is None or money is None or action.kind is ActionKind.COUPON:
            continue
        before = found.get(order.id)
        at_most = money.minor if before is None else min(money.minor, before.at_most or 0)
        found[order.id] = Late(order, late_us.get(order.id, 0), action.cause, at_most)
    return list(found.values())


def _apologies(
    rejected: Sequence[ActionOutcome], settled: frozenset[str], decision: int, stamp: Stamp
) -> tuple[list[Proposed], Decision | None]:
    """Return a plain apology for each order, which costs nothing, and the decision behind them."""
    actions: dict[str, Proposed] = {}
    for outcome in rejected:
        old = outcome.action
        action = Notify(
            hub_id=old.hub_id,
            order_id=old.order_id,
            customer_id=old.customer_id,
            cause=old.cause,
            template="apology",
        )
        if str(action.obligation_key) not in settled:
            actions.setdefault(old.order_id, Proposed(action, decision, old.order_id))
    if not actions:
        return [], None
    options = (Option(key="nothing", values=(1,)), Option(key="notify", values=(0,)))
    explained = Decision(
        method=Method.LEAST_SCORE,
        factors=(FactorSpec(name="left_unanswered", unit="customers", weight=1),),
        subjects=tuple(Subject(id=each, options=options, chosen=1) for each in actions),
        policy_digest=stamp.policy_digest,
        workspace_digest=stamp.workspace_digest,
    )
    return list(actions.values()), explained
