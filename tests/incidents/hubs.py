"""Hubs for detectors to look at, with the reference policy."""

from __future__ import annotations

import random
from typing import Any, Final, cast

from ruamel.yaml import YAML

from makegood.clock import HOUR, MINUTE
from makegood.domain.entities import Courier, FulfilmentOrder, Hub, Reservation, SalesOrder
from makegood.domain.geo import Point
from makegood.domain.policy import Detection
from makegood.domain.statuses import (
    CourierStatus,
    FulfilmentStatus,
    HubStatus,
    ReservationStatus,
    SalesOrderStatus,
)
from makegood.incidents.view import HubView
from tests.conftest import NOW_US, ROOT

HOME: Final = Point(30.25, 120.17)
KM: Final = 1 / 111.195
"""A kilometre north, in degrees of latitude."""

POLICY: Final = Detection.model_validate(
    cast("Any", YAML(typ="safe")).load(ROOT / "policies" / "detection.yaml")
)


def place(north_km: float = 0.0) -> Point:
    return Point(HOME.lat + north_km * KM, HOME.lon)


def hub(
    rain: float | None = 0.0, ahead: float | None = 0.0, *, seen_us: int | None = NOW_US
) -> Hub:
    return Hub(
        id="west",
        hub_id="west",
        status=HubStatus.OPEN,
        position=HOME,
        rain_mm_h=rain,
        rain_forecast_mm_h=ahead,
        rain_seen_us=seen_us,
    )


def order(
    number: int,
    *,
    km: float = 1.0,
    promised_in: int | None = 40,
    courier: str | None = None,
    ready_in: int = 0,
    picked_up: bool = False,
) -> FulfilmentOrder:
    """A delivery `km` north of the hub; times are minutes from now."""
    status = FulfilmentStatus.ASSIGNED if courier else FulfilmentStatus.CREATED
    return FulfilmentOrder(
        id=f"f{number:05d}",
        hub_id="west",
        status=FulfilmentStatus.PICKED_UP if picked_up else status,
        order_id=f"s{number:05d}",
        pick_up=HOME,
        drop_off=place(km),
        courier_id=courier,
        created_us=NOW_US - 5 * MINUTE,
        ready_us=NOW_US + ready_in * MINUTE,
        promised_us=None if promised_in is None else NOW_US + promised_in * MINUTE,
        picked_up_us=NOW_US - number if picked_up else None,
    )


def courier(number: int, *, capacity: int = 3, ends_in: int | None = None) -> Courier:
    return Courier(
        id=f"c{number}",
        hub_id="west",
        status=CourierStatus.ON,
        vehicle="e_bike",
        capacity=capacity,
        position=HOME,
        position_us=NOW_US,
        shift_ends_us=None if ends_in is None else NOW_US + ends_in * MINUTE,
    )


def unreserved(
    number: int,
    *,
    minutes_ago: int = 10,
    captured: int = 1990,
    refunded: int = 0,
    status: SalesOrderStatus = SalesOrderStatus.PLACED,
) -> tuple[Reservation, SalesOrder]:
    at_us = NOW_US - minutes_ago * MINUTE
    sale = SalesOrder(
        id=f"s{number:05d}",
        hub_id="west",
        status=status,
        currency="EUR",
        captured_minor=captured,
        refunded_minor=refunded,
        placed_us=at_us - HOUR,
        paid_us=at_us - HOUR,
    )
    failed = Reservation(
        id=f"r{number}",
        hub_id="west",
        status=ReservationStatus.FAILED,
        order_id=sale.id,
        failed_us=at_us,
    )
    return failed, sale


def crowd(orders: int, couriers: int, seed: int = 7) -> HubView:
    """A hub with many deliveries, most of them with a courier."""
    luck = random.Random(seed)
    return HubView(
        hub=hub(20.0, 20.0),
        fulfilments=tuple(
            order(
                number,
                km=luck.uniform(0.2, 6.0),
                promised_in=luck.randint(-5, 60),
                courier=f"c{luck.randrange(couriers)}" if luck.randrange(5) else None,
                ready_in=luck.randint(-20, 20),
                picked_up=False,
            )
            for number in range(orders)
        ),
        couriers=tuple(courier(number) for number in range(couriers)),
        arrivals=orders // 4,
    )
