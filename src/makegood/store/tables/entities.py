"""The entities as they stand: made from the event log, and can be made anew from it.

Every table has the same columns and, beside them, those that queries look for. `body` is the
entity as JSON without its personal fields, which stand in `personal` and can be erased there;
`fold` is how far the fold over the entity's events has come.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Index

from makegood.store.tables.columns import Record, big, key_text, text


class EntityRecord(Record):
    """What all entity tables have."""

    id: str = key_text()
    hub_id: str = text()
    status: str = text()
    version: int = big()
    fold: str = text()
    body: str = text()
    personal: str | None = text(default=None, nullable=True)


class SalesOrder(EntityRecord, table=True):
    """Sales orders."""

    __table_args__ = (Index("sales_order_hub", "hub_id", "status"),)

    customer_id: str = text(index=True)
    promised_us: int | None = big(default=None, nullable=True)


class FulfilmentOrder(EntityRecord, table=True):
    """Fulfilment orders."""

    __table_args__ = (Index("fulfilment_order_hub", "hub_id", "status"),)

    order_id: str = text(index=True)
    customer_id: str = text(index=True)
    courier_id: str | None = text(default=None, nullable=True, index=True)
    promised_us: int | None = big(default=None, nullable=True)


class Reservation(EntityRecord, table=True):
    """Reservations."""

    __table_args__ = (Index("reservation_hub", "hub_id", "status"),)

    order_id: str = text(index=True)


class Waybill(EntityRecord, table=True):
    """Waybills."""

    __table_args__ = (Index("waybill_hub", "hub_id", "status"),)

    order_id: str = text(index=True)


class ReturnTicket(EntityRecord, table=True):
    """Return tickets."""

    __table_args__ = (Index("return_ticket_hub", "hub_id", "status"),)

    order_id: str = text(index=True)


class Courier(EntityRecord, table=True):
    """Couriers."""

    __table_args__ = (Index("courier_hub", "hub_id", "status"),)


class Hub(EntityRecord, table=True):
    """Hubs."""


class Stock(EntityRecord, table=True):
    """Stock of one article at one hub."""

    __table_args__ = (Index("stock_hub", "hub_id"),)

    sku: str = text()


PERSON_COLUMN: Final[dict[type[EntityRecord], str]] = {
    SalesOrder: "customer_id",
    FulfilmentOrder: "customer_id",
    Courier: "id",
}
"""In which tables `personal` is whose: the column that names the person."""
