"""Orders that the house ended and whose money it kept: half of their end came to nothing.

A cancellation pays nothing by itself. Where its refund expired, failed or was never granted, the
customer has neither goods nor money, and nothing else would come back to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from makegood.domain.incidents import Finding, IncidentKind
from makegood.incidents import evidence as ev

if TYPE_CHECKING:
    from makegood.incidents.view import HubView


def key(hub_id: str) -> str:
    """Return the key of a hub's orders that were ended without being paid back."""
    return f"anomaly:kept:{hub_id}"


def find(view: HubView, now_us: int) -> tuple[Finding, ...]:
    """Find orders that were ended by the house and whose money nothing pays back."""
    if not view.kept:
        return ()
    return (
        Finding(
            kind=IncidentKind.ANOMALY,
            key=key(view.hub.id),
            hub_id=view.hub.id,
            severity=ev.severity(len(view.kept), len(view.fulfilments)),
            evidence=(ev.count(ev.KEPT, len(view.kept), now_us),),
            sales_orders=tuple(order.id for order in view.kept),
        ),
    )
