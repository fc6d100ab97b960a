"""Orders whose delivery has failed (a flooded street, nobody at the door) and that are paid.

There is one finding for each hub with its orders listed, as for orders without stock. Whoever
works on it need not wait: that these will not come is known, and not predicted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from makegood.domain.incidents import Finding, IncidentKind
from makegood.incidents import evidence as ev

if TYPE_CHECKING:
    from makegood.incidents.view import HubView


def key(hub_id: str) -> str:
    """Return the key of a hub's orders that could not be delivered."""
    return f"anomaly:undelivered:{hub_id}"


def find(view: HubView, now_us: int) -> tuple[Finding, ...]:
    """Find orders that hold the customer's money though every delivery of theirs has failed."""
    sales = [one.id for one in view.undelivered if one.captured_minor > one.refunded_minor]
    if not sales:
        return ()
    return (
        Finding(
            kind=IncidentKind.ANOMALY,
            key=key(view.hub.id),
            hub_id=view.hub.id,
            severity=ev.severity(len(sales), len(view.fulfilments)),
            evidence=(ev.count(ev.UNDELIVERED, len(sales), now_us),),
            sales_orders=tuple(sorted(sales)),
        ),
    )
