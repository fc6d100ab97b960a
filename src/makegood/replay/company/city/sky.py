"""A real storm over the district: hourly observations made into a curve, and a forecast that errs.

The district is small beside a storm, so that it rains alike everywhere in it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random
from typing import Final

from makegood.clock import HOUR, MINUTE
from makegood.domain.geo import Point
from makegood.replay.company.city.params import CityParams, StormCurve
from makegood.replay.company.weather import QUARTER, RainField

_QUARTERS: Final = 4
_KMH_A_M_S: Final = 3.6


@dataclass(frozen=True, slots=True)
class Curve:
    """Rain in mm/h at the middles of quarters of an hour from `from_us` on, straight between."""

    from_us: int
    mm_h: tuple[float, ...]

    def rate(self, at_us: int) -> float:
        """Return the rain rate at an instant; none before and after the curve."""
        place = (at_us - self.from_us) / QUARTER - 0.5
        left = math.floor(place)
        share = place - left
        return self._at(left) * (1 - share) + self._at(left + 1) * share

    def ends_us(self) -> int:
        """Return when the curve is over."""
        return self.from_us + len(self.mm_h) * QUARTER

    def _at(self, index: int) -> float:
        return self.mm_h[index] if 0 <= index < len(self.mm_h) else 0.0


@dataclass(frozen=True, slots=True)
class Sky(RainField):
    """Rain and wind over a district.

    `scale` and `shift_us` say how a forecast errs: what it says of an instant to come is the rain
    `shift_us` later, times `scale`; `seen_us` is when it was made (None: this is no forecast).
    """

    curve: Curve = Curve(0, ())
    wind_m_s: tuple[float, ...] = (0.0,)
    gusts: float = 1.0
    wind_per_mm_h: float = 0.0
    scale: float = 1.0
    shift_us: int = 0
    seen_us: int | None = None

    def rate(self, place: Point, at_us: int) -> float:  # noqa: ARG002 -- alike everywhere
        """Return the rain rate in mm/h, or what is foretold of it."""
        seen_us = self.seen_us
        if seen_us is None or at_us <= seen_us:
            return self.curve.rate(at_us)
        # The error grows into its full size over the first half hour.
        share = min(1.0, (at_us - seen_us) / (30 * MINUTE))
        foretold = self.curve.rate(at_us + round(self.shift_us * share))
        return foretold * self.scale**share

    def wind_kmh(self, place: Point, at_us: int) -> float:
        """Return the wind in km/h, gusts included."""
        hour = (at_us - self.curve.from_us) // HOUR
        mean = self.wind_m_s[min(max(hour, 0), len(self.wind_m_s) - 1)]
        return (mean * self.gusts + self.wind_per_mm_h * self.rate(place, at_us)) * _KMH_A_M_S

    def as_seen(self, now_us: int) -> Sky:
        """Return the sky as the weather service knows it by now."""
        return Sky(
            curve=self.curve,
            wind_m_s=self.wind_m_s,
            gusts=self.gusts,
            wind_per_mm_h=self.wind_per_mm_h,
            scale=self.scale,
            shift_us=self.shift_us,
            seen_us=now_us,
        )


def draw_sky(params: CityParams, seed: int, starts_us: int) -> Sky:
    """Return the storm over a district, with the error of one seed's forecast."""
    storm, error = params.storm, params.forecast
    rng = Random(f"{seed}/forecast")
    scale = math.exp(rng.gauss(0, 1) * error.scale_spread * error.error)
    shift_us = round(rng.gauss(0, 1) * error.shift_minutes * error.error * MINUTE)
    return Sky(
        curve=Curve(starts_us + storm.begins_minutes * MINUTE, _quarters(storm, params.severity)),
        wind_m_s=storm.wind_m_s,
        gusts=storm.gusts,
        wind_per_mm_h=storm.wind_per_mm_h,
        scale=scale,
        shift_us=shift_us,
    )


def _quarters(storm: StormCurve, severity: float) -> tuple[float, ...]:
    """Return the mean rate of each quarter: its share of the hour's sum, times four."""
    return tuple(
        mm * severity * share * _QUARTERS for mm in storm.mm for share in storm.within_hour
    )


@dataclass(frozen=True, slots=True)
class Turns:
    """The rain minute by minute, to find when it first passes a limit."""

    from_us: int
    mm_h: tuple[float, ...]

    @classmethod
    def of(cls, sky: Sky, starts_us: int, ends_us: int) -> Turns:
        """Look at a sky each minute."""
        return cls(
            starts_us, tuple(sky.curve.rate(at_us) for at_us in range(starts_us, ends_us, MINUTE))
        )

    def over(self, limit_mm_h: float, below_mm_h: float) -> tuple[int, int] | None:
        """Return when the rain first reaches a limit, and then when it last falls below another."""
        over = next((i for i, mm_h in enumerate(self.mm_h) if mm_h >= limit_mm_h), None)
        if over is None:
            return None
        last = max(i for i, mm_h in enumerate(self.mm_h) if mm_h >= below_mm_h)
        return self.from_us + over * MINUTE, self.from_us + (last + 1) * MINUTE
