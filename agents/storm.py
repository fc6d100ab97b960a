"""The storm agent: keeps promises through rain and missing couriers.

observe -> plan -> compensate -> explain -> propose -> await_reviews -> verify; what people
reject is answered once, by something that costs no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from agents.answers import answers
from agents.coupons import Late, awards, coupons
from agents.desk import graph
from agents.ending import end_orders
from agents.model_planner import build_with_model
from agents.red_warning import stops
from agents.situation import Situation, observe
from agents.state import RunState
from makegood.sdk import (
    MINUTE,
    SECOND,
    Action,
    ActionKind,
    ActionOutcome,
    AgentContext,
    Cause,
    Choice,
    Compensated,
    Decision,
    IncidentKind,
    Money,
    Notify,
    Plan,
    Proposed,
    Reassign,
    Work,
    agent,
    beyond,
    digest,
    plan_jointly,
    sure_late,
)

_CAUSES: Final = {IncidentKind.WEATHER: Cause.WEATHER, IncidentKind.CAPACITY: Cause.CAPACITY}
_PLAN: Final = 0
_DELAYED: Final = "delayed"
_AT_RISK: Final = "at_risk"


@agent(name="storm", incidents=(IncidentKind.WEATHER, IncidentKind.CAPACITY))
def build(context: AgentContext) -> Any:  # noqa: ANN401 -- a StateGraph, whose type parameters say nothing here
    """Return the graph of one run; a chat model, where one is set, plans in the solver's stead."""
    if context.model is not None:
        return build_with_model(context)
    run = _Storm(context)
    nodes = (
        ("observe", run.observe),
        ("plan", run.plan),
        ("compensate", run.compensate),
        ("explain", run.explain),
        ("propose", run.propose),
    )
    return graph(context, nodes, run.answer)


@dataclass(frozen=True, slots=True)
class _Work:
    """What a run has worked out: remade when it is taken up in another process."""

    situation: Situation
    plan: Plan | None
    doubtful: tuple[Choice, ...]
    lost: tuple[Choice, ...]
    late: tuple[Late, ...]
    awarded: Compensated | None


