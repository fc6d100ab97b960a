"""Other hubs that have all goods of a late order, as order management says, with their couriers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from agents.situation import Situation
from makegood.sdk import (
    ActionKind,
    AgentContext,
    Conditions,
    Elsewhere,
    FulfilmentOrder,
    HubStatus,
    NotConnected,
    NotFound,
    Rain,
    ReadFailed,
    Sourcing,
)


def other_hubs(
    context: AgentContext, situation: Situation, orders: Sequence[FulfilmentOrder]
) -> tuple[tuple[Elsewhere, ...], dict[str, frozenset[str]]]:
    """Return the hubs that orders could leave from instead, and which of them have each's goods.

    Who was to change hubs before, or is on the way, is not asked about. Where order management
    does not say, no other hub is a way.
    """
    asked = {
        one.entity.id for one in situation.earlier if one.kind is ActionKind.REROUTE
    } | situation.frozen
    open_ones = [o for o in orders if o.picked_up_us is None and o.id not in asked]
    sources = _sources(context, sorted({order.order_id for order in open_ones}))
    own = context.incident.hub_id
    stocked = {
        order.id: _having_all(sources[order.order_id]) - {own}
        for order in open_ones
        if order.order_id in sources
    }
    names = sorted(frozenset[str]().union(*stocked.values()))
    found = [there for name in names if (there := _there(context, situation, name)) is not None]
    return tuple(found), stocked


def _having_all(sourcing: Sourcing) -> frozenset[str]:
    """Return the hubs that can spare every line."""
    by_line = [
        frozenset(one.hub_id for one in line.spares if one.units >= line.quantity)
        for line in sourcing.lines
    ]
    return frozenset[str].intersection(*by_line) if by_line else frozenset()


def _there(context: AgentContext, situation: Situation, hub_id: str) -> Elsewhere | None:
    hub, now_us = context.state.hub(hub_id), situation.conditions.now_us
    if hub is None or hub.status != HubStatus.OPEN or hub.position is None:
        return None
    travel = context.policies.detection.travel
    conditions = Conditions(hub.position, Rain.at(hub, now_us), travel, now_us)
    ours = context.policies.objectives.ways.partner_fee
    loads = context.state.couriers(hub_id)
    couriers = tuple(load for load in loads if load.courier.vehicle not in ours)
    return Elsewhere(hub, couriers, conditions)


def _sources(context: AgentContext, order_ids: Iterable[str]) -> dict[str, Sourcing]:
    ids = list(order_ids)
    try:
        found: list[Sourcing] = context.read("sources", order_ids=ids) if ids else []
    except (NotFound, NotConnected, ReadFailed):
        return {}
    return {one.order_id: one for one in found}
