"""`/v1/order`: one order with all its parts and its timeline."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from makegood.api.routes.listing import Out
from makegood.api.seam import House
from makegood.domain.entities import (
    FulfilmentOrder,
    Reservation,
    ReturnTicket,
    SalesOrder,
    Waybill,
)
from makegood.state import query

router = APIRouter(prefix="/v1", tags=["order"])


class HappenedOut(Out):
    """One event in an order's life; `parked` says why it has no effect yet, if it has none."""

    seq: int
    type: str
    entity: str
    source: str
    event_id: str
    occurred_us: int
    received_us: int
    parked: str
    data: dict[str, Any]


class OrderOut(Out):
    """A sales order with everything that belongs to it, and what happened to it, in order."""

    order: SalesOrder
    fulfilments: tuple[FulfilmentOrder, ...]
    reservations: tuple[Reservation, ...]
    waybills: tuple[Waybill, ...]
    returns: tuple[ReturnTicket, ...]
    timeline: tuple[HappenedOut, ...]


@router.get("/order/{order_id}")
def get_order(house: House, order_id: str) -> OrderOut:
    """Return one order."""
    with house.store.read() as tx:
        parts = query.order_parts(tx, order_id)
        happened = query.timeline(tx, order_id)
    return OrderOut(
        order=parts.order,
        fulfilments=parts.fulfilments,
        reservations=parts.reservations,
        waybills=parts.waybills,
        returns=parts.returns,
        timeline=tuple(
            HappenedOut(
                seq=one.seq,
                type=one.type,
                entity=str(one.entity),
                source=one.source,
                event_id=one.event_id,
                occurred_us=one.occurred_us,
                received_us=one.received_us,
                parked=one.parked,
                data=one.data,
            )
            for one in happened
        ),
    )
