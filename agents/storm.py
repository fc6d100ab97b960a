"""The storm agent: keeps promises through rain and missing couriers.

observe -> plan -> compensate -> explain -> propose -> await_reviews -> verify; what people
reject is answered once, by something that costs no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from agents.answers import answers
from agents.coupons import coupons
from agents.desk import graph
from agents.ending import covered
from agents.model_planner import build_with_model
from agents.red_warning import stops
from agents.situation import Situation, observe
from agents.state import RunState
from agents.ways import Taken, proposals, told
from agents.working import AT_RISK, Worked, plan_of, work_out
from makegood.sdk import (
    MINUTE,
    Action,
    ActionOutcome,
    AgentContext,
    Cause,
    Choice,
    Decision,
    IncidentKind,
    Money,
    Notify,
    Proposed,
    Reassign,
    WayKind,
    agent,
    digest,
)

_CAUSES: Final = {IncidentKind.WEATHER: Cause.WEATHER, IncidentKind.CAPACITY: Cause.CAPACITY}
_PLAN: Final = 0
_DELAYED: Final = "delayed"


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


class _Storm:
    """The nodes of one run; what they share lies in memory, and can be made again."""

    def __init__(self, context: AgentContext) -> None:
        self._context = context
        self._situation: Situation | None = None
        self._work: Worked | None = None

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
                f"{_other_ways(work.taken)}"
                f"{len(work.late)} will be late, {len(paid)} get a coupon{total}, "
                f"{len(work.doubtful)} may not be served at all, "
                f"{len(work.lost)} can no longer be served."
            )
        }

    def propose(self, state: RunState) -> RunState:
        """Hand over everything that should be done, with the decisions that explain it."""
        actions, decisions = self._proposals()
        actions = covered(self._context, actions)
        if not actions:
            return {"proposal": ""}
        proposal = self._context.proposal(actions, decisions, summary=state.get("summary", ""))
        return {"proposal": self._context.desk.submit(proposal)}

    def answer(self, rejected: Sequence[ActionOutcome]) -> tuple[list[Proposed], list[Decision]]:
        """Offer a coupon of no more money instead of a refund or cancellation, or an apology."""
        self._situation = self._work = None
        situation, context = self._seen(), self._context
        plan = plan_of(context, situation, keep=True)
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

    def _worked(self) -> Worked:
        if self._work is None:
            situation = self._seen()
            self._work = work_out(self._context, situation, plan_of(self._context, situation))
        return self._work

    def _proposals(self) -> tuple[list[Proposed], list[Decision]]:
        context, work = self._context, self._worked()
        if work.plan is None:
            return stops(context, 0)
        situation, taken = work.situation, work.taken
        decisions = [work.plan.decision]
        hopeless = {choice.order.id for choice in (*work.doubtful, *work.lost)}
        served = [choice for choice in work.plan.choices if choice.order.id not in hopeless]
        left = [taken.after(choice) for choice in served]
        actions = _moves(context, situation, [c for c in served if _is_planned(taken, c)])
        actions += _messages(situation, left, _DELAYED)
        actions += _messages(situation, work.doubtful, AT_RISK)
        actions += told(situation, taken, work.endangered, _PLAN)
        if work.awarded is not None:
            decisions.append(work.awarded.decision)
            actions += coupons(work.awarded, work.late, len(decisions) - 1, situation.doubts)
        if taken.options is not None:
            decisions.append(taken.options.decision)
            cause = _CAUSES.get(context.incident.kind, Cause.LATE)
            actions += proposals(situation, taken, work.endangered, len(decisions) - 1, cause)
        stopped, why = stops(context, len(decisions))
        new = [one for one in actions if _is_new(one.action, situation)]
        return [*stopped, *new], [*decisions, *why]


def _is_planned(taken: Taken, choice: Choice) -> bool:
    """Say whether the plan's own move is made: no way was looked for, or it is as planned."""
    way = taken.way(choice.order.id)
    return way is None or way.kind in (WayKind.PLANNED, WayKind.SLOT)


def _other_ways(taken: Taken) -> str:
    """Return a part of the summary: who goes another way than the plan's."""
    kinds = (
        (WayKind.PARTNER, "to another fleet"),
        (WayKind.HUB, "to another hub"),
        (WayKind.SLOT, "to a later slot"),
    )
    parts = [f"{n} {words}, " for kind, words in kinds if (n := taken.count(kind))]
    return "".join(parts)


def _is_new(action: Action, situation: Situation) -> bool:
    return str(action.obligation_key) not in situation.settled


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
