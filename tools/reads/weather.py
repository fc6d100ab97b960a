"""Rain and wind at a hub, from Open-Meteo or anything that answers in its shape.

https://open-meteo.com/en/docs: `precipitation` is the sum in mm over the interval before each
time, so a rate in mm/h is that sum times the intervals in an hour.
"""

from __future__ import annotations

from datetime import UTC, datetime

from makegood.sdk import SECOND, ReadFailed, WeatherReading, reads, tool
from tools.reads.answers import Answer, read

_QUARTERS_IN_HOUR = 4
_KMH_IN_M_S = 3.6


class _Current(Answer):
    time: str
    interval: int
    precipitation: float
    wind_speed_10m: float | None = None


class _Quarters(Answer):
    precipitation: tuple[float | None, ...]


class _Forecast(Answer):
    current: _Current
    minutely_15: _Quarters


@tool(reads)
def forecast(hub_id: str, latitude: float, longitude: float) -> WeatherReading:
    """Read the rain at a hub's place (WGS 84 degrees), now and at most in the next hour, in mm/h.

    Raises:
        ReadFailed: the weather service did not answer, or not in Open-Meteo's shape.

    """
    answer = read(
        "weather",
        "/v1/forecast",
        _Forecast,
        latitude=latitude,
        longitude=longitude,
        current="precipitation,wind_speed_10m",
        minutely_15="precipitation",
        # The first quarter ends now; the next four are the coming hour.
        forecast_minutely_15=_QUARTERS_IN_HOUR + 1,
        timezone="UTC",
    )
    current, quarters = answer.current, answer.minutely_15.precipitation
    coming = [mm for mm in quarters if mm is not None]
    rates = tuple(round(mm * _QUARTERS_IN_HOUR, 2) for mm in coming)
    if len(coming) <= _QUARTERS_IN_HOUR or current.interval <= 0:
        raise ReadFailed("weather /v1/forecast: the coming hour is not complete")
    wind = current.wind_speed_10m
    return WeatherReading(
        hub_id=hub_id,
        rain_mm_h=round(current.precipitation * 3600 / current.interval, 2),
        rain_forecast_mm_h=max(rates),
        observed_us=_instant(current.time),
        wind_m_s=None if wind is None else round(wind / _KMH_IN_M_S, 2),
        rain_quarters_mm_h=rates[1:],
    )


def _instant(text: str) -> int:
    """Return Open-Meteo's local time, here UTC, as microseconds since the epoch."""
    try:
        at = datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError as error:
        raise ReadFailed(f"weather /v1/forecast: current.time: {text!r} is no time") from error
    return int(at.timestamp()) * SECOND
