"""The agent for orders that are paid and will not come: no stock, or every delivery failed.

It proposes the refund, the cancellation and an apology, and people decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agents.answers import answers
from agents.desk import graph
from agents.ending import end_orders
from agents.situation import customers_of, settled
from agents.state import RunState
from makegood.sdk import (
    SECOND,
    ActionOutcome,
    AgentContext,
    Cause,
    Decision,
    IncidentKind,
    Notify,
    Proposed,
    SalesOrder,
    SalesOrderStatus,
    agent,
)

_OPEN = (SalesOrderStatus.PLACED, SalesOrderStatus.HELD)
_UNDELIVERED = "orders_undelivered"


@agent(name="stockless", incidents=(IncidentKind.ANOMALY,))
def build(context: AgentContext) -> Any:  # noqa: ANN401 -- a StateGraph, whose type parameters say nothing here
    """Return the graph of one run."""
    run = _Stockless(context)
    return graph(context, (("observe", run.observe), ("propose", run.propose)), run.answer)


class _Stockless:
    """The nodes of one run."""

    def __init__(self, context: AgentContext) -> None:
        self._context = context
        evidence = {one.name for one in context.incident.evidence}
        self._cause = Cause.UNDELIVERABLE if _UNDELIVERED in evidence else Cause.OUT_OF_STOCK

    def observe(self, _state: RunState) -> RunState:
        """See which orders hold the customer's money and no goods."""
        failed = self._cause is Cause.UNDELIVERABLE
        why = "every delivery of theirs failed" if failed else "their stock could not be reserved"
        count = len(self._orders())
        summary = f"{count} orders are paid, and {why}."
        return {"endangered": count, "attempt": 0, "summary": summary}

    def propose(self, state: RunState) -> RunState:
        """Propose to end them, and to apologise."""
        context = self._context
        actions, decision = self._ends(self._orders())
        before = settled(context.state.earlier([one.action.order_id for one in actions]))
        actions = [one for one in actions if str(one.action.obligation_key) not in before]
        if not actions:
            return {"proposal": ""}
        proposal = context.proposal(actions, [decision], summary=state.get("summary", ""))
        return {"proposal": context.desk.submit(proposal)}

    def answer(self, rejected: Sequence[ActionOutcome]) -> tuple[list[Proposed], list[Decision]]:
        """Offer a coupon of no more money, or an apology."""
        context = self._context
        ids = sorted({one.action.order_id for one in rejected})
        sales = context.state.sales_orders(ids)
        now_us = context.clock.now_us()
        return answers(
            context,
            rejected,
            sales={order.id: order for order in sales},
            late_us={order.id: now_us - (order.placed_us or now_us) for order in sales},
            customers=customers_of(context, sales),
            settled=settled(context.state.earlier(ids)),
        )

    def _orders(self) -> tuple[SalesOrder, ...]:
        sales = self._context.state.sales_orders(self._context.incident.sales_orders)
        return tuple(
            order
            for order in sales
            if order.status in _OPEN and order.captured_minor > order.refunded_minor
        )

    def _ends(self, orders: Sequence[SalesOrder]) -> tuple[list[Proposed], Decision]:
        context = self._context
        now_us = context.clock.now_us()
        limit_s = context.policies.detection.anomaly.paid_unreserved_minutes * 60
        waiting = [(order, (now_us - (order.placed_us or 0)) // SECOND) for order in orders]
        return end_orders(waiting, limit_s, self._cause, 0, context.stamp, also=self._apology)

    def _apology(self, order: SalesOrder) -> Notify:
        return Notify(
            hub_id=order.hub_id,
            order_id=order.id,
            customer_id=order.customer_id,
            cause=self._cause,
            template=str(self._cause),
        )
