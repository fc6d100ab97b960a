"""One order that came in twice: the same lines for one person to one door within minutes.

It happens where a platform sends an order again under another number, and where a sync pulls from
two platforms what a customer placed on one. The person is known by their phone, as each platform
has numbers of its own for them, and by their number here where there is none. The later of two is
the one too many; who orders the same again on purpose does so later than policy's
`within_minutes`, or a person says no.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

from makegood.clock import MINUTE
from makegood.domain.incidents import Finding, IncidentKind
from makegood.incidents import evidence as ev

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from makegood.domain.entities import SalesOrder
    from makegood.domain.policy import Detection
    from makegood.incidents.view import HubView


def key(hub_id: str) -> str:
    """Return the key of a hub's orders that came in twice."""
    return f"duplicate:orders:{hub_id}"


def find(view: HubView, policy: Detection, now_us: int) -> tuple[Finding, ...]:
    """Find the later ones of equal orders; the first of them is left alone."""
    within_us = policy.duplicates.within_minutes * MINUTE
    alike: dict[Hashable, list[SalesOrder]] = defaultdict(list)
    for order in view.lately:
        # An order without a place or lines is like every other such order.
        if order.drop_off is not None and order.lines:
            alike[_sameness(order)].append(order)
    again = sorted(one for orders in alike.values() for one in _again(orders, within_us))
    if not again:
        return ()
    return (
        Finding(
            kind=IncidentKind.DUPLICATE,
            key=key(view.hub.id),
            hub_id=view.hub.id,
            severity=ev.severity(len(again), len(view.lately)),
            evidence=(ev.count(ev.ORDERED_TWICE, len(again), now_us),),
            sales_orders=tuple(again),
        ),
    )


def _sameness(order: SalesOrder) -> Hashable:
    lines = sorted((line.sku, line.quantity, line.price.minor) for line in order.lines)
    person = order.customer_phone or order.customer_id
    return person, order.drop_off, order.currency, tuple(lines)


def _again(orders: Sequence[SalesOrder], within_us: int) -> list[str]:
    """Return those that were placed so soon after the one before them."""
    by_time = sorted(orders, key=lambda one: (one.placed_us or 0, one.id))
    pairs = pairwise(by_time)
    return [b.id for a, b in pairs if (b.placed_us or 0) - (a.placed_us or 0) <= within_us]
