"""Small days: shops and couriers on one street, so that distances can be worked out by hand."""

from __future__ import annotations

import math

from makegood.domain.geo import EARTH_RADIUS_M, Point
from makegood.replay.suites.rappi.days import Courier, Day, Order


def at(metres: float) -> Point:
    """Return the place so far along the street."""
    return Point(0.0, math.degrees(metres / EARTH_RADIUS_M))


def order(
    n: int, shop_m: float, to_m: float, *, placed: int = 0, ready: int = 0, promised: int = 3_600
) -> Order:
    return Order(str(n), at(shop_m), at(to_m), placed, ready, promised)


def courier(
    n: int, place_m: float, vehicle: str = "motorcycle", on: int = 0, off: int = 7_200
) -> Courier:
    return Courier(str(n), vehicle, at(place_m), on, off)


def day(orders: list[Order], couriers: list[Courier]) -> Day:
    return Day("street", tuple(orders), tuple(couriers))
