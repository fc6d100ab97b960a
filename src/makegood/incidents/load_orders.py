"""Reading what detectors look at of orders as such: parcels under way, and what came in lately."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, cast

from sqlalchemy import and_, select

from makegood.domain.entities import EntityKind, Waybill
from makegood.domain.statuses import SalesOrderStatus, WaybillStatus
from makegood.events.log import LOG
from makegood.state import query
from makegood.state.records import WAYBILLS

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
