"""Judges whether a proposal makes sense, whoever or whatever made it, before the gate sees it.

The types have said already that each action is whole; here it is held against the state and
against the decision that is said to explain it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from pydantic import ValidationError

from makegood.clock import to_rfc3339
from makegood.domain.actions import (
    Action,
    ActionKind,
    Coupon,
    Reassign,
    Recall,
    Reroute,
    Reschedule,
    StopService,
    Substitute,
    Unassign,
    read_action,
)
from makegood.domain.canonical import canonical
from makegood.domain.decisions import Decision, Method, Subject
from makegood.domain.entities import FulfilmentOrder, SalesOrder
from makegood.domain.policies_planning import Objectives
from makegood.domain.statuses import OPEN_FULFILMENT
from makegood.planning import recompute
from makegood.proposals import sense
from makegood.proposals.types import Proposal, Proposed, StateReader


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one action: its index in the proposal, the field, and why."""

    index: int
    field: str
    why: str


def faults(proposal: Proposal, state: StateReader, objectives: Objectives) -> tuple[Fault, ...]:
    """Return everything in a proposal that does not make sense, by action and field."""
    weights = {name.value: weight for name, weight in objectives.weights.items()}
    known = _known(proposal, state)
    decisions = [_read(decision, weights) for decision in proposal.decisions]
    found: list[Fault] = []
    for index, proposed in enumerate(proposal.actions):
        found += [Fault(index, field, why) for field, why in _malformed(proposed)]
        found += [Fault(index, field, why) for field, why in _entity(proposed, known)]
        found += [Fault(index, field, why) for field, why in _explained(proposed, decisions)]
    return tuple(found)


def without(proposal: Proposal, found: tuple[Fault, ...]) -> Proposal:
    """Return the proposal without its faulty actions."""
    bad = {fault.index for fault in found}
    kept = tuple(one for i, one in enumerate(proposal.actions) if i not in bad)
    return replace(proposal, actions=kept)


@dataclass(frozen=True, slots=True)
class _Known:
    sales: Mapping[str, SalesOrder]
    fulfilments: Mapping[str, FulfilmentOrder]
    couriers: Mapping[str, frozenset[str]]
    hubs: frozenset[str]


_Say: TypeAlias = Iterator[tuple[str, str]]
_OnFulfilment: TypeAlias = Reassign | Reroute | Recall | Unassign
_FULFILMENT_KINDS: Final = (Reassign, Reroute, Recall, Unassign)


@dataclass(frozen=True, slots=True)
class _Explained:
    """A decision by subject, and why it explains nothing, if so."""

    decision: Decision
    subjects: Mapping[str, Subject]
    trouble: str


def _known(proposal: Proposal, state: StateReader) -> _Known:
    actions = [proposed.action for proposed in proposal.actions]
    order_ids = sorted({action.order_id for action in actions})
    ids = sorted({a.fulfilment_id for a in actions if isinstance(a, _FULFILMENT_KINDS)})
    hubs = sorted({action.hub_id for action in actions if isinstance(action, Reassign)})
    return _Known(
        {order.id: order for order in state.sales_orders(order_ids)},
        {order.id: order for order in state.fulfilments(ids)},
        {hub: frozenset(one.courier.id for one in state.couriers(hub)) for hub in hubs},
        frozenset(
            action.hub_id
            for action in actions
            if isinstance(action, StopService) and state.hub(action.hub_id) is not None
        ),
    )


def _malformed(proposed: Proposed) -> _Say:
    """Say where an action is none that could be read back: code can make one past its own types."""
    try:
        read_action(canonical(proposed.action.model_dump(mode="json", warnings=False)))
    except ValidationError as error:
        for each in error.errors(include_url=False, include_input=False):
            yield ".".join(str(part) for part in each["loc"]), each["msg"]


