"""Parcels that do not move with their carrier: stuck, unseen, or lost.

There is one finding for each carrier at a hub, and one more for the parcels that policy gives up:
fifty parcels of a carrier that is down are one trouble with one cause, not fifty. A parcel is
trouble when its carrier says so, or when nobody has scanned it for longer than policy lets.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from makegood.clock import MINUTE, SECOND
from makegood.domain.incidents import Evidence, Finding, IncidentKind
from makegood.domain.statuses import WaybillStatus
from makegood.incidents import evidence as ev

if TYPE_CHECKING:
    from collections.abc import Sequence

    from makegood.domain.entities import SalesOrder, Waybill
    from makegood.domain.policy import Detection
    from makegood.incidents.view import HubView

    Parcel = tuple[Waybill, SalesOrder]

BP: Final = 10_000


def key(hub_id: str, carrier: str) -> str:
    """Return the key of a carrier's parcels that do not move."""
    return f"parcel:unseen:{carrier}:{hub_id}"


def lost_key(hub_id: str, carrier: str) -> str:
    """Return the key of a carrier's parcels that are given up."""
    return f"parcel:lost:{carrier}:{hub_id}"


def seen_us(waybill: Waybill, order: SalesOrder) -> int:
    """Return when anybody last knew of a parcel: its last scan, or when its order was placed."""
    return waybill.last_scan_us or order.placed_us or 0


def find(view: HubView, policy: Detection, now_us: int) -> tuple[Finding, ...]:
    """Find each carrier's parcels that do not move, and those of them that are lost."""
    by_carrier: dict[str, list[Parcel]] = defaultdict(list)
    for parcel in view.parcels:
        by_carrier[parcel[0].carrier].append(parcel)
    return tuple(
        finding
        for carrier, parcels in sorted(by_carrier.items())
        for finding in _of_carrier(view, carrier, parcels, policy, now_us)
    )


def _of_carrier(
    view: HubView, carrier: str, parcels: Sequence[Parcel], policy: Detection, now_us: int
) -> tuple[Finding, ...]:
    limits, hub_id = policy.parcels, view.hub.id
    silent_us, lost_us = limits.silent_minutes * MINUTE, limits.lost_minutes * MINUTE
    ages = [(now_us - seen_us(*parcel), parcel) for parcel in parcels]
    unseen = [
        (age_us, parcel)
        for age_us, parcel in ages
        if age_us > silent_us or parcel[0].status == WaybillStatus.STUCK
    ]
    if not unseen:
        return ()
    lost = [order.id for age_us, (_, order) in unseen if age_us > lost_us]
    waiting = [order.id for age_us, (_, order) in unseen if age_us <= lost_us]
    share_bp = len(unseen) * BP // len(parcels)
    longest_s = max(age_us for age_us, _ in unseen) // SECOND
    evidence = [_age(ev.PARCELS_UNSEEN, longest_s, limits.silent_minutes, now_us)]
    if share_bp >= limits.carrier_share_bp and len(unseen) >= limits.carrier_least:
        evidence.append(
            Evidence(
                name=ev.CARRIER_DOWN,
                unit="bp",
                value=share_bp,
                limit=limits.carrier_share_bp,
                observed_us=now_us,
            )
        )
    given_up = (_age(ev.PARCELS_LOST, longest_s, limits.lost_minutes, now_us),)
    made = (
        (key(hub_id, carrier), waiting, tuple(evidence)),
        (lost_key(hub_id, carrier), lost, given_up),
    )
    return tuple(
        Finding(
            kind=IncidentKind.PARCEL,
            key=name,
            hub_id=hub_id,
            severity=ev.severity(len(orders), len(parcels)),
            evidence=said,
            sales_orders=tuple(sorted(orders)),
        )
        for name, orders, said in made
        if orders
    )


def _age(name: str, age_s: int, limit_minutes: int, now_us: int) -> Evidence:
    return Evidence(name=name, unit="s", value=age_s, limit=limit_minutes * 60, observed_us=now_us)
