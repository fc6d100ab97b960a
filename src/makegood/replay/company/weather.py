"""Rain over the city, and the answer of a weather service about it in Open-Meteo's shape.

The shape follows https://open-meteo.com/en/docs (`/v1/forecast`): parallel arrays under
`hourly` and `minutely_15` with a `..._units` object each, ISO 8601 local times without zone, a
precipitation sum in mm of the interval *before* each time, and `{"error": true, "reason": ...}`
with status 400 for a bad request.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

from makegood.clock import DAY, HOUR, MINUTE, to_datetime
from makegood.domain.geo import Point, distance_m

QUARTER: Final = 15 * MINUTE
_SAMPLES: Final = 15
_CALM_WIND_KMH: Final = 8.0
# Assumption: gust fronts add a little wind for each mm/h of rain.
_WIND_PER_MM_H: Final = 0.6

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """One rainstorm: it rises from `starts_us` to `peaks_us` and is gone at `ends_us`.

    Rain falls off from the centre to nothing at `radius_m`; `peak_mm_h` is the rate at the
    centre at the peak.
    """

    centre: Point
    radius_m: int
    starts_us: int
    peaks_us: int
    ends_us: int
    peak_mm_h: float

    def rate(self, place: Point, at_us: int) -> float:
        """Return the rain rate in mm/h at a place and an instant."""
        if not self.starts_us < at_us < self.ends_us:
            return 0.0
        share = distance_m(self.centre, place) / self.radius_m
        if share >= 1:
            return 0.0
        if at_us <= self.peaks_us:
            phase = (at_us - self.starts_us) / (self.peaks_us - self.starts_us)
        else:
            phase = (self.ends_us - at_us) / (self.ends_us - self.peaks_us)
        # A raised cosine: no corner in time, and in space a broad core.
        in_time = (1 - math.cos(math.pi * phase)) / 2
        return self.peak_mm_h * in_time * (1 - share * share)


@dataclass(frozen=True, slots=True)
class RainField:
    """All rain there is."""

    storms: tuple[Storm, ...] = ()

    def rate(self, place: Point, at_us: int) -> float:
        """Return the rain rate in mm/h at a place and an instant."""
        return sum(storm.rate(place, at_us) for storm in self.storms)

    def as_seen(self, now_us: int) -> RainField:  # noqa: ARG002 -- what sees less overrides this
        """Return the rain as the weather service knows it by now: here, as it will be."""
        return self

    def wind_kmh(self, place: Point, at_us: int) -> float:
        """Return the wind speed at 10 m in km/h."""
        return _CALM_WIND_KMH + _WIND_PER_MM_H * self.rate(place, at_us)

    def fallen_mm(self, place: Point, until_us: int, over_us: int) -> float:
        """Return the mm that fell in the interval of `over_us` that ends at `until_us`."""
        slice_us = over_us // _SAMPLES
        middles = (until_us - over_us + slice_us // 2 + i * slice_us for i in range(_SAMPLES))
        return sum(self.rate(place, at_us) for at_us in middles) / _SAMPLES * over_us / HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a client asks of the weather service; variables by their Open-Meteo names."""

    place: Point
    current: tuple[str, ...] = ()
    minutely_15: tuple[str, ...] = ()
    hourly: tuple[str, ...] = ()
    forecast_days: int = 7
    forecast_hours: int | None = None
    forecast_minutely_15: int | None = None


_UNITS: Final = {
    "precipitation": "mm",
    "rain": "mm",
    "wind_speed_10m": "km/h",
}
VARIABLES: Final = frozenset(_UNITS)


def forecast(field: RainField, question: Question, now_us: int) -> Json:
    """Return the whole answer for one place, its keys in Open-Meteo's order.

    It is read off the field that also slows the couriers, as far as that is known by now.
    """
    field, place = field.as_seen(now_us), question.place
    answer: Json = {
        "latitude": place.lat,
        "longitude": place.lon,
        "generationtime_ms": 0.05,
        "utc_offset_seconds": 0,
        "timezone": "UTC",
        "timezone_abbreviation": "UTC",
        "elevation": 12.0,
    }
    if question.current:
        answer["current_units"] = {"time": "iso8601", "interval": "seconds"} | _units(
            question.current
        )
        at_us = now_us // QUARTER * QUARTER
        answer["current"] = {"time": _stamp(at_us), "interval": QUARTER // 1_000_000} | {
            name: _value(field, name, place, at_us, QUARTER) for name in question.current
        }
    if question.minutely_15:
        times = _times(question, now_us, QUARTER, question.forecast_minutely_15)
        answer["minutely_15_units"] = {"time": "iso8601"} | _units(question.minutely_15)
        answer["minutely_15"] = _series(field, question.minutely_15, place, times, QUARTER)
    if question.hourly:
        times = _times(question, now_us, HOUR, question.forecast_hours)
        answer["hourly_units"] = {"time": "iso8601"} | _units(question.hourly)
        answer["hourly"] = _series(field, question.hourly, place, times, HOUR)
    return answer


def _units(names: tuple[str, ...]) -> dict[str, str]:
    return {name: _UNITS[name] for name in names}


def _times(question: Question, now_us: int, step_us: int, count: int | None) -> range:
    """Return instants from today's midnight on, or `count` of them from the present step on."""
    if count is not None:
        first = now_us // step_us * step_us
        return range(first, first + count * step_us, step_us)
    midnight = now_us // DAY * DAY
    return range(midnight, midnight + question.forecast_days * DAY, step_us)


def _series(
    field: RainField, names: tuple[str, ...], place: Point, times: range, step_us: int
) -> Json:
    values: Json = {"time": [_stamp(at_us) for at_us in times]}
    for name in names:
        values[name] = [_value(field, name, place, at_us, step_us) for at_us in times]
    return values


def _value(field: RainField, name: str, place: Point, at_us: int, step_us: int) -> float:
    if name == "wind_speed_10m":
        return round(field.wind_kmh(place, at_us), 1)
    quarters = range(at_us - step_us + QUARTER, at_us + QUARTER, QUARTER)
    return round(sum(round(field.fallen_mm(place, q, QUARTER), 2) for q in quarters), 2)


def _stamp(at_us: int) -> str:
    return to_datetime(at_us).strftime("%Y-%m-%dT%H:%M")
