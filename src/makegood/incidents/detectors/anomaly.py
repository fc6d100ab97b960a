"""Orders that are paid though their stock could not be reserved.

There is one finding for each hub with its orders listed, not one for each order: such orders
come in waves with one cause (a wrong count, a reservation service that is down), which one
incident shows and one run works on, while each order's refund or substitute meets in its own
obligation anyway. An order that joins or leaves changes the list, not the incident.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from makegood.clock import MINUTE
from makegood.domain.incidents import Finding, IncidentKind
from makegood.domain.statuses import SalesOrderStatus
from makegood.incidents import evidence as ev

if TYPE_CHECKING:
    from makegood.domain.entities import SalesOrder
    from makegood.domain.policy import Detection
    from makegood.incidents.view import HubView


_WORKING: Final = frozenset({SalesOrderStatus.PLACED.value, SalesOrderStatus.HELD.value})


def key(hub_id: str) -> str:
    """Return the key of a hub's orders that are paid without stock."""
    return f"anomaly:paid-unreserved:{hub_id}"


def find(view: HubView, policy: Detection, now_us: int) -> tuple[Finding, ...]:
    """Find orders that hold the customer's money but not the goods, for longer than policy lets."""
    since_us = now_us - policy.anomaly.paid_unreserved_minutes * MINUTE
    sales = {
        order.id
        for reservation, order in view.unreserved
        if _still_paid(order) and max(order.paid_us or 0, reservation.failed_us or 0) <= since_us
    }
    if not sales:
        return ()
    deliveries = tuple(sorted(one.id for one in view.fulfilments if one.order_id in sales))
    return (
        Finding(
            kind=IncidentKind.ANOMALY,
            key=key(view.hub.id),
            hub_id=view.hub.id,
            severity=ev.severity(len(sales), len(view.fulfilments)),
            evidence=(ev.count(ev.UNRESERVED, len(sales), now_us),),
            orders=deliveries,
            sales_orders=tuple(sorted(sales)),
        ),
    )


def _still_paid(order: SalesOrder) -> bool:
    return order.status in _WORKING and order.captured_minor > order.refunded_minor
