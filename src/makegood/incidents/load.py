"""Reading hubs as detectors look at them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, cast

from sqlalchemy import and_, func, select

from makegood.clock import MINUTE
from makegood.domain.entities import Courier, EntityKind, Reservation
from makegood.domain.statuses import (
    CourierStatus,
    FulfilmentStatus,
    ReservationStatus,
    SalesOrderStatus,
)
from makegood.events.log import LOG
from makegood.incidents import load_orders as more
from makegood.incidents.view import HubView
from makegood.state import query
from makegood.state.records import FULFILMENTS, RESERVATIONS, SALES_ORDERS

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection

    from makegood.domain.entities import SalesOrder
    from makegood.domain.policy import Detection

_CREATED: Final = "fulfilment_order.created"
_SKEW_US: Final = 5 * MINUTE
"""How far in the future an event may lie, so how much earlier than it happened it may come in."""

_OVER: Final = (FulfilmentStatus.FAILED.value, FulfilmentStatus.CANCELLED.value)
_WORKING: Final = (SalesOrderStatus.PLACED.value, SalesOrderStatus.HELD.value)


def load(
    tx: Connection, hubs: Collection[str], policy: Detection, now_us: int
) -> tuple[HubView, ...]:
    """Return these hubs as they stand; one that nobody registered is left out."""
    known = query.many(tx, EntityKind.HUB, hubs)
    since_us = now_us - policy.capacity.lookback_minutes * MINUTE
    arrivals = _arrivals(tx, known, since_us)
    unreserved = _unreserved(tx, known)
    undelivered = _undelivered(tx, known)
    parcels = more.parcels(tx, known)
    lately = more.lately(tx, known, now_us - policy.duplicates.look_back_minutes * MINUTE, _SKEW_US)
    kept = more.kept(tx, known, now_us)
    return tuple(
        HubView(
            hub=query.hub(tx, hub_id),
            fulfilments=tuple(query.open_fulfilments(tx, hub_id)),
            couriers=_couriers(tx, CourierStatus.ON, hub_id),
            lost=_couriers(tx, CourierStatus.LOST, hub_id),
            arrivals=arrivals.get(hub_id, 0),
            unreserved=tuple(unreserved[hub_id]),
            undelivered=tuple(undelivered[hub_id]),
            parcels=tuple(parcels[hub_id]),
            lately=tuple(lately[hub_id]),
            kept=tuple(kept[hub_id]),
        )
        for hub_id in sorted(known)
    )


def _couriers(tx: Connection, status: CourierStatus, hub_id: str) -> tuple[Courier, ...]:
    found = query.with_status(tx, EntityKind.COURIER, [status.value], hub_id)
    return cast("tuple[Courier, ...]", tuple(found))


def _arrivals(tx: Connection, hubs: Collection[str], since_us: int) -> dict[str, int]:
    """Return how many deliveries were created at each hub since then, whatever became of them."""
    lately = and_(
        LOG.c.received_us > since_us - _SKEW_US,
        LOG.c.occurred_us > since_us,
        LOG.c.type == _CREATED,
        LOG.c.hub_id.in_(sorted(hubs)),
    )
    counted = (
        select(LOG.c.hub_id, func.count().label("number")).where(lately).group_by(LOG.c.hub_id)
    )
    return {row.hub_id: row.number for row in tx.execute(counted)}


def _unreserved(
    tx: Connection, hubs: Collection[str]
) -> dict[str, list[tuple[Reservation, SalesOrder]]]:
    """Return the failed reservations of orders that are still worked on, by hub."""
    mine, orders = RESERVATIONS.table.c, SALES_ORDERS.table.c
    failed = (
        select(mine.id)
        .join(SALES_ORDERS.table, orders.id == mine.order_id)
        .where(
            mine.hub_id.in_(sorted(hubs)),
            mine.status == ReservationStatus.FAILED.value,
            orders.status.in_(_WORKING),
        )
    )
    ids = tx.execute(failed).scalars().all()
    found = cast("dict[str, Reservation]", query.many(tx, EntityKind.RESERVATION, ids))
    sales = query.sales_orders(tx, {one.order_id for one in found.values()})
    pairs: dict[str, list[tuple[Reservation, SalesOrder]]] = defaultdict(list)
    for _, one in sorted(found.items()):
        pairs[one.hub_id].append((one, sales[one.order_id]))
    return pairs


def _undelivered(tx: Connection, hubs: Collection[str]) -> dict[str, list[SalesOrder]]:
    """Return the orders that are still worked on though all their deliveries failed, by hub."""
    orders, mine = SALES_ORDERS.table.c, FULFILMENTS.table.c
    failed = mine.status == FulfilmentStatus.FAILED.value
    others = FULFILMENTS.table.alias()
    hopeful = (
        select(others.c.id)
        .where(others.c.order_id == mine.order_id, others.c.status.not_in(_OVER))
        .exists()
    )
    found = (
        select(mine.order_id)
        .join(SALES_ORDERS.table, orders.id == mine.order_id)
        .where(failed, mine.hub_id.in_(sorted(hubs)), orders.status.in_(_WORKING), ~hopeful)
        .distinct()
    )
    sales = query.sales_orders(tx, tx.execute(found).scalars().all())
    by_hub: dict[str, list[SalesOrder]] = defaultdict(list)
    for _, order in sorted(sales.items()):
        by_hub[order.hub_id].append(order)
    return by_hub