class _Storm:
    """The nodes of one run; what they share lies in memory, and can be made again."""

    def __init__(self, context: AgentContext) -> None:
        self._context = context
        self._situation: Situation | None = None
        self._work: _Work | None = None

    def observe(self, _state: RunState) -> RunState:
        """See what is endangered."""
        return {"endangered": len(self._seen().orders), "attempt": 0}

    def plan(self, _state: RunState) -> RunState:
        """Find the best plan for all of it together."""
        plan = self._worked().plan
        if plan is None:
            return {"plan": ""}
        return {"plan": digest([[c.order.id, c.to_courier or ""] for c in plan.choices])}

    def compensate(self, _state: RunState) -> RunState:
        """Say what each late order's customer gets."""
        awarded = self._worked().awarded
        if awarded is None:
            return {"awards": ""}
        return {
            "awards": digest(
                [[a.order_id, a.amount.minor if a.amount else 0] for a in awarded.awards]
            )
        }

    def explain(self, _state: RunState) -> RunState:
        """Say in one sentence what the plan does; each choice explains itself by its decision."""
        work = self._worked()
        if work.plan is None:
            return {"summary": "Nothing is endangered any more."}
        moved = sum(choice.to_courier is not None for choice in work.plan.choices)
        paid = [a.amount for a in work.awarded.awards if a.amount] if work.awarded else []
        total = f" of {_sum(paid)} together" if paid else ""
        return {
            "summary": (
                f"{len(work.plan.choices)} endangered orders: {moved} go to another courier, "
                f"{len(work.late)} will be late, {len(paid)} get a coupon{total}, "
                f"{len(work.doubtful)} may not be served at all, "
                f"{len(work.lost)} can no longer be served."
            )
        }

    def propose(self, state: RunState) -> RunState:
        """Hand over everything that should be done, with the decisions that explain it."""
        actions, decisions = self._proposals()
        if not actions:
            return {"proposal": ""}
        proposal = self._context.proposal(actions, decisions, summary=state.get("summary", ""))
        return {"proposal": self._context.desk.submit(proposal)}

    def answer(self, rejected: Sequence[ActionOutcome]) -> tuple[list[Proposed], list[Decision]]:
        """Offer a coupon of no more money instead of a refund or cancellation, or an apology."""
        self._situation = self._work = None
        situation, context = self._seen(), self._context
        plan = _plan(context, situation, keep=True)
        return answers(
            context,
            rejected,
            sales=situation.sales,
            late_us={c.order.order_id: c.late_us for c in plan.choices} if plan else {},
            customers=situation.customers,
            settled=situation.settled,
        )

    def _seen(self) -> Situation:
        if self._situation is None:
            self._situation = observe(self._context)
        return self._situation

    def _worked(self) -> _Work:
        if self._work is None:
            situation = self._seen()
            plan = _plan(self._context, situation)
            choices = plan.choices if plan else ()
            limit_us = self._context.policies.objectives.give_up_minutes * MINUTE
            hopeless = beyond(plan, limit_us, situation.moving) if plan else ()
            warned = _warned(self._context, situation)
            lost = tuple(c for c in hopeless if c.order.order_id in warned)
            doubtful = tuple(c for c in hopeless if c.order.order_id not in warned)
            gone = {choice.order.id for choice in hopeless}
            sure = sure_late(
                [c for c in choices if c.order.id not in gone],
                situation.conditions,
                self._context.policies,
            )
            late = _late(situation, sure)
            awarded = awards(self._context, late, situation.customers, situation.settled)
            self._work = _Work(situation, plan, doubtful, lost, late, awarded)
        return self._work

    def _proposals(self) -> tuple[list[Proposed], list[Decision]]:
        context, work = self._context, self._worked()
        if work.plan is None:
            return stops(context, 0)
        decisions = [work.plan.decision]
        ended = {choice.order.id for choice in work.lost}
        hopeless = ended | {choice.order.id for choice in work.doubtful}
        served = [choice for choice in work.plan.choices if choice.order.id not in hopeless]
        actions = _moves(context, work.situation, served) + _messages(
            work.situation, served, _DELAYED
        )
        actions += _messages(work.situation, work.doubtful, _AT_RISK)
        if work.awarded is not None:
            decisions.append(work.awarded.decision)
            actions += coupons(work.awarded, work.late, len(decisions) - 1, work.situation.doubts)
        if work.lost:
            limit_s = context.policies.objectives.give_up_minutes * 60
            waits = {c.order.order_id: -(-c.late_us // SECOND) for c in work.lost}
            ends = [(work.situation.sales[o], late_s) for o, late_s in waits.items()]
            given_up, decision = end_orders(
                ends, limit_s, Cause.UNDELIVERABLE, len(decisions), context.stamp
            )
            decisions.append(decision)
            actions += [replace(one, doubts=work.situation.doubts) for one in given_up]
        stopped, why = stops(context, len(decisions))
        new = [one for one in actions if _is_new(one.action, work.situation)]
        return [*stopped, *new], [*decisions, *why]


def _is_new(action: Action, situation: Situation) -> bool:
    return str(action.obligation_key) not in situation.settled


def _plan(context: AgentContext, situation: Situation, *, keep: bool = False) -> Plan | None:
    everything = situation.everything
    work = Work(
        orders=everything,
        couriers=situation.couriers,
        lost=situation.lost,
        conditions=situation.conditions,
        policies=context.policies,
        values={o.id: situation.sales[o.order_id].total_minor for o in everything},
        frozen=frozenset(o.id for o in everything) if keep else situation.moving,
    )
    endangered = frozenset(order.id for order in situation.orders)
    return plan_jointly(work, endangered=endangered, stamp=context.stamp, seed=context.seed)


def _warned(context: AgentContext, situation: Situation) -> frozenset[str]:
    """Return the sales orders whose customers were told a round ago that nobody may come.

    Who is in doubt once may be served all the same: rain passes and couriers come back. So an
    order is given up only when it is in doubt again, in a later round.
    """
    round_us = context.policies.detection.rounds.every_minutes * MINUTE
    before_us = context.clock.now_us() - round_us // 2
    return frozenset(
        one.order_id
        for one in situation.earlier
        if one.kind is ActionKind.NOTIFY
        and one.obligation.entitlement == f"{Cause.LATE}:{_AT_RISK}"
        and one.at_us <= before_us
    )


def _late(situation: Situation, choices: Sequence[Choice]) -> tuple[Late, ...]:
    """Return the sales orders that will be late, each by its latest delivery."""
    worst: dict[str, int] = {}
    for choice in choices:
        order_id = choice.order.order_id
        worst[order_id] = max(choice.late_us, worst.get(order_id, choice.late_us))
    return tuple(Late(situation.sales[o], by_us) for o, by_us in worst.items() if by_us >= MINUTE)


def _moves(
    context: AgentContext, situation: Situation, choices: Sequence[Choice]
) -> list[Proposed]:
    cause = _CAUSES.get(context.incident.kind, Cause.LATE)
    return [
        Proposed(
            Reassign(
                hub_id=choice.order.hub_id,
                order_id=choice.order.order_id,
                customer_id=situation.sales[choice.order.order_id].customer_id,
                cause=cause,
                fulfilment_id=choice.order.id,
                assignment=choice.order.assignment,
                from_courier=choice.order.courier_id,
                to_courier=choice.to_courier,
            ),
            _PLAN,
            choice.order.id,
            _doubts(situation, choice.to_courier),
        )
        for choice in choices
        if choice.to_courier is not None
    ]


def _doubts(situation: Situation, courier_id: str) -> tuple[str, ...]:
    own = situation.doubtful_couriers.get(courier_id)
    return situation.doubts if own is None else (*situation.doubts, own)


def _messages(situation: Situation, choices: Sequence[Choice], template: str) -> list[Proposed]:
    return [
        Proposed(
            Notify(
                hub_id=choice.order.hub_id,
                order_id=choice.order.order_id,
                customer_id=situation.sales[choice.order.order_id].customer_id,
                cause=Cause.LATE,
                template=template,
                minutes=-(-choice.late_us // MINUTE),
            ),
            _PLAN,
            choice.order.id,
            situation.doubts,
        )
        for choice in choices
        if choice.late_us >= MINUTE
    ]


def _sum(amounts: Sequence[Money]) -> Money:
    total = amounts[0]
    for amount in amounts[1:]:
        total = total.plus(amount)
    return total
