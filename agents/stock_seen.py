"""Observing stock: which goods of paid orders are missing, and where they could come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from makegood.sdk import (
    ActionKind,
    ActionStatus,
    AgentContext,
    Conditions,
    Earlier,
    FulfilmentOrder,
    FulfilmentStatus,
    HubStatus,
    NotConnected,
    NotFound,
    Point,
    Rain,
    ReadFailed,
    SalesOrder,
    Short,
    Sourcing,
    StockHub,
    StockScene,
)

_AT_HUB: Final = (FulfilmentStatus.CREATED, FulfilmentStatus.ASSIGNED)
_NO: Final = (ActionStatus.REJECTED, ActionStatus.DENIED)
# What failed once may have come too late for its goods; what fails again will fail again.
_TRIES: Final = 2
_BUT_SPLIT: Final = frozenset(ActionKind) - {ActionKind.SPLIT, ActionKind.REFUND, ActionKind.NOTIFY}


def shorts_of(
    context: AgentContext, orders: Sequence[SalesOrder], earlier: Sequence[Earlier]
) -> tuple[Short, ...]:
    """Return the orders with their deliveries, sources, and what is not to be proposed again.

    Where order management cannot be asked, nothing is known but that an order can be ended.
    """
    sources = _sources(context, [order.id for order in orders])
    deliveries: dict[str, FulfilmentOrder] = {}
    for one in context.state.fulfilments(context.incident.orders):
        if one.status in _AT_HUB:
            deliveries.setdefault(one.order_id, one)
    return tuple(
        Short(
            order,
            deliveries.get(order.id),
            sources.get(order.id, Sourcing(order.id, ())),
            _refused([one for one in earlier if one.order_id == order.id]),
        )
        for order in orders
    )


def scene_of(context: AgentContext, shorts: Sequence[Short]) -> StockScene:
    """Return the hubs that goods could leave from: the own one, and open ones that can spare."""
    own = context.incident.hub_id
    lines = [line for short in shorts for line in short.sourcing.lines]
    others = {spare.hub_id for line in lines for spare in line.spares} - {own}
    hubs = {own: _hub(context, own, shorts)}
    for hub_id in sorted(others):
        found = context.state.hub(hub_id)
        if found is not None and found.status == HubStatus.OPEN and found.position is not None:
            hubs[hub_id] = _hub(context, hub_id, shorts)
    return StockScene(hubs, context.policies, context.clock.now_us())


def _sources(context: AgentContext, order_ids: list[str]) -> dict[str, Sourcing]:
    try:
        found: list[Sourcing] = context.read("sources", order_ids=order_ids) if order_ids else []
    except (NotFound, NotConnected, ReadFailed):
        return {}
    return {one.order_id: one for one in found}


def _hub(context: AgentContext, hub_id: str, shorts: Sequence[Short]) -> StockHub:
    found, now_us = context.state.hub(hub_id), context.clock.now_us()
    home = found.position if found is not None else None
    if home is None:
        pick_ups = (short.delivery.pick_up for short in shorts if short.delivery)
        home = next((place for place in pick_ups if place is not None), Point(0.0, 0.0))
    rain = Rain.at(found, now_us) if found is not None else Rain.between(0.0, 0.0, now_us)
    conditions = Conditions(home, rain, context.policies.detection.travel, now_us)
    return StockHub(conditions, context.state.couriers(hub_id))


def _refused(earlier: Sequence[Earlier]) -> frozenset[ActionKind]:
    """Return the kinds that somebody said no to for an order, or that failed again and again.

    Once an order was split, only the price of what stays away is left to be paid back.
    """
    if any(
        one.kind is ActionKind.SPLIT and one.status is ActionStatus.CONFIRMED for one in earlier
    ):
        return _BUT_SPLIT
    failed = [one.kind for one in earlier if one.status is ActionStatus.FAILED]
    often = {kind for kind in failed if failed.count(kind) >= _TRIES and not _ends(kind)}
    return frozenset(one.kind for one in earlier if one.status in _NO) | often


def _ends(kind: ActionKind) -> bool:
    return kind in (ActionKind.REFUND, ActionKind.CANCEL)
