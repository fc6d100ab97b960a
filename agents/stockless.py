"""The agent for orders that are paid and will not come: no stock, or every delivery failed.

Where goods are missing it looks for them elsewhere first: another hub, another article, a split,
goods that are due. What nothing can be found for it proposes to end and to pay back, with an
apology, and people decide.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from agents.answers import answers
from agents.desk import graph
from agents.ending import covered, end_orders, pay_back
from agents.situation import customers_of, settled
from agents.state import RunState
from agents.stock_actions import actions_of, told, words_of
from agents.stock_seen import scene_of, shorts_of
from makegood.sdk import (
    SECOND,
    ActionKind,
    ActionOutcome,
    ActionStatus,
    AgentContext,
    Cause,
    Decision,
    Earlier,
    IncidentKind,
    Notify,
    Proposed,
    SalesOrder,
    SalesOrderStatus,
    agent,
    plan_stock,
    unsettled,
)

_OPEN = (SalesOrderStatus.PLACED, SalesOrderStatus.HELD)
_UNDELIVERED = "orders_undelivered"
_KEPT = "orders_kept"
_TRIES = 3
_LIVE = (
    ActionStatus.HELD,
    ActionStatus.GRANTED,
    ActionStatus.INTENDED,
    ActionStatus.UNKNOWN,
    ActionStatus.CONFIRMED,
    ActionStatus.REJECTED,
)


@agent(name="stockless", incidents=(IncidentKind.ANOMALY,))
def build(context: AgentContext) -> Any:  # noqa: ANN401 -- a StateGraph, whose type parameters say nothing here
    """Return the graph of one run."""
    run = _Stockless(context)
    nodes = (("observe", run.observe), ("propose", run.propose))
    return graph(context, nodes, run.answer, run.follow)


class _Stockless:
    """The nodes of one run."""

    def __init__(self, context: AgentContext) -> None:
        self._context = context
        evidence = {one.name for one in context.incident.evidence}
        self._kept = _KEPT in evidence
        self._cause = Cause.UNDELIVERABLE if _UNDELIVERED in evidence else Cause.OUT_OF_STOCK

    def observe(self, _state: RunState) -> RunState:
        """See which orders hold the customer's money and no goods."""
        failed = self._cause is Cause.UNDELIVERABLE
        why = "every delivery of theirs failed" if failed else "their stock could not be reserved"
        count = len(self._orders())
        summary = f"{count} orders are paid, and {why}."
        if self._kept:
            summary = f"{count} orders were ended, and nothing pays their money back."
        return {"endangered": count, "attempt": 0, "summary": summary}

    def propose(self, state: RunState) -> RunState:
        """Propose what puts each of them right, or ends it with an apology."""
        context = self._context
        orders, summary = self._orders(), state.get("summary", "")
        earlier = context.state.earlier([order.id for order in orders])
        if self._kept:
            actions, decisions = self._pays_back(orders, earlier)
        elif self._cause is Cause.UNDELIVERABLE:
            actions, decisions = self._ends(orders)
        else:
            actions, decisions, words = self._remedies(orders, earlier)
            summary = f"{summary} {words}".strip()
        before = settled(earlier) - (self._may_ask_again(earlier) if self._kept else frozenset())
        actions = [one for one in actions if str(one.action.obligation_key) not in before]
        actions = covered(context, actions)
        if not actions:
            return {"proposal": ""}
        proposal = context.proposal(actions, decisions, summary=summary)
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

    def follow(self, outcomes: Sequence[ActionOutcome]) -> tuple[list[Proposed], list[Decision]]:
        """Tell customers what was done for their orders."""
        ids = sorted({one.action.order_id for one in outcomes})
        return told(outcomes, settled(self._context.state.earlier(ids)), self._context.stamp)

    def _orders(self) -> tuple[SalesOrder, ...]:
        """Return the orders that hold money and for which nothing stands yet."""
        state, ids = self._context.state, self._context.incident.sales_orders
        sales = state.sales_orders(ids if self._kept else unsettled(ids, state.earlier(ids)))
        wanted = (SalesOrderStatus.CANCELLED,) if self._kept else _OPEN
        return tuple(
            order
            for order in sales
            if order.status in wanted and order.captured_minor > order.refunded_minor
        )

    def _remedies(
        self, orders: Sequence[SalesOrder], earlier: Sequence[Earlier]
    ) -> tuple[list[Proposed], list[Decision], str]:
        """Return the best way out for each order, all of them weighed together."""
        shorts = shorts_of(self._context, orders, earlier)
        plan = plan_stock(shorts, scene_of(self._context, shorts), self._context.stamp)
        if plan is None:
            return [], [], ""
        return actions_of(plan, 0), [plan.decision], f"{words_of(plan).capitalize()}."

    def _may_ask_again(self, earlier: Sequence[Earlier]) -> frozenset[str]:
        """Return refunds that the gate refused so few times that it may be for the amount."""
        refused = Counter(
            str(one.obligation)
            for one in earlier
            if one.kind is ActionKind.REFUND and one.status is ActionStatus.DENIED
        )
        live = {str(one.obligation) for one in earlier if one.status in _LIVE}
        return frozenset(key for key, times in refused.items() if times < _TRIES) - live

    def _pays_back(
        self, orders: Sequence[SalesOrder], earlier: Sequence[Earlier]
    ) -> tuple[list[Proposed], list[Decision]]:
        """Return the other half of ends that were carried out, each for the cause it ended for."""
        causes = {
            one.order_id: Cause(one.obligation.entitlement)
            for one in earlier
            if one.kind is ActionKind.CANCEL and one.status is ActionStatus.CONFIRMED
        }
        ended = [order for order in orders if order.id in causes]
        actions, decision = pay_back(ended, causes, 0, self._context.stamp)
        return actions, [decision]

    def _ends(self, orders: Sequence[SalesOrder]) -> tuple[list[Proposed], list[Decision]]:
        context = self._context
        now_us = context.clock.now_us()
        limit_s = context.policies.detection.anomaly.paid_unreserved_minutes * 60
        waiting = [(order, (now_us - (order.placed_us or 0)) // SECOND) for order in orders]
        actions, decision = end_orders(
            waiting, limit_s, self._cause, 0, context.stamp, also=self._apology
        )
        return actions, [decision]

    def _apology(self, order: SalesOrder) -> Notify:
        return Notify(
            hub_id=order.hub_id,
            order_id=order.id,
            customer_id=order.customer_id,
            cause=self._cause,
            template=str(self._cause),
        )
