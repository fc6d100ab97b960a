"""The agent for orders that came in twice: it stops the second, and asks whether to end it.

Stopping is done at once, because it can be undone and a packed order cannot be unpacked in time;
paying back and ending are for people, a round later. Who says no has the order released.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agents.desk import graph
from agents.ending import covered, ending
from agents.situation import settled
from agents.state import RunState
from makegood.sdk import (
    Action,
    ActionOutcome,
    AgentContext,
    Cause,
    Decision,
    FactorSpec,
    HoldOrder,
    IncidentKind,
    Method,
    Notify,
    Option,
    Proposed,
    Release,
    SalesOrder,
    SalesOrderStatus,
    Subject,
    agent,
)


@agent(name="duplicates", incidents=(IncidentKind.DUPLICATE,))
def build(context: AgentContext) -> Any:  # noqa: ANN401 -- a StateGraph, whose type parameters say nothing here
    """Return the graph of one run."""
    run = _Duplicates(context)
    return graph(context, (("observe", run.observe), ("propose", run.propose)), run.answer)


class _Duplicates:
    """The nodes of one run."""

    def __init__(self, context: AgentContext) -> None:
        self._context = context

    def observe(self, _state: RunState) -> RunState:
        """See which orders came in a second time."""
        count = len(self._orders())
        return {"endangered": count, "attempt": 0, "summary": f"{count} orders came in twice."}

    def propose(self, state: RunState) -> RunState:
        """Stop those that are worked on; propose the end of those that stand still."""
        context, orders = self._context, self._orders()
        before = settled(context.state.earlier([one.id for one in orders]))
        made = [(one, self._next(one)) for one in orders]
        actions = [
            Proposed(action, 0, order.id)
            for order, found in made
            for action in found
            if str(action.obligation_key) not in before
        ]
        actions = covered(context, actions)
        if not actions:
            return {"proposal": ""}
        decision = self._decision(
            {order.id: "+".join(a.kind for a in found) for order, found in made}
        )
        proposal = context.proposal(actions, [decision], summary=state.get("summary", ""))
        return {"proposal": context.desk.submit(proposal)}

    def answer(self, rejected: Sequence[ActionOutcome]) -> tuple[list[Proposed], list[Decision]]:
        """Let an order go on that somebody says was meant."""
        ids = sorted({one.action.order_id for one in rejected})
        orders = [
            order
            for order in self._context.state.sales_orders(ids)
            if order.status == SalesOrderStatus.HELD
        ]
        if not orders:
            return [], []
        causes = {one.action.order_id: one.action for one in rejected}
        actions = [
            Proposed(
                Release(
                    hub_id=order.hub_id,
                    order_id=order.id,
                    customer_id=order.customer_id,
                    cause=causes[order.id].cause,
                ),
                0,
                order.id,
            )
            for order in orders
        ]
        return actions, [self._decision({order.id: "release" for order in orders})]

    def _orders(self) -> tuple[SalesOrder, ...]:
        sales = self._context.state.sales_orders(self._context.incident.sales_orders)
        working = (SalesOrderStatus.PLACED, SalesOrderStatus.HELD)
        return tuple(order for order in sales if order.status in working)

    def _next(self, order: SalesOrder) -> tuple[Action, ...]:
        """Return what comes next for one order."""
        hub_id, order_id, customer_id = order.hub_id, order.id, order.customer_id
        if order.status == SalesOrderStatus.HELD:
            asked = Notify(
                hub_id=hub_id,
                order_id=order_id,
                customer_id=customer_id,
                cause=Cause.DUPLICATE,
                template="ordered_twice",
            )
            return (*ending(order, Cause.DUPLICATE), asked)
        stop = HoldOrder(
            hub_id=hub_id, order_id=order_id, customer_id=customer_id, cause=Cause.DUPLICATE
        )
        return (stop,)

    def _decision(self, chosen: dict[str, str]) -> Decision:
        """Record for each order that it would be delivered, and paid for, twice."""
        subjects = tuple(
            Subject(
                id=order_id,
                options=(Option(key="carry_on", values=(1,)), Option(key=what, values=(0,))),
                chosen=1,
            )
            for order_id, what in chosen.items()
        )
        stamp = self._context.stamp
        return Decision(
            method=Method.LEAST_SCORE,
            factors=(FactorSpec(name="delivered_twice", unit="orders", weight=1),),
            subjects=subjects,
            policy_digest=stamp.policy_digest,
            workspace_digest=stamp.workspace_digest,
        )
