"""How couriers move: speed by vehicle, slowed by rain, along straight lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from makegood.clock import SECOND
from makegood.domain.geo import Point, distance_m
from makegood.replay.company.model import Courier
from makegood.replay.company.weather import RainField

# Assumptions: streets are longer than straight lines by this much, and handing over at a counter.
DETOUR: Final = 1.3
AT_COUNTER_US: Final = 60 * SECOND


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A kind of vehicle; at `halved_by_mm_h` of rain it goes half as fast as when dry."""

    name: str
    dry_m_s: float
    capacity: int
    halved_by_mm_h: float


# Assumptions: no rigorous public figure exists for heavy rain's effect on e-bike couriers, so
# the values only have to be plausible; scenarios sweep the rain instead.
VEHICLES: Final = {
    vehicle.name: vehicle
    for vehicle in (
        Vehicle("e_bike", dry_m_s=5.6, capacity=6, halved_by_mm_h=22.0),
        Vehicle("cargo_bike", dry_m_s=4.6, capacity=9, halved_by_mm_h=26.0),
        Vehicle("car", dry_m_s=6.0, capacity=12, halved_by_mm_h=70.0),
    )
}


@dataclass(frozen=True, slots=True)
class Leg:
    """One way from a place to another; `number` tells a leg from one that replaced it."""

    number: int
    start: Point
    end: Point
    leaves_us: int
    arrives_us: int

    def at(self, now_us: int) -> Point:
        """Return the place on the way at an instant."""
        if now_us >= self.arrives_us:
            return self.end
        share = max(0.0, (now_us - self.leaves_us) / (self.arrives_us - self.leaves_us))
        return Point(
            lat=round(self.start.lat + (self.end.lat - self.start.lat) * share, 6),
            lon=round(self.start.lon + (self.end.lon - self.start.lon) * share, 6),
        )


def travel_us(vehicle: str, start: Point, end: Point, rain: RainField, at_us: int) -> int:
    """Return how long a way takes in the rain that falls half-way when it begins."""
    kind = VEHICLES[vehicle]
    middle = Point((start.lat + end.lat) / 2, (start.lon + end.lon) / 2)
    speed = kind.dry_m_s / (1 + rain.rate(middle, at_us) / kind.halved_by_mm_h)
    return round(distance_m(start, end) * DETOUR / speed * SECOND)


class Ways(Protocol):
    """How couriers move, and when they set out."""

    def road_m(self, courier: Courier, start: Point, end: Point) -> int:
        """Return how far a courier goes from a place to another."""
        ...

    def travel_us(self, courier: Courier, goal: str, start: Point, end: Point, at_us: int) -> int:
        """Return how long a courier takes to a goal."""
        ...

    def counter_us(self, courier: Courier) -> int:
        """Return how long handing over at the counter takes."""
        ...

    def home_of(self, courier: Courier) -> str | None:
        """Return the hub that a courier with nothing to do goes to, or None to stay."""
        ...

    def may_leave(self, courier: Courier) -> bool:
        """Say whether a courier sets out with what is ready for them."""
        ...


class Streets:
    """The ways of a plain city: straight lines, longer by a detour, slowed by rain alone."""

    def __init__(self, rain: RainField) -> None:
        """Ride in this rain."""
        self._rain = rain

    def road_m(self, courier: Courier, start: Point, end: Point) -> int:  # noqa: ARG002 -- alike for all
        """Return how far anybody goes."""
        return round(distance_m(start, end) * DETOUR)

    def travel_us(self, courier: Courier, goal: str, start: Point, end: Point, at_us: int) -> int:  # noqa: ARG002 -- as in Ways
        """Return how long a courier takes in the rain half-way."""
        return travel_us(courier.vehicle, start, end, self._rain, at_us)

    def counter_us(self, courier: Courier) -> int:  # noqa: ARG002 -- alike for all
        """Return a minute."""
        return AT_COUNTER_US

    def home_of(self, courier: Courier) -> str | None:  # noqa: ARG002 -- alike for all
        """Nobody goes home."""
        return None

    def may_leave(self, courier: Courier) -> bool:  # noqa: ARG002 -- alike for all
        """Everybody sets out."""
        return True
