"""The statuses that each class of entity can have.

Which event moves an entity from one to the next stands beside the event, in
`makegood.events.schema`.
"""

from __future__ import annotations

from enum import StrEnum


class SalesOrderStatus(StrEnum):
    """A sales order; payment, coupons and the promise are facts beside its status."""

    PLACED = "placed"
    HELD = "held"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    CLOSED = "closed"


class FulfilmentStatus(StrEnum):
    """A fulfilment order; whether it is accepted and ready are facts beside its status."""

    CREATED = "created"
    ASSIGNED = "assigned"
    PICKED_UP = "picked_up"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ReservationStatus(StrEnum):
    """A reservation."""

    REQUESTED = "requested"
    CONFIRMED = "confirmed"
    FAILED = "failed"
    RELEASED = "released"


class WaybillStatus(StrEnum):
    """A waybill."""

    CREATED = "created"
    IN_TRANSIT = "in_transit"
    STUCK = "stuck"
    DELIVERED = "delivered"
    RETURNED = "returned"


class ReturnStatus(StrEnum):
    """A return ticket."""

    OPENED = "opened"
    APPROVED = "approved"
    RECEIVED = "received"
    REFUNDED = "refunded"
    REJECTED = "rejected"


class CourierStatus(StrEnum):
    """A courier; how many orders they carry is derived from the fulfilment orders."""

    OFF = "off"
    ON = "on"
    LOST = "lost"


class HubStatus(StrEnum):
    """A hub; a stopped one takes no new orders."""

    OPEN = "open"
    STOPPED = "stopped"
    CLOSED = "closed"


class StockStatus(StrEnum):
    """Stock of one article at one hub."""

    COUNTED = "counted"


OPEN_FULFILMENT: frozenset[str] = frozenset(
    {FulfilmentStatus.CREATED, FulfilmentStatus.ASSIGNED, FulfilmentStatus.PICKED_UP}
)
