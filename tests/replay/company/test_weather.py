"""Weather in Open-Meteo's shape, read off the rain that slows the couriers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from makegood.clock import HOUR, MINUTE
from makegood.domain.geo import Point
from makegood.replay.company.weather import Question, RainField, Storm, forecast
from tests.replay.company.serving import START_US, client_of, living_company

CENTRE = Point(30.29, 120.13)
STORM = Storm(
    centre=CENTRE,
    radius_m=3000,
    starts_us=START_US,
    peaks_us=START_US + 30 * MINUTE,
    ends_us=START_US + 90 * MINUTE,
    peak_mm_h=40.0,
)


def test_the_answer_has_open_meteos_shape() -> None:
    company, clock = living_company()
    clock.advance(40 * MINUTE)
    with client_of(company, clock) as client:
        answer = client.get(
            "/v1/forecast",
            params={
                "latitude": 30.29,
                "longitude": 120.13,
                "current": "precipitation",
                "minutely_15": "precipitation",
                "hourly": "precipitation,wind_speed_10m",
                "forecast_hours": 2,
                "forecast_minutely_15": 3,
                "timezone": "UTC",
            },
        ).json()
    assert answer == snapshot(
        {
            "latitude": 30.29,
            "longitude": 120.13,
            "generationtime_ms": 0.05,
            "utc_offset_seconds": 0,
            "timezone": "UTC",
            "timezone_abbreviation": "UTC",
            "elevation": 12.0,
            "current_units": {"time": "iso8601", "interval": "seconds", "precipitation": "mm"},
            "current": {"time": "2026-07-14T10:30", "interval": 900, "precipitation": 2.9},
            "minutely_15_units": {"time": "iso8601", "precipitation": "mm"},
            "minutely_15": {
                "time": ["2026-07-14T10:30", "2026-07-14T10:45", "2026-07-14T11:00"],
                "precipitation": [2.9, 9.74, 11.08],
            },
            "hourly_units": {"time": "iso8601", "precipitation": "mm", "wind_speed_10m": "km/h"},
            "hourly": {
                "time": ["2026-07-14T10:00", "2026-07-14T11:00"],
                "precipitation": [0.0, 23.74],
                "wind_speed_10m": [8.0, 32.6],
            },
        }
    )
    assert list(answer) == snapshot(
        [
            "latitude",
            "longitude",
            "generationtime_ms",
            "utc_offset_seconds",
            "timezone",
            "timezone_abbreviation",
            "elevation",
            "current_units",
            "current",
            "minutely_15_units",
            "minutely_15",
            "hourly_units",
            "hourly",
        ]
    )


def test_without_a_count_the_series_covers_whole_days_from_midnight() -> None:
    question = Question(place=CENTRE, hourly=("precipitation",), forecast_days=2)
    hourly = forecast(RainField((STORM,)), question, START_US)["hourly"]
    assert len(hourly["time"]) == len(hourly["precipitation"]) == 48
    assert hourly["time"][0] == "2026-07-14T00:00"
    assert hourly["time"][-1] == "2026-07-15T23:00"


@given(st.integers(min_value=0, max_value=6))
def test_an_hours_rain_is_the_sum_of_its_quarters(hour: int) -> None:
    field = RainField((STORM,))
    question = Question(
        place=Point(30.295, 120.135),
        hourly=("precipitation",),
        minutely_15=("precipitation",),
        forecast_hours=2,
        forecast_minutely_15=5,
    )
    answer = forecast(field, question, START_US + hour * HOUR)
    quarters = answer["minutely_15"]["precipitation"][1:]
    assert answer["hourly"]["precipitation"][1] == pytest.approx(sum(quarters))


@given(
    st.integers(min_value=-HOUR, max_value=3 * HOUR),
    st.floats(min_value=-0.1, max_value=0.1),
    st.floats(min_value=-0.1, max_value=0.1),
)
def test_it_never_rains_outside_the_storm_nor_harder_than_its_peak(
    later_us: int, north: float, east: float
) -> None:
    place = Point(CENTRE.lat + north, CENTRE.lon + east)
    rate = RainField((STORM,)).rate(place, START_US + later_us)
    assert 0 <= rate <= STORM.peak_mm_h
    if not 0 < later_us < 90 * MINUTE or abs(north) > 0.03:
        assert rate == 0


def test_the_peak_falls_at_the_centre_at_the_peak() -> None:
    assert STORM.rate(CENTRE, STORM.peaks_us) == STORM.peak_mm_h


@pytest.mark.parametrize(
    "params",
    [
        {"latitude": 30, "longitude": 120, "hourly": "snowfall_in_hell"},
        {"latitude": 30, "longitude": 120, "timezone": "Asia/Shanghai"},
    ],
)
def test_a_question_it_cannot_answer_gets_open_meteos_error(params: dict[str, str | int]) -> None:
    company, clock = living_company()
    with client_of(company, clock) as client:
        answer = client.get("/v1/forecast", params=params)
    assert answer.status_code == 400
    assert answer.json()["error"] is True
    assert isinstance(answer.json()["reason"], str)
