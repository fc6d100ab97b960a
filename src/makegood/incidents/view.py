"""What detectors look at: one hub as it stands, frozen."""

from __future__ import annotations

from dataclasses import dataclass

from makegood.domain.entities import (
    Courier,
    FulfilmentOrder,
    Hub,
    Reservation,
    SalesOrder,
    Waybill,
)


@dataclass(frozen=True, slots=True)
class HubView:
    """One hub with its work, its people and what went wrong with its stock.

    `fulfilments` are the open deliveries, `couriers` those on shift, `lost` those of the shift
    who cannot be reached. `arrivals` is how many deliveries were created within policy's
    look-back. `unreserved` pairs each failed reservation with its sales order; `undelivered` are
    sales orders that are worked on though every delivery of theirs has failed. `parcels` pairs each
    open waybill with its sales order, and `lately` are the orders that came in within policy's
    look-back for duplicates. `kept` are orders that the house ended, and whose money it kept.
    """

    hub: Hub
    fulfilments: tuple[FulfilmentOrder, ...] = ()
    couriers: tuple[Courier, ...] = ()
    arrivals: int = 0
    unreserved: tuple[tuple[Reservation, SalesOrder], ...] = ()
    lost: tuple[Courier, ...] = ()
    undelivered: tuple[SalesOrder, ...] = ()
    parcels: tuple[tuple[Waybill, SalesOrder], ...] = ()
    lately: tuple[SalesOrder, ...] = ()
    kept: tuple[SalesOrder, ...] = ()
