"""Read tools, against cassettes recorded from the sandbox company over real HTTP.

Record them anew with `python -m tests.tools.record`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import httpx
import pytest
from inline_snapshot import snapshot

from makegood.sdk import Connection, Connections, NotConnected, ReadFailed
from tests.tools.outside import MISSING, cassette, company_now
from tools.reads.couriers import couriers
from tools.reads.customers import customers
from tools.reads.orders import orders
from tools.reads.stock import sources
from tools.reads.weather import forecast


def test_the_weather_is_read_in_mm_an_hour_with_the_feeds_own_time() -> None:
    with cassette("weather") as outside, outside.reads.bound():
        reading = forecast("hub-north", 30.29, 120.13)
    assert asdict(reading) == snapshot(
        {
            "hub_id": "hub-north",
            "rain_mm_h": 11.6,
            "rain_forecast_mm_h": 44.32,
            "observed_us": 1784025000000000,
            "wind_m_s": 6.61,
            "rain_quarters_mm_h": (38.96, 44.32, 35.0, 20.48),
        }
    )


def test_couriers_of_a_hub_are_read_with_place_and_room() -> None:
    with cassette("couriers") as outside, outside.reads.bound():
        found = couriers("hub-canal")
    assert len(found) == 3
    assert asdict(found[0]) == snapshot(
        {
            "courier_id": "canal-01",
            "status": "to_hub",
            "position": {"lat": 30.274953, "lon": 120.152682},
            "position_us": 1784025300000000,
            "capacity": 6,
            "load": 1,
            "vehicle": "e_bike",
            "shift_ends_us": 1784035800000000,
        }
    )


def test_an_unknown_hub_cannot_be_read() -> None:
    with (
        cassette("couriers_nowhere") as outside,
        outside.reads.bound(),
        pytest.raises(ReadFailed, match="HTTP 404"),
    ):
        couriers("hub-nowhere")


def test_orders_are_read_with_the_customers_note_as_data() -> None:
    with cassette("orders") as outside, outside.reads.bound():
        found = orders(["so-00004", "nothing", "so-00001"])
    assert [each.order_id for each in found] == ["so-00004", "so-00001"]
    assert asdict(found[0]) == snapshot(
        {
            "order_id": "so-00004",
            "customer_id": "cus-0022",
            "hub_id": "hub-canal",
            "status": "completed",
            "total_minor": 32980,
            "currency": "CNY",
            "note": "",
        }
    )


def test_sources_are_read_line_by_line_with_hubs_articles_and_supplies() -> None:
    company = company_now(MISSING)
    short = [o.id for o in company.records.orders.values() if company.oms.stock.is_hopeless(o)]
    with cassette("sources", MISSING) as outside, outside.reads.bound():
        found = sources([*short[:1], "nothing"])
    [order] = found
    assert order.order_id == short[0]
    assert [asdict(each) for each in order.short] == snapshot(
        [
            {
                "line_id": "1",
                "sku": "batteries",
                "quantity": 1,
                "price_minor": 1990,
                "short": True,
                "spares": (
                    {
                        "hub_id": "hub-canal",
                        "units": 3,
                        "position": {"lat": 30.276, "lon": 120.148},
                    },
                    {
                        "hub_id": "hub-willow",
                        "units": 3,
                        "position": {"lat": 30.268, "lon": 120.119},
                    },
                ),
                "swaps": (),
                "due": {"at_us": 1784026800000000, "units": 3},
            },
            {
                "line_id": "2",
                "sku": "oranges",
                "quantity": 1,
                "price_minor": 2190,
                "short": True,
                "spares": (
                    {
                        "hub_id": "hub-canal",
                        "units": 3,
                        "position": {"lat": 30.276, "lon": 120.148},
                    },
                    {
                        "hub_id": "hub-willow",
                        "units": 3,
                        "position": {"lat": 30.268, "lon": 120.119},
                    },
                ),
                "swaps": ({"sku": "milk-1l", "units": 3, "price_minor": 1590},),
                "due": {"at_us": 1784026800000000, "units": 3},
            },
        ]
    )
    assert all(line.spares for line in order.lines if not line.short)


def test_customers_are_read_without_name_and_phone() -> None:
    with cassette("customers") as outside, outside.reads.bound():
        found = customers(["cus-0001", "cus-0002"])
    assert [asdict(each) for each in found] == snapshot(
        [
            {
                "customer_id": "cus-0001",
                "tier": "standard",
                "orders": 102,
                "late_orders": 3,
                "refunds": 1,
            },
            {
                "customer_id": "cus-0002",
                "tier": "gold",
                "orders": 105,
                "late_orders": 11,
                "refunds": 4,
            },
        ]
    )


def test_reading_no_orders_asks_nobody() -> None:
    with Connections(()).bound():
        assert orders([]) == []


def test_a_read_tool_reaches_nothing_that_was_not_bound() -> None:
    with Connections(()).bound(), pytest.raises(NotConnected, match="weather"):
        forecast("hub-north", 30.29, 120.13)


Answer = Callable[[httpx.Request], httpx.Response]


def answering(system: str, answer: Answer) -> Connections:
    return Connections(
        [Connection(system, "http://outside")], transport=lambda _: httpx.MockTransport(answer)
    )


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({}, "current"),
        ({"current": {"time": "2026-07-14T10:30", "interval": 900}}, "current.precipitation"),
        (
            {
                "current": {"time": "soon", "interval": 900, "precipitation": 0.0},
                "minutely_15": {"precipitation": [0.0] * 5},
            },
            "is no time",
        ),
        (
            {
                "current": {"time": "2026-07-14T10:30", "interval": 900, "precipitation": 0.0},
                "minutely_15": {"precipitation": [0.0, None, 0.0, 0.0, 0.0]},
            },
            "not complete",
        ),
    ],
)
def test_weather_of_another_shape_fails_instead_of_guessing(
    body: dict[str, Any], problem: str
) -> None:
    outside = answering("weather", lambda _: httpx.Response(200, json=body))
    with outside.bound(), pytest.raises(ReadFailed, match=problem):
        forecast("hub-north", 30.29, 120.13)


def test_many_orders_are_asked_for_in_parts_that_fit_an_address_line() -> None:
    asked: list[int] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(len(request.url.params["ids"].split(",")))
        return httpx.Response(200, json={"orders": []})

    with answering("orders", answer).bound():
        orders([f"so-{number:05d}" for number in range(230)])
    assert asked == [100, 100, 30]
