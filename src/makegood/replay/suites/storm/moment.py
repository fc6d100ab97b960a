"""A glance at the city at the storm's moment: how many are endangered, who has room, what flies.

Endangered is what Makegood's own forecast calls so: expected later than the promise less the
policy's margin, as things stand.
"""

from __future__ import annotations

from collections import defaultdict

from pydantic import BaseModel, ConfigDict

from makegood.clock import HOUR, MINUTE
from makegood.domain.conditions import Conditions, Rain
from makegood.domain.entities import Courier, FulfilmentOrder
from makegood.domain.forecast import CourierLoad, foresee
from makegood.domain.policy import Policies
from makegood.domain.statuses import CourierStatus, FulfilmentStatus
from makegood.replay.company import Company
from makegood.replay.company.city import DistrictLife
from makegood.replay.company.city.draw import DRONE
from makegood.replay.company.model import CourierStatus as Doing
from makegood.replay.company.model import Fulfilment
from makegood.replay.company.model import FulfilmentStatus as State
from makegood.replay.company.weather import QUARTER

_OPEN = (State.CREATED, State.READY, State.PICKED_UP)
_NORMAL_LOAD = 2


class Glance(BaseModel):
    """What stands at the moment; `drone_fits` are endangered orders that a drone may carry."""

    model_config = ConfigDict(frozen=True)

    open_orders: int
    endangered: int
    riders_with_room: int
    drone_fits: int
    rain_mm_h: float


def glance(company: Company, life: DistrictLife, policies: Policies) -> Glance:
    """Look at a city that has come to an instant."""
    now_us = company.now_us
    open_ones = [each for each in company.records.fulfilments.values() if each.status in _OPEN]
    expected = _expected(company, life, policies, open_ones)
    margin_us = policies.detection.weather.margin_minutes * MINUTE
    endangered = [each for each in open_ones if expected[each.id] > each.promised_us - margin_us]
    return Glance(
        open_orders=len(open_ones),
        endangered=len(endangered),
        riders_with_room=sum(each.load + _NORMAL_LOAD <= each.capacity for each in life.riders()),
        drone_fits=sum(_fits(life, each) for each in endangered),
        rain_mm_h=round(life.script.sky.curve.rate(now_us), 1),
    )


def _fits(life: DistrictLife, delivery: Fulfilment) -> bool:
    drones = life.script.params.drones
    light = delivery.load <= drones.capacity and delivery.hub_id == drones.dock
    return light and delivery.status is not State.PICKED_UP and life.ways.in_range(delivery)


def _expected(
    company: Company, life: DistrictLife, policies: Policies, open_ones: list[Fulfilment]
) -> dict[str, int]:
    """Return when each delivery arrives, by the forecast that Makegood makes too."""
    now_us = company.now_us
    held: dict[str | None, list[FulfilmentOrder]] = defaultdict(list)
    for each in open_ones:
        held[each.courier_id].append(_order(company, each))
    here: list[CourierLoad] = []
    lost: list[CourierLoad] = []
    for courier in company.records.couriers.values():
        if courier.vehicle == DRONE or courier.status is Doing.OFF:
            continue
        known = Courier(
            id=courier.id,
            status=CourierStatus.ON,
            vehicle=courier.vehicle,
            capacity=courier.capacity,
            position=life.place_of(courier),
            position_us=now_us,
        )
        load = CourierLoad(known, tuple(held.pop(courier.id, ())))
        (lost if courier.status is Doing.SHELTERING else here).append(load)
    waiting = [order for orders in held.values() for order in orders]
    place, sky = life.script.district.position, life.script.sky.as_seen(now_us)
    quarters = tuple(
        sky.fallen_mm(place, end_us, QUARTER) * HOUR / QUARTER
        for end_us in range(now_us + QUARTER, now_us + HOUR + 1, QUARTER)
    )
    conditions = Conditions(place, Rain(now_us, quarters), policies.detection.travel, now_us)
    return dict(foresee(here, waiting, conditions, lost).arrives_us)


def _order(company: Company, delivery: Fulfilment) -> FulfilmentOrder:
    return FulfilmentOrder(
        id=delivery.id,
        status=FulfilmentStatus.ASSIGNED,
        order_id=delivery.order_id,
        pick_up=company.records.hub(delivery.hub_id).position,
        drop_off=delivery.drop_off,
        courier_id=delivery.courier_id,
        load=delivery.load,
        ready_us=delivery.ready_us,
        promised_us=delivery.promised_us,
        picked_up_us=delivery.picked_up_us,
        created_us=delivery.created_us,
    )
