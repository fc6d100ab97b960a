"""What counts on a recorded day: how fast couriers move, what they carry, what is kept.

Speeds and the rules are those of the recorded platform's days as this suite states them: distance
is the great circle's, there is no service time, an order is picked up no earlier than it is ready,
and its promise is kept where it is dropped off by its expected drop-off time. What the record does
not say is assumed: what fits a vehicle, and that couriers' shifts are known in advance, that an
order and when it will be ready are known from its placement, that a courier is never called back
once sent to a shop, and that orders picked up by the shift's end may be dropped off after it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from makegood.domain.geo import EARTH_RADIUS_M, Point, distance_m

SPEED_KM_H: Final = {"motorcycle": 25, "bicycle": 20, "car": 15, "walking": 5}
"""Kilometres an hour by vehicle."""

CAPACITY: Final = {"motorcycle": 3, "bicycle": 2, "car": 3, "walking": 1}
"""Orders carried at once by vehicle: an assumption."""

EVERY_S: Final = 60
"""Seconds from one decision to the next, where nobody says otherwise: an assumption."""

DAY_S: Final = 86_400

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def travel_s(a: Point, b: Point, speed_km_h: int) -> int:
    """Return the whole seconds from one place to another, rounded up."""
    return seconds(distance_m(a, b), speed_km_h)


def seconds(metres: int, speed_km_h: int) -> int:
    """Return the whole seconds that a distance takes, rounded up."""
    return -(-metres * 18 // (5 * speed_km_h))


def distances_m(lat_a: Floats, lon_a: Floats, lat_b: Floats, lon_b: Floats) -> Ints:
    """Return distances in whole metres between places in radians, as `distance_m` has them."""
    h = (
        np.sin((lat_b - lat_a) / 2) ** 2
        + np.cos(lat_a) * np.cos(lat_b) * np.sin((lon_b - lon_a) / 2) ** 2
    )
    return np.rint(2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(h))).astype(np.int64)


def all_seconds(metres: Ints, speed_km_h: Ints) -> Ints:
    """Return the whole seconds that distances take, each at its speed, rounded up."""
    return -(-metres * 18 // (5 * speed_km_h))
