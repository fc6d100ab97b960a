"""The agent for parcels that do not move: it tells, it compensates, and it gives up what is lost.

A parcel that its carrier has not seen for long will be late: its customer is told at once, before
the promise breaks, and gets a coupon by the ladder once it is broken. Parcels that policy counts as
lost are paid back and ended, which people decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from agents.answers import answers
from agents.coupons import Late, awards, coupons
from agents.desk import graph
from agents.ending import covered, end_orders
from agents.situation import customers_of, settled
from agents.state import RunState
from makegood.sdk import (
    MINUTE,
    SECOND,
    ActionOutcome,
    AgentContext,
    Cause,
    Decision,
    FactorSpec,
    IncidentKind,
    Method,
    Notify,
    Option,
    Proposed,
    SalesOrder,
    SalesOrderStatus,
    Subject,
    WaybillStatus,
    agent,
)

_OPEN: Final = (SalesOrderStatus.PLACED, SalesOrderStatus.HELD)
_LOST: Final = "parcels_lost"
_DELAYED: Final = "parcel_delayed"
_GONE: Final = "parcel_lost"


@agent(name="parcels", incidents=(IncidentKind.PARCEL,))
def build(context: AgentContext) -> Any:  # noqa: ANN401 -- a StateGraph, whose type parameters say nothing here
    """Return the graph of one run."""
    run = _Parcels(context)
    return graph(context, (("observe", run.observe), ("propose", run.propose)), run.answer)


class _Parcels:
    """The nodes of one run."""

    def __init__(self, context: AgentContext) -> None:
        self._context = context
        self._lost = _LOST in {one.name for one in context.incident.evidence}

    def observe(self, _state: RunState) -> RunState:
        """See which orders' parcels do not move."""
        count = len(self._orders())
        word = "are given up" if self._lost else "were not seen for long"
        return {"endangered": count, "attempt": 0, "summary": f"{count} parcels {word}."}

    def propose(self, state: RunState) -> RunState:
        """Propose to tell and to compensate, or, for what is lost, to end it."""
        context, orders = self._context, self._moveless()
        before = settled(context.state.earlier([one.id for one in orders]))
        actions, decisions = self._ends(orders) if self._lost else self._delays(orders, before)
        actions = [one for one in actions if str(one.action.obligation_key) not in before]
        actions = covered(context, actions)
        if not actions:
            return {"proposal": ""}
        proposal = context.proposal(actions, decisions, summary=state.get("summary", ""))
        return {"proposal": context.desk.submit(proposal)}

    def answer(self, rejected: Sequence[ActionOutcome]) -> tuple[list[Proposed], list[Decision]]:
        """Offer a coupon of no more money, or an apology."""
        context = self._context
        ids = sorted({one.action.order_id for one in rejected})
        sales = context.state.sales_orders(ids)
        return answers(
            context,
            rejected,
            sales={order.id: order for order in sales},
            late_us={order.id: self._late_us(order) for order in sales},
            customers=customers_of(context, sales),
            settled=settled(context.state.earlier(ids)),
        )

    def _orders(self) -> tuple[SalesOrder, ...]:
        sales = self._context.state.sales_orders(self._context.incident.sales_orders)
        return tuple(order for order in sales if order.status in _OPEN)

    def _moveless(self) -> tuple[SalesOrder, ...]:
        """Return the orders whose parcel still is what the incident says of it.

        A scan may have come in since the incident was last brought up to date.
        """
        orders, limits = self._orders(), self._context.policies.detection.parcels
        limit_s = (limits.lost_minutes if self._lost else limits.silent_minutes) * 60
        unseen_s = self._unseen_s(orders)
        stuck = frozenset[str]() if self._lost else self._said_stuck(orders)
        return tuple(one for one in orders if unseen_s[one.id] > limit_s or one.id in stuck)

    def _late_us(self, order: SalesOrder) -> int:
        now_us = self._context.clock.now_us()
        return max(0, now_us - (order.promised_us or now_us))

    def _delays(
        self, orders: Sequence[SalesOrder], before: frozenset[str]
    ) -> tuple[list[Proposed], list[Decision]]:
        """Return a message to each customer, and a coupon for each promise that is broken."""
        told = [Proposed(self._message(one, _DELAYED), 0, one.id) for one in orders]
        late = [Late(one, by_us) for one in orders if (by_us := self._late_us(one)) >= MINUTE]
        customers = customers_of(self._context, [one.order for one in late])
        awarded = awards(self._context, late, customers, before)
        decisions = [self._telling(orders)]
        if awarded is None:
            return told, decisions
        return told + coupons(awarded, late, 1, ()), [*decisions, awarded.decision]

    def _telling(self, orders: Sequence[SalesOrder]) -> Decision:
        """Weigh how long nobody has seen each parcel against how long policy keeps silent.

        A carrier that says so itself is believed at once, however lately it saw the parcel.
        """
        limit_s = self._context.policies.detection.parcels.silent_minutes * 60
        unseen_s, stuck = self._unseen_s(orders), self._said_stuck(orders)
        subjects: list[Subject] = []
        for one in orders:
            wait = Option(key="wait", values=(unseen_s[one.id], int(one.id in stuck)))
            tell = Option(key="notify", values=(limit_s, 0))
            subjects.append(Subject(id=one.id, options=(wait, tell), chosen=1))
        stamp = self._context.stamp
        return Decision(
            method=Method.LEAST_SCORE,
            factors=(
                FactorSpec(name="unseen", unit="s", weight=1),
                FactorSpec(name="said_stuck", unit="parcels", weight=limit_s + 1),
            ),
            subjects=tuple(subjects),
            policy_digest=stamp.policy_digest,
            workspace_digest=stamp.workspace_digest,
        )

    def _ends(self, orders: Sequence[SalesOrder]) -> tuple[list[Proposed], list[Decision]]:
        context = self._context
        limit_s = context.policies.detection.parcels.lost_minutes * 60
        unseen_s = self._unseen_s(orders)
        actions, decision = end_orders(
            [(one, unseen_s[one.id]) for one in orders],
            limit_s,
            Cause.UNDELIVERABLE,
            0,
            context.stamp,
            also=lambda order: self._message(order, _GONE),
        )
        return actions, [decision]

    def _unseen_s(self, orders: Sequence[SalesOrder]) -> dict[str, int]:
        """Return for how long nobody has seen each order's parcel, in seconds."""
        now_us = self._context.clock.now_us()
        seen_us = {order.id: order.placed_us or now_us for order in orders}
        for waybill in self._context.state.waybills([order.id for order in orders]):
            seen_us[waybill.order_id] = waybill.last_scan_us or seen_us[waybill.order_id]
        return {order_id: (now_us - at_us) // SECOND for order_id, at_us in seen_us.items()}

    def _said_stuck(self, orders: Sequence[SalesOrder]) -> frozenset[str]:
        """Return the orders whose carrier says itself that the parcel does not move."""
        waybills = self._context.state.waybills([order.id for order in orders])
        return frozenset(one.order_id for one in waybills if one.status == WaybillStatus.STUCK)

    def _message(self, order: SalesOrder, template: str) -> Notify:
        return Notify(
            hub_id=order.hub_id,
            order_id=order.id,
            customer_id=order.customer_id,
            cause=Cause.UNDELIVERABLE if template == _GONE else Cause.LATE,
            template=template,
        )
