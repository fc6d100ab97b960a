"""Reading what detectors look at of orders as such: parcels, what came in, what was ended."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, cast

from sqlalchemy import and_, bindparam, literal_column, select

from makegood.clock import DAY
from makegood.domain.actions import ActionKind
from makegood.domain.authority import UNDER_WAY, ActionStatus
from makegood.domain.entities import EntityKind, Waybill
from makegood.domain.statuses import SalesOrderStatus, WaybillStatus
from makegood.events.log import LOG
from makegood.state import query
from makegood.state.records import WAYBILLS
from makegood.store.sql import among, table
from makegood.store.tables import authority

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection

    from makegood.domain.entities import SalesOrder

_PLACED: Final = "sales_order.placed"
_WORKING: Final = frozenset({SalesOrderStatus.PLACED.value, SalesOrderStatus.HELD.value})
_UNDER_WAY: Final = (
    WaybillStatus.CREATED.value,
    WaybillStatus.IN_TRANSIT.value,
    WaybillStatus.STUCK.value,
)

LOOKED_BACK_US: Final = 14 * DAY
"""How long after its end an order is looked at, in microseconds."""
ACTION: Final = table(authority.Action)
REJECTION: Final = table(authority.Rejection)
MONEY: Final = table(authority.OrderMoney)
# The kind stands in the statement itself, because that is what its partial index goes by.
_ENDED: Final = select(ACTION.c.order_id, ACTION.c.judged_us).where(
    ACTION.c.kind == literal_column("'cancel'"),
    ACTION.c.judged_us >= bindparam("since_us"),
    ACTION.c.status == ActionStatus.CONFIRMED,
    among(ACTION.c.hub_id, "hubs"),
)
_COMING: Final = select(ACTION.c.order_id).where(
    among(ACTION.c.order_id, "orders"),
    ACTION.c.kind == ActionKind.REFUND,
    ACTION.c.status.in_([ActionStatus.HELD, *UNDER_WAY]),
)
_REFUSED: Final = select(REJECTION.c.entity).where(
    among(REJECTION.c.entity, "entities"), REJECTION.c.kind == ActionKind.REFUND
)
_MONEY: Final = select(MONEY.c.order_id, MONEY.c.committed_minor).where(
    among(MONEY.c.order_id, "orders")
)


def parcels(tx: Connection, hubs: Collection[str]) -> dict[str, list[tuple[Waybill, SalesOrder]]]:
    """Return the parcels that are with a carrier, each with its order, by hub."""
    mine = WAYBILLS.table.c
    wanted = select(mine.id).where(mine.hub_id.in_(sorted(hubs)), mine.status.in_(_UNDER_WAY))
    ids = tx.execute(wanted).scalars().all()
    found = cast("dict[str, Waybill]", query.many(tx, EntityKind.WAYBILL, ids)) if ids else {}
    sales = query.sales_orders(tx, {one.order_id for one in found.values()}) if found else {}
    by_hub: dict[str, list[tuple[Waybill, SalesOrder]]] = defaultdict(list)
    for _, one in sorted(found.items()):
        order = sales.get(one.order_id)
        if order is not None and order.status in _WORKING:
            by_hub[one.hub_id].append((one, order))
    return by_hub


def lately(
    tx: Connection, hubs: Collection[str], since_us: int, skew_us: int
) -> dict[str, list[SalesOrder]]:
    """Return the orders that came in since then and are still worked on, by hub."""
    came = and_(
        LOG.c.received_us > since_us - skew_us,
        LOG.c.occurred_us > since_us,
        LOG.c.type == _PLACED,
        LOG.c.hub_id.in_(sorted(hubs)),
    )
    ids = tx.execute(select(LOG.c.entity_id).where(came).distinct()).scalars().all()
    by_hub: dict[str, list[SalesOrder]] = defaultdict(list)
    for _, order in sorted(query.sales_orders(tx, ids).items()) if ids else ():
        if order.status in _WORKING:
            by_hub[order.hub_id].append(order)
    return by_hub


def kept(tx: Connection, hubs: Collection[str], now_us: int) -> dict[str, list[SalesOrder]]:
    """Return the orders that the house itself ended and whose money nothing pays back, by hub.

    Not those of which a refund waits, is under way or was paid; and those of which a person said
    no to it for a day only: they know by then, and it was theirs to say.
    """
    rows = tx.execute(_ENDED, {"hubs": sorted(hubs), "since_us": now_us - LOOKED_BACK_US}).all()
    if not rows:
        return defaultdict(list)
    ended_us = {row.order_id: row.judged_us for row in rows}
    refs = {"orders": sorted(ended_us), "entities": [f"sales_order/{o}" for o in sorted(ended_us)]}
    coming = set(tx.execute(_COMING, refs).scalars())
    refused = {entity.partition("/")[2] for entity in tx.execute(_REFUSED, refs).scalars()}
    ours = {row.order_id: row.committed_minor for row in tx.execute(_MONEY, refs)}
    by_hub: dict[str, list[SalesOrder]] = defaultdict(list)
    for order_id, order in sorted(query.sales_orders(tx, ended_us).items()):
        paid = max(order.refunded_minor, ours.get(order_id, 0) + order.others_refunded_minor)
        known = order_id in refused and ended_us[order_id] < now_us - DAY
        if order.captured_minor > paid and order_id not in coming and not known:
            by_hub[order.hub_id].append(order)
    return by_hub