def _entity(proposed: Proposed, known: _Known) -> _Say:
    action = proposed.action
    if isinstance(action, StopService):
        if action.hub_id not in known.hubs:
            yield "hub_id", f"there is no hub {action.hub_id!r}"
        return
    order = known.sales.get(action.order_id)
    if order is None:
        yield "order_id", f"there is no order {action.order_id!r}"
        return
    if action.customer_id and action.customer_id != order.customer_id:
        yield "customer_id", f"the order is not {action.customer_id!r}'s"
    if isinstance(action, _FULFILMENT_KINDS):
        yield from _fulfilment(action, known)
    elif action.hub_id != order.hub_id:
        yield "hub_id", f"the order is of hub {order.hub_id!r}"
    yield from sense.amount(action, order)
    yield from sense.lines(action, order)


def _fulfilment(action: _OnFulfilment, known: _Known) -> _Say:
    order = known.fulfilments.get(action.fulfilment_id)
    if order is None or order.status not in OPEN_FULFILMENT:
        yield "fulfilment_id", f"there is no open fulfilment order {action.fulfilment_id!r}"
        return
    if order.order_id != action.order_id:
        yield "order_id", f"{action.fulfilment_id!r} is of order {order.order_id!r}"
    if order.hub_id != action.hub_id:
        yield "hub_id", f"the fulfilment order is of hub {order.hub_id!r}"
    if action.assignment != order.assignment:
        yield "assignment", f"it stands at {order.assignment}"
    if isinstance(action, Reassign):
        if action.to_courier not in known.couriers[action.hub_id]:
            yield "to_courier", f"no courier {action.to_courier!r} is on shift at the hub"
        if action.from_courier != order.courier_id:
            yield "from_courier", f"it is with {order.courier_id!r}"


def _read(decision: Decision, weights: Mapping[str, int]) -> _Explained:
    again = recompute(decision)
    trouble = ""
    if again != tuple(subject.chosen for subject in decision.subjects):
        trouble = "made again from its record, it chooses otherwise"
    for factor in decision.factors:
        ours = weights.get(factor.name, factor.weight)
        if factor.weight != ours:
            trouble = f"it gives {factor.name} a weight of {factor.weight}, policy says {ours}"
    return _Explained(decision, {subject.id: subject for subject in decision.subjects}, trouble)


def _explained(proposed: Proposed, decisions: Sequence[_Explained]) -> _Say:
    """Say where the decision does not explain the action."""
    if not 0 <= proposed.decision < len(decisions):
        yield "decision", f"there is no decision {proposed.decision}"
        return
    read = decisions[proposed.decision]
    decision, action = read.decision, proposed.action
    subject = read.subjects.get(proposed.subject)
    if read.trouble:
        yield "decision", read.trouble
    if subject is None:
        yield "subject", f"the decision has no subject {proposed.subject!r}"
        return
    chosen = subject.options[subject.chosen]
    if decision.method in (Method.MIN_COST_FLOW, Method.ROUTES):
        if isinstance(action, Reassign) and chosen.key != action.to_courier:
            yield "to_courier", f"the decision chose {chosen.key!r}"
        elif action.kind in chosen.key.split("+"):
            yield from _of_way(action, chosen.key)
        elif not isinstance(action, Reassign) and action.kind is not ActionKind.NOTIFY:
            yield "decision", f"a plan of courier choices does not explain a {action.kind}"
    elif decision.method is Method.LADDER:
        if not isinstance(action, Coupon) or decision.score(chosen) != action.amount.minor:
            yield "amount.minor", f"the ladder gives {decision.score(chosen)}"
    else:
        yield from _of_way(action, chosen.key)


def _of_way(action: Action, key: str) -> _Say:
    """Say where an action is not what an option's key names: kinds, and `to:` whom or where."""
    parts = key.split("+")
    goals = [part.removeprefix("to:") for part in parts if part.startswith("to:")]
    goal = _goal(action)
    if action.kind not in parts or (goals and goal and goal not in goals):
        yield "kind", f"the decision chose {key!r}"


def _goal(action: Action) -> str:
    """Return where an action takes an order, as options name it."""
    match action:
        case Reassign():
            return action.to_courier
        case Reroute():
            return action.to_hub
        case Reschedule():
            return to_rfc3339(action.promised_us)
        case Substitute():
            return action.sku
        case _:
            return ""
