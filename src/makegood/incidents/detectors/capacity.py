"""More work than the riders on shift can deliver within policy's window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from makegood.clock import HOUR, MINUTE
from makegood.domain.incidents import Evidence, Finding, IncidentKind
from makegood.incidents import evidence as ev
from makegood.incidents.lateness import Outlook, endangered

if TYPE_CHECKING:
    from makegood.domain.entities import Courier
    from makegood.domain.policy import Detection
    from makegood.incidents.view import HubView

BP: Final = 10_000
NO_SUPPLY_BP: Final = 100 * BP
"""Demand over supply where there is demand and nobody on shift: a hundred times."""


def key(hub_id: str) -> str:
    """Return the key of a hub's capacity trouble."""
    return f"capacity:couriers:{hub_id}"


def demand_bp(view: HubView, policy: Detection, now_us: int) -> int:
    """Return the deliveries wanted within the window, in 1/10000.

    They are the open ones that are ready within it, and as many new ones as the look-back's rate
    foretells.
    """
    limits = policy.capacity
    until_us = now_us + limits.window_minutes * MINUTE
    due = sum(1 for order in view.fulfilments if (order.ready_us or 0) <= until_us)
    foretold_bp = view.arrivals * BP * limits.window_minutes // limits.lookback_minutes
    return due * BP + foretold_bp


def riders(view: HubView, policy: Detection) -> tuple[Courier, ...]:
    """Return who takes what comes: a vehicle with limits of its own is sent by a decision alone.

    The forecast leaves them out likewise: rain may ground all of them at once, and what they can
    carry within range is no share of a hub's work that one could count on.
    """
    limited = policy.travel.limits
    return tuple(courier for courier in view.couriers if courier.vehicle not in limited)


def supply_bp(view: HubView, policy: Detection, now_us: int) -> int:
    """Return the deliveries that riders can make before the window or their shift ends."""
    limits = policy.capacity
    until_us = now_us + limits.window_minutes * MINUTE
    ends = (courier.shift_ends_us for courier in riders(view, policy))
    there_us = sum(
        max(0, until_us - now_us if end is None else min(until_us, end) - now_us) for end in ends
    )
    return limits.orders_per_courier_hour_bp * there_us // HOUR


def feed(view: HubView, policy: Detection, now_us: int) -> Evidence | None:
    """Return how long no rider of the hub was heard of; None where none is on shift.

    One silent rider is theirs to lose; all of them silent is a feed that is down, whatever a
    drone in its dock still reports.
    """
    there = riders(view, policy)
    if not there:
        return None
    heard = [one.position_us for one in there if one.position_us is not None]
    stale_us = policy.feeds.couriers_stale_minutes * MINUTE
    return ev.feed_age(ev.COURIERS_AGE, max(heard, default=None), stale_us, now_us)


def find(view: HubView, outlook: Outlook, policy: Detection, now_us: int) -> tuple[Finding, ...]:
    """Find demand over supply; undecided between opening and closing.

    A stale courier feed is marked, so that what rests on positions holds; shifts and orders are
    still known, so the incident opens all the same.
    """
    limits = policy.capacity
    wanted_bp, able_bp = demand_bp(view, policy, now_us), supply_bp(view, policy, now_us)
    over_bp = min(NO_SUPPLY_BP, wanted_bp * BP // able_bp) if able_bp else NO_SUPPLY_BP
    if not wanted_bp or over_bp < limits.close_below_bp:
        return ()
    orders = endangered(view, outlook, limits.margin_minutes * MINUTE)
    heard = feed(view, policy, now_us)
    evidence = (
        _evidence(ev.DEMAND_OVER_SUPPLY, "bp", over_bp, limits.open_at_bp, now_us),
        _evidence(ev.DEMAND, "1", wanted_bp // BP, able_bp // BP, now_us),
        *((heard,) if heard is not None else ()),
        ev.count(ev.ENDANGERED, len(orders), now_us),
    )
    strained = over_bp >= limits.open_at_bp
    grade = ev.severity(len(orders), len(view.fulfilments)) if strained else ev.UNDECIDED
    return (
        Finding(
            kind=IncidentKind.CAPACITY,
            key=key(view.hub.id),
            hub_id=view.hub.id,
            severity=grade,
            evidence=evidence,
            orders=orders,
        ),
    )


def _evidence(name: str, unit: str, value: int, limit: int, now_us: int) -> Evidence:
    return Evidence(name=name, unit=unit, value=value, limit=limit, observed_us=now_us)
