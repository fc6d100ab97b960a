"""Rain at a hub, now or forecast, and the deliveries that it will make late."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makegood.clock import MINUTE
from makegood.domain.conditions import Rain
from makegood.domain.entities import Hub
from makegood.domain.incidents import Evidence, Finding, IncidentKind
from makegood.incidents import evidence as ev
from makegood.incidents.lateness import Outlook, endangered

if TYPE_CHECKING:
    from makegood.domain.policy import Detection
    from makegood.incidents.view import HubView


def key(hub_id: str) -> str:
    """Return the key of a hub's weather trouble."""
    return f"weather:rain:{hub_id}"


def feed(hub: Hub, policy: Detection, now_us: int) -> Evidence:
    """Return how old the hub's weather is; a hub without a reading was never heard of."""
    seen_us = None if hub.rain_mm_h is None else hub.rain_seen_us
    return ev.feed_age(ev.WEATHER_AGE, seen_us, policy.feeds.weather_stale_minutes * MINUTE, now_us)


def rain(hub: Hub, policy: Detection, now_us: int) -> Rain:
    """Return the rain to reckon with; none when the feed is stale."""
    if ev.is_stale((feed(hub, policy, now_us),)):
        return Rain.between(0.0, 0.0, now_us)
    return Rain.at(hub, now_us)


def find(view: HubView, outlook: Outlook, policy: Detection, now_us: int) -> tuple[Finding, ...]:
    """Find rain over policy's threshold.

    Between the threshold and `clear_below_mm_h` the finding is undecided: it keeps an open
    incident open. So it is on a stale feed, with no orders, because how wet it is nobody knows.
    """
    hub, limits = view.hub, policy.weather
    heard = feed(hub, policy, now_us)
    if ev.is_stale((heard,)):
        return (_finding(hub.id, ev.UNDECIDED, (heard,), ()),)
    now_mm_h, ahead_mm_h = hub.rain_mm_h or 0.0, hub.rain_forecast_mm_h or 0.0
    if max(now_mm_h, ahead_mm_h) < limits.clear_below_mm_h:
        return ()
    orders = endangered(view, outlook, limits.margin_minutes * MINUTE)
    pours = now_mm_h >= limits.rain_now_mm_h or ahead_mm_h >= limits.rain_forecast_mm_h
    seen_us = hub.rain_seen_us or 0
    evidence = (
        _rain(ev.RAIN_NOW, now_mm_h, limits.rain_now_mm_h, seen_us),
        _rain(ev.RAIN_FORECAST, ahead_mm_h, limits.rain_forecast_mm_h, seen_us),
        heard,
        ev.count(ev.ENDANGERED, len(orders), now_us),
    )
    grade = ev.severity(len(orders), len(view.fulfilments)) if pours else ev.UNDECIDED
    return (_finding(hub.id, grade, evidence, orders),)


def _rain(name: str, mm_h: float, limit_mm_h: float, seen_us: int) -> Evidence:
    """Return rain in micrometres an hour, a thousandth of the customary millimetres."""
    return Evidence(
        name=name,
        unit="um/h",
        value=round(mm_h * 1000),
        limit=round(limit_mm_h * 1000),
        observed_us=seen_us,
    )


def _finding(
    hub_id: str, grade: int, evidence: tuple[Evidence, ...], orders: tuple[str, ...]
) -> Finding:
    return Finding(
        kind=IncidentKind.WEATHER,
        key=key(hub_id),
        hub_id=hub_id,
        severity=grade,
        evidence=evidence,
        orders=orders,
    )
