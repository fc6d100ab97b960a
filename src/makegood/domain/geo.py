"""Places on the earth, and distances between them in whole metres."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

EARTH_RADIUS_M: Final = 6_371_000


@dataclass(frozen=True, slots=True)
class Point:
    """A place in degrees, WGS 84."""

    lat: float
    lon: float


def distance_m(a: Point, b: Point) -> int:
    """Return the great-circle distance in whole metres (haversine formula)."""
    phi_a, phi_b = math.radians(a.lat), math.radians(b.lat)
    half_phi = (phi_b - phi_a) / 2
    half_lambda = math.radians(b.lon - a.lon) / 2
    h = math.sin(half_phi) ** 2 + math.cos(phi_a) * math.cos(phi_b) * math.sin(half_lambda) ** 2
    return round(2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, h))))
