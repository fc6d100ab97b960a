"""A small map of the district: where hubs, couriers and open deliveries are.

Positions are laid on a plane around their middle (equirectangular, true in distance there) and
scaled to fit. The drawing itself is a template; this only says where things go.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from makegood.domain.geo import EARTH_RADIUS_M, Point

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH: Final = 640
HEIGHT: Final = 400
_MARGIN: Final = 28
_LEAST_SPAN_M: Final = 1_200.0
_STEPS_M: Final = (100, 250, 500, 1_000, 2_000, 5_000, 10_000, 25_000, 50_000)
_SCALE_SHARE: Final = 0.24
_RINGS: Final = 4


@dataclass(frozen=True, slots=True)
class Spot:
    """One thing on the map: pixels from the top left, what it is, and what it says."""

    x: float
    y: float
    state: str
    label: str
    to_x: float | None = None
    to_y: float | None = None


@dataclass(frozen=True, slots=True)
class Rain:
    """Rain over a hub: its text, and how heavy, from 1 to 3."""

    x: float
    y: float
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Scale:
    """The bar that tells distances: its length in pixels and what it stands for, in km."""

    length: float
    km: float


@dataclass(frozen=True, slots=True)
class CityMap:
    """Everything to draw, in the order of drawing."""

    rings: tuple[tuple[float, float, float], ...]
    rains: tuple[Rain, ...]
    deliveries: tuple[Spot, ...]
    couriers: tuple[Spot, ...]
    hubs: tuple[Spot, ...]
    scale: Scale
    width: int = WIDTH
    height: int = HEIGHT


class Plane:
    """Where a place goes in the picture."""

    def __init__(self, points: Sequence[Point]) -> None:
        """Fit these places (at least one) into the picture."""
        lats = [p.lat for p in points]
        lons = [p.lon for p in points]
        self._lat = (min(lats) + max(lats)) / 2
        self._lon = (min(lons) + max(lons)) / 2
        self._squeeze = math.cos(math.radians(self._lat))
        across = self._metres(max(lons) - min(lons)) * self._squeeze
        down = self._metres(max(lats) - min(lats))
        self._px_per_m = min(
            (WIDTH - 2 * _MARGIN) / max(across, _LEAST_SPAN_M),
            (HEIGHT - 2 * _MARGIN) / max(down, _LEAST_SPAN_M * HEIGHT / WIDTH),
        )

    @staticmethod
    def _metres(degrees: float) -> float:
        return math.radians(degrees) * EARTH_RADIUS_M

    def place(self, point: Point) -> tuple[float, float]:
        """Return the pixels of a place."""
        x = self._metres(point.lon - self._lon) * self._squeeze * self._px_per_m
        y = self._metres(point.lat - self._lat) * self._px_per_m
        return round(WIDTH / 2 + x, 1), round(HEIGHT / 2 - y, 1)

    def scale(self) -> Scale:
        """Return a bar of a round length, about a quarter of the picture."""
        most_m = WIDTH * _SCALE_SHARE / self._px_per_m
        step = max((m for m in _STEPS_M if m <= most_m), default=_STEPS_M[0])
        return Scale(round(step * self._px_per_m, 1), step / 1000)

    def rings(self, centre: Point) -> tuple[tuple[float, float, float], ...]:
        """Return circles around a place, one for each length of the bar."""
        x, y = self.place(centre)
        length = self.scale().length
        return tuple((x, y, round(length * n, 1)) for n in range(1, _RINGS + 1))
