"""What a vehicle is never sent past: planner, gate and spend ask the same questions here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from makegood.clock import MINUTE
from makegood.domain.entities import Courier, FulfilmentOrder, Hub
from makegood.domain.geo import Point, distance_m
from makegood.domain.policies_detection import VehicleLimits

_QUARTER_US: Final = 15 * MINUTE


@dataclass(frozen=True, slots=True)
class Sky:
    """Rain in mm an hour and wind in m/s at a hub, each None where it is not known by now."""

    rain_mm_h: float | None = None
    wind_m_s: float | None = None

    @classmethod
    def over(cls, hub: Hub | None, now_us: int, stale_us: int) -> Sky:
        """Return the sky as a hub last heard of it, unless that is older than `stale_us`.

        The rain is the worse of what was observed and what was then forecast for now.
        """
        if hub is None or hub.rain_seen_us is None or now_us - hub.rain_seen_us > stale_us:
            return UNKNOWN_SKY
        quarters = hub.rain_quarters_mm_h
        at = (now_us - hub.rain_seen_us) // _QUARTER_US
        foretold = quarters[at : at + 1] if at >= 0 else ()
        rain = max((hub.rain_mm_h, *foretold), default=None) if hub.rain_mm_h is not None else None
        return cls(rain, hub.wind_m_s)

    def or_worse(self, other: Sky) -> Sky:
        """Return the worse of two skies; what one of them does not know is not known."""
        return Sky(_worse(self.rain_mm_h, other.rain_mm_h), _worse(self.wind_m_s, other.wind_m_s))


UNKNOWN_SKY: Final = Sky()


def grounded(limits: VehicleLimits, vehicle: str, sky: Sky) -> str:
    """Return why the weather forbids a vehicle to leave, or an empty text."""
    asked = (
        ("rain", "mm/h", limits.rain_mm_h, sky.rain_mm_h),
        ("wind", "m/s", limits.wind_m_s, sky.wind_m_s),
    )
    for name, unit, limit, value in asked:
        if limit is None:
            continue
        if value is None:
            return f"nobody knows the {name}, and a {vehicle} is not sent into the unknown"
        if value > limit:
            return f"{name} of {value:g} {unit} is past the {limit:g} that a {vehicle} may leave in"
    return ""


def out_of_range(
    limits: VehicleLimits, vehicle: str, order: FulfilmentOrder, home: Point | None
) -> str:
    """Return why a vehicle cannot fetch an order, go to its customer and back, or an empty text.

    The distance itself is left out, because it tells where the customer lives.
    """
    if limits.docks and order.pick_up_id not in limits.docks:
        return f"a {vehicle} cannot leave from where this is picked up"
    if limits.range_m is None:
        return ""
    start = order.pick_up or home
    if start is None or order.drop_off is None:
        return f"nobody knows how far it is, and a {vehicle} is not sent into the unknown"
    if 2 * distance_m(start, order.drop_off) > limits.range_m:
        return f"there and back is past the {limits.range_m} m that a {vehicle} may go"
    return ""


def room_of(courier: Courier, limits: VehicleLimits | None) -> int:
    """Return the units that a courier may carry: their capacity, or less by the vehicle's limit."""
    if limits is None or limits.payload is None:
        return courier.capacity
    return min(courier.capacity, limits.payload)


def _worse(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else max(a, b)
