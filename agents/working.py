"""Working out a storm: the plan, the ways beside it, who is late after both, and what they get."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from agents.coupons import Late, awards
from agents.situation import Situation
from agents.ways import Taken, take
from makegood.sdk import (
    MINUTE,
    ActionKind,
    AgentContext,
    Cause,
    Choice,
    Compensated,
    Plan,
    Work,
    beyond,
    plan_jointly,
    sure_late,
)

AT_RISK: Final = "at_risk"


@dataclass(frozen=True, slots=True)
class Worked:
    """What a run has worked out: remade when it is taken up in another process."""

    situation: Situation
    plan: Plan | None
    endangered: tuple[Choice, ...]
    taken: Taken
    doubtful: tuple[Choice, ...]
    lost: tuple[Choice, ...]
    late: tuple[Late, ...]
    awarded: Compensated | None


def work_out(context: AgentContext, situation: Situation, plan: Plan | None) -> Worked:
    """Work out what becomes of what the plan leaves late, and what its customers get."""
    if plan is None:
        return Worked(situation, None, (), Taken(), (), (), (), None)
    limit_us = context.policies.objectives.give_up_minutes * MINUTE
    beyond_all = {one.order.id for one in beyond(plan, limit_us, situation.frozen)}
    surely = {one.order.id for one in _sure(context, situation, plan.choices)}
    late = tuple(one for one in plan.choices if one.order.id in beyond_all | surely)
    taken = take(context, situation, plan, late, _warned(context, situation))
    lost = tuple(one for one in late if taken.is_ended(one))
    gone = {one.order.order_id for one in lost}
    hopeless = [one for one in late if one.order.id in beyond_all and not taken.is_ended(one)]
    # Whom no other way serves either.
    doubtful = tuple(one for one in hopeless if taken.after(one).late_us > limit_us)
    ids = {one.order.id for one in doubtful}
    left = [
        taken.after(one)
        for one in plan.choices
        if one.order.id not in ids and one.order.order_id not in gone
    ]
    sure = sure_late(left, situation.conditions, context.policies, as_it_falls=True)
    found = _late(situation, sure)
    awarded = awards(context, found, situation.customers, situation.settled)
    return Worked(situation, plan, late, taken, doubtful, lost, found, awarded)


def _sure(
    context: AgentContext, situation: Situation, choices: Sequence[Choice]
) -> tuple[Choice, ...]:
    return sure_late(choices, situation.conditions, context.policies)


def plan_of(context: AgentContext, situation: Situation, *, keep: bool = False) -> Plan | None:
    """Return the best plan for all open deliveries together, or for them as they are."""
    everything = situation.everything
    work = Work(
        orders=everything,
        couriers=situation.couriers,
        lost=situation.lost,
        conditions=situation.conditions,
        policies=context.policies,
        values={o.id: situation.sales[o.order_id].total_minor for o in everything},
        frozen=frozenset(o.id for o in everything) if keep else situation.frozen,
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
        and one.obligation.entitlement == f"{Cause.LATE}:{AT_RISK}"
        and one.at_us <= before_us
    )


def _late(situation: Situation, choices: Sequence[Choice]) -> tuple[Late, ...]:
    """Return the sales orders that will be late, each by its latest delivery."""
    worst: dict[str, int] = {}
    for choice in choices:
        order_id = choice.order.order_id
        worst[order_id] = max(choice.late_us, worst.get(order_id, choice.late_us))
    return tuple(Late(situation.sales[o], by_us) for o, by_us in worst.items() if by_us >= MINUTE)
