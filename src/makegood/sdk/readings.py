"""What read tools answer: small frozen records with their units in the names.

Workspace tools return these so that any agent can work with any workspace's tools.
"""

from __future__ import annotations

from dataclasses import dataclass

from makegood.domain.geo import Point


@dataclass(frozen=True, slots=True)
class WeatherReading:
    """Rain at one hub: now, and the most that is forecast within the horizon, in mm an hour.

    `wind_m_s` is None where the feed does not say. `observed_us` is the feed's own time, and
    `rain_quarters_mm_h` the rain in each quarter of an hour from then on, as far as it is forecast.
    """

    hub_id: str
    rain_mm_h: float
    rain_forecast_mm_h: float
    observed_us: int
    wind_m_s: float | None = None
    rain_quarters_mm_h: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class CourierReading:
    """Where one courier is and what they carry, as the fleet says; capacity and load in units."""

    courier_id: str
    status: str
    position: Point
    position_us: int
    capacity: int
    load: int
    vehicle: str = ""
    shift_ends_us: int | None = None


@dataclass(frozen=True, slots=True)
class CustomerReading:
    """A customer's tier and history; counts are over the customer's whole life."""

    customer_id: str
    tier: str
    orders: int = 0
    late_orders: int = 0
    refunds: int = 0


@dataclass(frozen=True, slots=True)
class OrderReading:
    """An order as the order management system has it; `note` is the customer's text, data only."""

    order_id: str
    customer_id: str
    hub_id: str
    status: str
    total_minor: int
    currency: str
    note: str = ""
